"""Choose and order the targets of a status to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.expressions import Expression, MatchBudget, compile_expression
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.status.snapshot import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynamic_dynamodb.service.status.snapshot import TargetStatus

_GOOD_NAME: Final = "use a name such as orders or orders/by-customer, or an expression such as '^prod-'"


def order(targets: Iterable[TargetStatus]) -> list[TargetStatus]:
    """Return the worst targets first; of the same condition, those that consume the largest share."""
    return sorted(targets, key=_by_severity)


def _by_severity(target: TargetStatus) -> tuple[int, float, Target]:
    consumed = max((side.consumed_percent or 0 for _, side in target.capacities), default=0)
    return SEVERITY[target.condition], -consumed, target.target


def select(
    targets: Sequence[TargetStatus], names: Sequence[str], places: Iterable[str] = ()
) -> tuple[list[TargetStatus], list[str]]:
    """Return the targets that any of the names chooses, and a sentence for each name that chooses none.

    Without names, all are returned.

    The name of an index chooses it, and that of a table also its indexes; of several places, in all of them,
    or in those whose name, account or region stands before it with a space. The name of a place, an account
    or a region chooses what is there. Anything else is an expression that is matched with `TABLE` or
    `TABLE/INDEX` from the start, as those of sections are, also with the place before it. Raises
    ConfigurationError if it is neither.
    """
    if not names:
        return [*targets], []
    known, places = {one.target for one in targets}, [*places]
    budget = MatchBudget()
    chosen: set[Target] = set()
    missing: list[str] = []
    for name in names:
        found = (
            _find_named(name, known) or _find_in_places(name, known) or _find_matching(name, known, budget)
        )
        chosen |= found
        if not found and name in places:
            missing.append(f"no table or index is known in {shorten(name)}")
        elif not found:
            written = {*places, *map(str, known), *(str(_strip(one)) for one in known)}
            meant = suggest(name, sorted(written))
            missing.append(f"no table or index is named {shorten(name)}{f': {meant}' if meant else ''}")
    return [one for one in targets if one.target in chosen], missing


def _find_named(name: str, known: Iterable[Target]) -> set[Target]:
    in_place = {one for one in known if one.place and one.place == name}
    try:
        meant = Target.parse(name)
    except ValueError:
        return in_place
    return in_place | {
        one
        for one in known
        if (not meant.place or _is_part(meant.place, one.place))
        and one.table == meant.table
        and meant.index in ("", one.index)
    }


def _find_in_places(name: str, known: Iterable[Target]) -> set[Target]:
    return {one for one in known if _is_part(name, one.place)}


def _is_part(name: str, place: str) -> bool:
    """Return whether this is the account or the region of a place, or its whole name."""
    return bool(place) and name in (place, *place.split("/"))


def _strip(target: Target) -> Target:
    """Return the target without its place."""
    return target._replace(place="")


def _compile(name: str) -> Expression:
    try:
        return compile_expression(name)
    except ValueError as error:
        fault = f"{shorten(name)} is not a valid regular expression: {error}: {_GOOD_NAME}"
        raise ConfigurationError((fault,), "the command line") from error


def _find_matching(name: str, known: Iterable[Target], budget: MatchBudget) -> set[Target]:
    expression = _compile(name)
    return {
        one
        for one in known
        if budget.matches(expression, str(_strip(one)))
        or (one.place and budget.matches(expression, str(one)))
    }
