"""Read, extend and write the CSV file of a recording without losing anything in it."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta, timezone
from typing import IO, TYPE_CHECKING, Final

from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.replay.recordings.files import RecordingError, read_lines
from dynamic_dynamodb.replay.recordings.rows import (
    COLUMNS,
    GOOD_HEADER,
    MOST_UNITS,
    format_minute,
    read_number,
    read_stamp,
)
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.scaling.usage import Datapoints

OVERLAP: Final = timedelta(minutes=15)
"""The last part of a recording is fetched again, because CloudWatch may have corrected it."""
CURRENT: Final = 2 * OVERLAP
"""A file that lacks nothing before this is not fetched again: a run that was stopped has just written it."""
_TIMESTAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
_BLANK: Final = "," * (len(COLUMNS) - 1)

Minutes = dict[int, str]
"""The text of each row after its timestamp, by minute since 1970."""


def read_history(file: IO[str]) -> Minutes:
    """Return the rows of a file to continue; raise RecordingError if anything in it would be lost."""
    lines = csv.reader(read_lines(file))
    try:
        header = [name.strip() for name in next(lines, [])]
        if sorted(header) != sorted(("timestamp", *COLUMNS)):
            raise RecordingError(f"does not have the header {GOOD_HEADER}: move it away")
        at, places = header.index("timestamp"), [header.index(name) for name in COLUMNS]
        rows: Minutes = {}
        for fields in filter(None, lines):
            try:
                stamp, row = read_stamp(fields[at]), _read_fields(fields, places)
            except (ValueError, IndexError) as error:
                shown = shorten(",".join(fields))
                if next(lines, None) is None:
                    raise RecordingError(f"ends with an incomplete line, {shown}: delete that line") from None
                raise RecordingError(f"has an invalid line, {shown}: {error}") from None
            if rows.setdefault(stamp, row) != row:
                raise RecordingError(f"has two rows for {format_minute(stamp)}: keep one")
    except csv.Error as error:
        raise RecordingError(f"is not CSV: {error}") from None
    return rows


def _read_fields(fields: list[str], places: list[int]) -> str:
    if len(fields) != len(places) + 1:
        raise ValueError("it does not have as many fields as the header")
    texts = [fields[place].strip() for place in places]
    for text in texts:
        read_number(text)
    return ",".join(texts)


def find_first_missing(rows: Minutes, start: datetime, end: datetime, earliest: datetime) -> datetime:
    """Return where to start fetching: at `start`, or at the first minute missing from a longer file.

    The last minutes with data are fetched again, with the blank ones after them: CloudWatch may not have
    published them yet. Nothing before `earliest` is fetched.
    """
    first = min(rows, default=None)
    if first is None or first > _to_stamp(start):
        return start
    until = _to_stamp(end)
    possible = range(max(first, _to_stamp(earliest)), until)
    missing = next((stamp for stamp in possible if stamp not in rows), until)
    last = max((stamp for stamp, row in rows.items() if row != _BLANK), default=first)
    again = min(last, until) - OVERLAP // MINUTE
    return max(_to_moment(min(missing, again)), earliest)


def merge(rows: Minutes, series: Mapping[str, Datapoints], start: datetime, end: datetime) -> Minutes:
    """Return the rows with one added for each minute `start` <= minute < `end`.

    A fetched value replaces an earlier one; a missing value does not.
    Raises RecordingError for a value that is not a number of units.
    """
    columns = [series[name] for name in COLUMNS]
    merged = dict(rows)
    for stamp in range(_to_stamp(start), _to_stamp(end)):
        moment = _to_moment(stamp)
        fields = [_write_number(column.get(moment)) for column in columns]
        if stamp in rows:
            fields = [new or old for new, old in zip(fields, rows[stamp].split(","), strict=True)]
        merged[stamp] = ",".join(fields)
    return merged


def write_history(rows: Minutes) -> Iterator[str]:
    """Yield the lines of a file, in order of time."""
    yield f"{GOOD_HEADER}\n"
    for stamp, row in sorted(rows.items()):
        yield f"{_to_moment(stamp).strftime(_TIMESTAMP)},{row}\n"


def _to_stamp(moment: datetime) -> int:
    return int(moment.timestamp()) // SECONDS_PER_MINUTE


def _to_moment(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp * SECONDS_PER_MINUTE, timezone.utc)


def _write_number(number: float | None) -> str:
    if number is None:
        return ""
    if not 0 <= number <= MOST_UNITS:
        raise RecordingError(f"CloudWatch returned {number:g}, which is not a number of units")
    return str(int(number)) if number == int(number) else repr(number)
