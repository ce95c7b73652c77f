"""Show a configuration: all options as JSON, or one target's options with their origins."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.moments import show_moment
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, join
from dynamic_dynamodb.config.sections import describe_slow, match_sections
from dynamic_dynamodb.config.suggestions import find_meant, suggest
from dynamic_dynamodb.config.text import MASK, clip, escape, mask_url, shorten
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import OPTIONS, Group, Kind, Option, Scope, options_in
from dynamic_dynamodb.options.places import LIMIT_OPTIONS
from dynamic_dynamodb.scaling.back_pressure import NOT_SCALED, join_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.schedules import Schedule

_Row: TypeAlias = tuple[str, str, str]
"""An option's name, its value, and where the value comes from."""
UNSET: Final = "-"
_FROM_GLOBAL: Final = "as in [global]"
_SHARED: Final = frozenset(
    option.key
    for option in options_in(Scope.TARGET)
    if option not in LIMIT_OPTIONS and option.key in {one.key for one in options_in(Scope.GLOBAL)}
)
"""The options that a section takes from [global] if it does not set them."""
WIDEST_VALUE_CHARACTERS: Final = 20
"""Longer values overflow their column, so that the table fits on a screen."""
_SECRETS: Final = frozenset(option.key for option in OPTIONS if option.is_secret)
_URLS: Final = frozenset(option.key for option in OPTIONS if option.kind is Kind.URL)
_NOT_SHOWN: Final = frozenset(
    option.key
    for option in OPTIONS
    if option.name == "table-name"
    or (option.group in (Group.COMMANDS, Group.REPLAY) and option.name != "show-config")
)
"""Flags that do not affect how the program runs; `show_config` stays because 2.5.1 showed it."""


def render_configuration(configuration: Configuration) -> str:
    """Return the configuration as JSON, secrets masked, tables in the order in which they are matched."""
    schedules = {
        one.name: {"times": one.times, "time_zone": one.zone, "return_at_once": one.returns_at_once}
        for one in configuration.schedules
    }
    places = configuration.places
    has_places = any(place.label or place.account for place in places)
    shown = {
        "global": _mask_all(configuration.global_options),
        "logging": _mask_all(configuration.logging_options),
        **({"places": [*map(_render_place, places)]} if has_places else {}),
        "tables": _render_sections(configuration.sections),
        **({"schedules": schedules} if schedules else {}),
    }
    return json.dumps(shown, indent=2)


def _render_place(place: Place) -> dict[str, Any]:
    return {
        "name": place.name,
        "account": place.account or None,
        "region": place.region,
        "role_arn": place.role.arn if place.role else None,
        "external_id": place.role.external_id if place.role else None,
    }


def _render_sections(sections: Iterable[Section], *, have_gsis: bool = True) -> dict[str, Any]:
    """Return sections by their expressions."""
    return _group(
        (
            section.expression.text,
            {
                **_render_section(section),
                **({"gsis": _render_sections(section.gsis, have_gsis=False)} if have_gsis else {}),
            },
        )
        for section in sections
    )


def _render_section(section: Section) -> dict[str, Any]:
    """Return the options of a section, and those of its overlays by the names of their schedules."""
    overlays = section.blueprint.overlays if section.blueprint else ()
    during = _group((one.schedule.name, _mask_all({**one.limits, **one.layer.values})) for one in overlays)
    return {**_mask_all(section.options), **({"during": during} if during else {})}


def _group(named: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Return sections by name; several of one name, which hold in different places, as a list."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for name, shown in named:
        grouped.setdefault(name, []).append(shown)
    return {name: found[0] if len(found) == 1 else found for name, found in grouped.items()}


def _mask_all(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _mask(key, shown) for key, shown in options.items() if key not in _NOT_SHOWN}


def _mask(key: str, shown: Any) -> Any:  # noqa: ANN401 - option dicts hold what JSON holds
    """Return a value, masked if it is a secret or a URL with one."""
    if shown and key in _SECRETS:
        return MASK
    return mask_url(shown) if shown and key in _URLS else shown


def explain(configuration: Configuration, target: Target, now: datetime) -> str:
    """Return the section, others that match too, and a table of options, values and origins at a moment.

    The table begins with what is set; what follows from that, and defaults, come after an empty line each.
    Several places in which the same holds are listed above it. Raises ConfigurationError if the place of the
    target is not scaled, and if there is no table after it.
    """
    places, budget = _select_places(configuration.places, target.place.strip()), MatchBudget()
    if len(places) > 1 and any(str(target) == place.name for place in places):
        fault = f"--explain: {target} is not a table: add one, such as '{target} orders'"
        raise ConfigurationError((fault,))
    found: dict[str, list[Place]] = {}
    for place in places:
        text = _explain(configuration.at_place(place), target._replace(place=""), now, budget)
        found.setdefault(text, []).append(place)
    return "\n\n".join(_add_places(text, own, configuration.places) for text, own in found.items())


def _select_places(places: Sequence[Place], name: str) -> Sequence[Place]:
    """Return the places of this name, account or region, or all if it is empty; raise ConfigurationError."""
    found = [place for place in places if name in ("", place.name, place.account, place.region)]
    if not found:
        names = [place.name for place in places]
        advice = suggest(name, names) or f"choose from {', '.join(names)}"
        raise ConfigurationError((f"--explain: {shorten(name)} is not scaled: {advice}",))
    return found


def _add_places(text: str, places: Sequence[Place], every: Sequence[Place]) -> str:
    """Return what applies in some places, below their names if there are others."""
    if len(every) == 1:
        return text
    names = ", ".join(place.name for place in places)
    return f"In {names if len(places) < len(every) else f'all {len(every)} places'}:\n{text}"


def _explain(configuration: Configuration, target: Target, now: datetime, budget: MatchBudget) -> str:
    matches, name = match_sections(configuration.sections, (target.table,), budget), target.table
    table = matches.sections.get(target.table)
    if table is not None and target.index:
        matches, name = match_sections(table.gsis, (target.index,), budget), target.index
    if name in matches.undecided:
        return f"{target}: {escape(describe_slow(matches.undecided[name]))}"
    chosen = matches.sections.get(name)
    if chosen is None:
        orphans = _list_other_sections(configuration.sections, table, target, budget)
        candidates = table.gsis if table is not None and target.index else configuration.sections
        return "\n".join((_explain_nothing(target, table), *orphans, *_suggest_names(name, candidates)))
    others = matches.doubled.get(name, (chosen,))[1:]
    lines = [f"{target}: [{clip(chosen.title)}]"]
    lines += [f"  [{clip(other.title)}] matches too, but comes later in the file" for other in others]
    lines += [] if target.index else [_explain_indexes(chosen)]
    lines += _explain_overlays(chosen, now)
    return "\n".join((*lines, *_lay_out(_list_options(configuration, chosen.at(now)))))


def _explain_overlays(section: Section, now: datetime) -> Iterator[str]:
    """Yield which overlays of a section are open at a moment, and when each opens or closes next."""
    if section.blueprint is None:
        return
    for overlay in section.blueprint.overlays:
        yield f"  [{clip(overlay.title)}] {describe_schedule(overlay.schedule, now)}"


def describe_schedule(schedule: Schedule, now: datetime) -> str:
    """Return whether a schedule is open at a moment, and when it opens or closes next."""
    change, is_open = schedule.find_next_change(now), schedule.is_open(now)
    state = f"is {'open' if is_open else 'closed'} on {show_moment(now, schedule.zone)}"
    if change is None:
        return f"{state}, and {'never closes' if is_open else 'never opens again'}"
    return f"{state}, and {'closes' if is_open else 'opens'} on {show_moment(change, schedule.zone)}"


def _explain_indexes(table: Section) -> str:
    """Return which of a table's indexes are not scaled, as far as the sections show."""
    titles = join_names([f"[{clip(gsi.title)}]" for gsi in table.gsis])
    others = f"that match none of {titles}" if titles else "(no section matches them)"
    return f"  its indexes {others} are {NOT_SCALED}"


def _explain_nothing(target: Target, table: Section | None) -> str:
    if target.index and table is not None:
        return f"{target}: no section matches this index, so it is {NOT_SCALED}"
    what = "the table of this index" if target.index else "this table"
    return f"{target}: no section matches {what}, so it is left alone"


def _suggest_names(name: str, sections: Sequence[Section]) -> Iterator[str]:
    """Yield the sections of names that are near to a name without a section."""
    by_name = {section.plain_name: section for section in sections if section.plain_name}
    for near in find_meant(name, by_name):
        yield f"  did you mean {near}, for which there is [{clip(by_name[near].title)}]?"


def _list_other_sections(
    sections: Sequence[Section], table: Section | None, target: Target, budget: MatchBudget
) -> Iterator[str]:
    """Yield sections that match the index, but whose table belongs to another section."""
    if table is None or not target.index:
        return
    for section in sections:
        if section is not table and budget.matches(section.expression, target.table):
            for gsi in section.gsis:
                if budget.matches(gsi.expression, target.index):
                    yield f"  [{clip(gsi.title)}] matches, but its table belongs to [{clip(table.title)}]"


def _list_options(configuration: Configuration, section: Section) -> Sequence[Sequence[_Row]]:
    """Return the options that are set, those whose values follow from others, and those with defaults."""
    origins = section.origins
    default = join(Scope.GLOBAL).values
    rows: tuple[list[_Row], list[_Row], list[_Row]] = ([], [], [])
    for option in options_in(Scope.TARGET):
        shown, origin = _find(option, section.options, origins, configuration.global_options)
        is_set = origins.get(option.key, DEFAULT_ORIGIN) != DEFAULT_ORIGIN
        if origin == _FROM_GLOBAL:
            follows = configuration.global_options[option.key] != default[option.key]
        else:
            source = _key(option.falls_back_to)
            follows = bool(source) and origins.get(source, DEFAULT_ORIGIN) != DEFAULT_ORIGIN
        rows[0 if is_set else 1 if follows else 2].append((option.name, shown, origin))
    return rows


def _find(
    option: Option,
    options: Mapping[str, Any],
    origins: Mapping[str, str],
    global_options: Mapping[str, Any],
) -> tuple[str, str]:
    """Return a value as text, and its origin; an unset option may take the value of another."""
    held = options[option.key]
    if held is None and option.falls_back_to:
        return _show(option, options[_key(option.falls_back_to)]), f"as {option.falls_back_to}"
    origin = origins.get(option.key, DEFAULT_ORIGIN)
    has_own_breaker = option.name.startswith("circuit-breaker") and options["circuit_breaker_url"]
    if option.key in _SHARED and origin == DEFAULT_ORIGIN and not has_own_breaker:
        return _show(option, global_options[option.key]), _FROM_GLOBAL
    return _show(option, held), origin


def _show(option: Option, held: Any) -> str:  # noqa: ANN401 - option dicts hold what JSON holds
    if held is None or held == []:
        return UNSET
    if isinstance(held, (list, tuple)):
        return escape(", ".join(held))
    if isinstance(held, bool):
        return json.dumps(held)
    shown = f"{held:g}" if isinstance(held, float) else _mask(option.key, held)
    return escape(f"{shown} {option.unit}".strip())


def _key(name: str) -> str:
    return name.replace("-", "_")


def _lay_out(groups: Sequence[Sequence[_Row]]) -> Iterator[str]:
    """Yield the rows of all groups in columns of equal width, with an empty line between groups."""
    head = ("option", "value", "from")
    table = [head, *chain(*groups)]
    name_width = max(len(name) for name, _, _ in table)
    value_width = min(max(len(shown) for _, shown, _ in table), WIDEST_VALUE_CHARACTERS)
    for number, group in enumerate(group for group in groups if group):
        yield from ("",) if number else ()
        for name, shown, origin in group if number else (head, *group):
            yield f"  {name:{name_width}}  {shown:{value_width}}  {origin}"
