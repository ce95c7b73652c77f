"""Read the rows of a CSV file, in order of time."""

from __future__ import annotations

import csv
import re
from array import array
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from math import nan
from typing import IO, Final

from dynamic_dynamodb.aws.metrics import METRICS
from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.replay.recordings.files import LONGEST_DAYS, RecordingError, read_lines
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.usage import MINUTE

Column = array  # of "d": numbers by minute, eight bytes each, so that a year of them is small
COLUMNS: Final = tuple(METRICS)
"""The columns of a file, after `timestamp`."""
SUMS: Final = tuple(column for column, metric in METRICS.items() if metric.statistic == "Sum")
"""The columns that hold a Sum over the minutes of a row; the others hold levels."""
MOST_UNITS: Final = 1e15
GOOD_HEADER: Final = ",".join(("timestamp", *COLUMNS))
GOOD_TIMESTAMP: Final = "2026-03-01T00:00:00Z"
EPOCH: Final = datetime.fromtimestamp(0, timezone.utc)
_SECONDS_SINCE_1970: Final = re.compile(r"\d{9,10}(\.\d+)?")
"""The years 1973 to 2286."""
_UTC_TIMES: Final = (
    datetime.min.replace(tzinfo=timezone.utc) + timedelta(days=LONGEST_DAYS),
    datetime.max.replace(tzinfo=timezone.utc) - timedelta(days=LONGEST_DAYS),
)
"""The range in which a recording of the longest length stays within what datetime can hold."""


@dataclass(slots=True)
class Rows:
    """The rows of a file: their minutes since 1970, in order, and their columns; NaN is a blank field."""

    stamps: array[int]
    columns: dict[str, Column[float]]

    def select(self, places: range | list[int]) -> Rows:
        """Return the rows at these places, in this order."""
        columns = {
            name: array("d", [column[place] for place in places]) for name, column in self.columns.items()
        }
        return Rows(array("q", [self.stamps[place] for place in places]), columns)


def read_rows(file: IO[str]) -> Rows:
    """Return the rows of a CSV file; raise RecordingError."""
    try:
        return _sort(_read_csv(file))
    except csv.Error as error:
        raise RecordingError(f"is not CSV: {error}") from None


def _sort(rows: Rows) -> Rows:
    stamps = rows.stamps
    if all(first < second for first, second in pairwise(stamps)):
        return rows
    ordered = rows.select(sorted(range(len(stamps)), key=stamps.__getitem__))
    for first, second in pairwise(ordered.stamps):
        if first == second:
            raise RecordingError(f"has two rows for {format_minute(first)}: keep one")
    return ordered


def _read_csv(file: IO[str]) -> Rows:
    lines = csv.reader(read_lines(file))
    header = [name.strip() for name in next(lines, [])]
    known = [(place, name) for place, name in enumerate(header) if name in COLUMNS]
    _refuse_rates(header)
    if "timestamp" not in header or not any("consumed" in name for _, name in known):
        raise RecordingError(
            f"does not have the header of a recording: {GOOD_HEADER} (consumed_reads alone is enough)"
        )
    if len(set(header)) < len(header):
        raise RecordingError("has a duplicate column")
    rows = Rows(array("q"), {name: array("d") for _, name in known})
    sinks = [(place, rows.columns[name].append) for place, name in known]
    at, width = header.index("timestamp"), len(header)
    try:
        for fields in lines:
            if fields:
                if len(fields) != width:
                    _check_width(fields, width, lines.line_num)
                rows.stamps.append(read_stamp(fields[at]))
                for place, keep in sinks:
                    keep(read_number(fields[place]))
    except (RecordingError, UnicodeDecodeError):
        raise
    except (ValueError, csv.Error) as error:
        raise RecordingError(f"line {lines.line_num}: {error}") from None
    return rows


def _refuse_rates(header: list[str]) -> None:
    """Refuse a column that is named almost like one of Sums: it would be ignored, and read as no load."""
    for column in SUMS:
        near = next((name for name in header if name.lower().startswith(column)), None)
        if near is not None and column not in header:
            raise RecordingError(
                f"has a column {shorten(near)}: rename it to {column} if it holds a Sum over each row's"
                " minutes; rates and averages cannot be used"
            )


def _check_width(fields: list[str], width: int, line: int) -> None:
    if len(fields) < width:
        raise RecordingError(f"line {line} has fewer fields than the header")
    if any(map(str.strip, fields[width:])):
        shown = shorten(",".join(fields))
        raise RecordingError(
            f"line {line} has more fields than the header: {shown}; are there commas in numbers?"
        )


def read_stamp(text: str) -> int:
    """Return the minute since 1970 of a timestamp, which is UTC if it has no offset; raise ValueError.

    Seconds since 1970, which version 1 of the AWS CLI prints, are accepted too.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        earliest, latest = _UTC_TIMES
        if earliest <= moment <= latest:
            return (moment - EPOCH) // MINUTE
    except (ValueError, OverflowError):
        if _SECONDS_SINCE_1970.fullmatch(text.strip()):
            return int(float(text)) // SECONDS_PER_MINUTE
    message = f"{shorten(text)} is not a timestamp such as {GOOD_TIMESTAMP}"
    raise ValueError(message)


def read_number(text: str) -> float:
    """Return a number of units, NaN for a blank; raise ValueError."""
    if not text:
        return nan
    try:
        number = float(text)
    except ValueError:
        if not text.strip():
            return nan
        number = nan
    if not 0 <= number <= MOST_UNITS:
        message = f"{shorten(text)} is not a number of units, 0 or more"
        raise ValueError(message)
    return number


def format_minute(stamp: int) -> str:
    """Return a minute since 1970 as text."""
    return f"{datetime.fromtimestamp(stamp * SECONDS_PER_MINUTE, timezone.utc):%Y-%m-%dT%H:%MZ}"
