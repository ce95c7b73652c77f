"""Say which limits a new configuration lowers: a half-written file may, without a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.values import clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.config.sections import Section

MOST_NAMED: Final = 5


def describe_lowered_limits(old: Sequence[Section], new: Sequence[Section]) -> str:
    """Return what is lower or gone: sections, minimums and maximums; an empty text if nothing is."""
    found = list(_find_lowered(old, new))
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return "; ".join(found[:MOST_NAMED]) + more


def _find_lowered(old: Sequence[Section], new: Sequence[Section]) -> Iterator[str]:
    after = {section.title: section for section in _flatten(new)}
    for before in _flatten(old):
        title = f"[{clip(before.title)}]"
        if before.title not in after:
            yield f"{title} is gone"
            continue
        for option in (
            "min-provisioned-reads",
            "max-provisioned-reads",
            "min-provisioned-writes",
            "max-provisioned-writes",
        ):
            key = option.replace("-", "_")
            was, is_now = before.options[key], after[before.title].options[key]
            if was is not None and (is_now is None or is_now < was):
                yield f"{title} {option} {was} -> {'none' if is_now is None else is_now}"


def _flatten(sections: Sequence[Section]) -> list[Section]:
    return [one for section in sections for one in (section, *section.gsis)]
