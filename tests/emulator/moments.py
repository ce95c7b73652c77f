"""Points in time as the protocols and the control methods give them, and the emulator's clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache

Moment = datetime | str | int | float

UTC = timezone.utc
MINUTE = 60


def as_datetime(value: Moment) -> datetime:
    """Read an aware datetime from a datetime, an ISO 8601 string or seconds since 1970; naive means UTC."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        # Python 3.10 does not read the Z suffix.
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def as_epoch(value: Moment) -> float:
    """Count the seconds since 1970 of any accepted form of a moment."""
    return as_datetime(value).timestamp()


@lru_cache(maxsize=100_000)
def from_epoch(seconds: int) -> datetime:
    """Turn whole seconds since 1970 into a datetime; cached because metrics repeat the same minutes."""
    return datetime.fromtimestamp(seconds, UTC)


def floor_minute(seconds: float) -> int:
    """Round seconds since 1970 down to the start of their minute."""
    return int(seconds // MINUTE) * MINUTE


class Clock:
    """The emulator's clock: the real time, shifted when a test sets it."""

    def __init__(self) -> None:
        self._shift = timedelta(0)

    def now(self) -> datetime:
        """Return the emulator's time in UTC."""
        return datetime.now(UTC) + self._shift

    def set(self, moment: datetime) -> None:
        """Set the clock to this moment; time goes on from there."""
        self._shift = moment - datetime.now(UTC)
