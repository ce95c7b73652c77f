"""Parse time zones and moments, and show moments by the clock of a zone."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.options.schedules import GOOD_ZONE
from dynamic_dynamodb.scaling.schedules import UTC, Zone
from dynamic_dynamodb.scaling.times import KNOWN_YEARS

if TYPE_CHECKING:
    from collections.abc import Iterable

GOOD_MOMENT: Final = f"2026-12-24 18:00 {GOOD_ZONE}"
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?:\s*(Z|[A-Za-z]\S*))?", re.ASCII)


def parse_zone(text: str) -> Zone:
    """Return the time zone of a name; raise ValueError with the nearest name that exists."""
    if text in ("", "UTC", "Z"):
        return UTC
    try:
        return Zone(text, ZoneInfo(text))
    except (LookupError, ValueError, OSError):  # the last is for a directory such as Europe
        known = available_timezones()
        nearest = _suggest_zone(text, known) if known else "install the Python package tzdata"
        message = f"must be an IANA time zone such as {GOOD_ZONE}, got {shorten(text)}"
        raise ValueError(f"{message}: {nearest}" if nearest else message) from None


def _suggest_zone(text: str, known: Iterable[str]) -> str:
    """Return `did you mean …?` with the zone of a misspelt name, or of a city alone; empty if none."""
    cities = {name.rpartition("/")[2].lower(): name for name in sorted(known) if "/" in name}
    city = text.rpartition("/")[2].strip().replace(" ", "_").lower()
    if city in cities:
        return f"did you mean {cities[city]}?"
    return suggest(text, known)


def parse_moment(text: str) -> datetime | None:
    """Return a moment in UTC; raise ValueError."""
    if not text:
        return None
    message = f"must be a date and a time such as '{GOOD_MOMENT}', got {shorten(text)}"
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(message)
    try:
        shown = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        raise ValueError(message) from None
    if shown.year not in KNOWN_YEARS:
        raise ValueError(message)
    return shown.replace(tzinfo=parse_zone(match[3] or "").info).astimezone(timezone.utc)


def show_moment(moment: datetime, zone: Zone) -> str:
    """Return a moment by the clock of a zone, such as `Fri 2026-11-27 07:30 Europe/Berlin`."""
    return f"{moment.astimezone(zone.info):%a %Y-%m-%d %H:%M} {zone}"
