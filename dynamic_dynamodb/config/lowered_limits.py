"""Compare two configurations: which places and sections a reload removes, and which limits it lowers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.sections import MOST_NAMED
from dynamic_dynamodb.config.text import clip, enumerate_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sections import Section

_LIMITS: Final = (
    "min-provisioned-reads",
    "max-provisioned-reads",
    "min-provisioned-writes",
    "max-provisioned-writes",
)


def describe_lowered_limits(old: Configuration, new: Configuration) -> str:
    """Return the places and sections that are gone, and the limits that are lower.

    Returns an empty text if there are none. A file that is still being written may lower limits, which is
    no fault.
    """
    found = [*_find_all(old, new)]
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return "; ".join(found[:MOST_NAMED]) + more


def _find_all(old: Configuration, new: Configuration) -> Iterator[str]:
    pairs = _pair_places(old.places, new.places)
    yield from (f"{place.name} is gone" for place, after in pairs if after is None)
    found: dict[str, list[str]] = {}
    kept = [(place, after) for place, after in pairs if after is not None]
    for place, after in kept:
        for sentence in _find_lowered(old.sections_in(place), new.sections_in(after)):
            found.setdefault(sentence, []).append(after.name)
    for sentence, names in found.items():
        yield sentence if len(names) == len(kept) else f"{sentence} in {enumerate_names(names)}"


def _pair_places(old: Sequence[Place], new: Sequence[Place]) -> list[tuple[Place, Place | None]]:
    """Return each old place with what it is called now; with None if it is no longer scaled."""
    if len(old) == len(new) == 1 and not (old[0].account or new[0].account):
        return [(old[0], new[0])]  # the region is another on purpose
    after = {place.owned: place for place in new}
    return [(place, after.get(place.owned)) for place in old]


def _find_lowered(old: Sequence[Section], new: Sequence[Section]) -> Iterator[str]:
    after = dict(_list_limits(new))
    for name, limits in _list_limits(old):
        title = f"[{clip(name)}]"
        if name not in after:
            yield f"{title} is gone"
            continue
        for option in _LIMITS:
            key = option.replace("-", "_")
            was, is_now = limits.get(key), after[name].get(key)
            if was is not None and (is_now is None or is_now < was):
                yield f"{title} {option} {was} -> {'none' if is_now is None else is_now}"


def _list_limits(sections: Sequence[Section]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the title and the options of each section and overlay: a schedule that closes changes none."""
    for table in sections:
        for section in (table, *table.gsis):
            yield section.title, section.options
            for overlay in section.blueprint.overlays if section.blueprint else ():
                yield overlay.title, overlay.layer.values
