"""Read recordings: our own CSV, gzip, and what `aws cloudwatch get-metric-data` prints."""

from __future__ import annotations

import csv
import gzip
import json
from array import array
from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import reduce
from itertools import pairwise
from math import gcd, isnan, nan
from typing import IO, TYPE_CHECKING, Any, Final

from dynamic_dynamodb.core.model import PerCapacity
from dynamic_dynamodb.core.usage import SECONDS_PER_MINUTE
from dynamic_dynamodb.replay.recording import (
    COLUMNS,
    MINUTES_PER_DAY,
    Recording,
    Rows,
    SideRecording,
    find_gaps,
    hold,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dynamic_dynamodb.core.model import Target
    from dynamic_dynamodb.options import Capacity

LONGEST_PERIOD_MINUTES: Final = 30
LONGEST_DAYS: Final = 5 * 366
MOST_UNITS: Final = 1e15
LEAST_SHARE: Final = 0.1
ALMOST_ALL: Final = 0.95
"""How much of a file two distances between rows must make up to be two periods."""
GOOD_HEADER: Final = ",".join(("timestamp", *COLUMNS))
GOOD_TIMESTAMP: Final = "2026-03-01T00:00:00Z"
METRICS: Final = {
    "ConsumedReadCapacityUnits": "consumed_reads",
    "ConsumedWriteCapacityUnits": "consumed_writes",
    "ReadThrottleEvents": "throttled_reads",
    "WriteThrottleEvents": "throttled_writes",
    "ProvisionedReadCapacityUnits": "provisioned_reads",
    "ProvisionedWriteCapacityUnits": "provisioned_writes",
}
"""CloudWatch's metrics, as labels of raw JSON name them, with our columns."""


class RecordingError(ValueError):
    """What is wrong with a file, as the end of a sentence that begins with its name."""


def read_recording(path: Path, target: Target) -> Recording:
    """Read one file; raise RecordingError, or OSError and its like if it cannot be read at all."""
    rows = read_rows(path)
    remarks: list[str] = []
    period = _find_period(rows.stamps, remarks)
    start = datetime.fromtimestamp(rows.stamps[0] * SECONDS_PER_MINUTE, timezone.utc)
    minutes = rows.stamps[-1] - rows.stamps[0] + period
    if minutes > LONGEST_DAYS * MINUTES_PER_DAY:
        days = minutes // MINUTES_PER_DAY
        raise RecordingError(f"spans {days:,} days, from {start:%Y-%m-%d} on: is a timestamp wrong?")
    sides = PerCapacity.of(lambda capacity: _read_side(rows, period, capacity, minutes))
    if all(side is None for side in sides):
        raise RecordingError("has no consumption in it: every consumed_reads and consumed_writes is blank")
    known = _find_known(rows, period, minutes)
    return Recording(target, start, minutes, period, sides, find_gaps(known, start), tuple(remarks))


def _read_side(rows: Rows, period: int, capacity: Capacity, minutes: int) -> SideRecording | None:
    consumed = spread(rows, period, f"consumed_{capacity.value}")
    provisioned = hold(rows, period, f"provisioned_{capacity.value}")
    if consumed is None and provisioned is None:
        return None
    throttled = rows.columns.get(f"throttled_{capacity.value}", ())
    return SideRecording(
        array("d", bytes(8 * minutes)) if consumed is None else consumed,
        sum(one for one in throttled if not isnan(one)),
        provisioned,
    )


def _find_known(rows: Rows, period: int, minutes: int) -> bytearray:
    known = bytearray(minutes)
    columns = [rows.columns[name] for name in COLUMNS if name in rows.columns and "consumed" in name]
    for number, stamp in enumerate(rows.stamps):
        if not all(isnan(column[number]) for column in columns):
            first = stamp - rows.stamps[0]
            known[first : first + period] = b"\1" * period
    return known


def _find_period(stamps: array[int], remarks: list[str]) -> int:
    if len(stamps) < 2:  # noqa: PLR2004 - a period is between two
        raise RecordingError("has fewer than two rows: there is nothing to replay")
    distances = Counter(second - first for first, second in pairwise(stamps))
    period = reduce(gcd, distances)
    if period > LONGEST_PERIOD_MINUTES:
        raise RecordingError(
            f"has a row each {period} minutes: {LONGEST_PERIOD_MINUTES} minutes are the longest period"
        )
    _refuse_mixture(distances, len(stamps))
    usual, count = distances.most_common(1)[0]
    if usual != period and count > len(stamps) / 2:
        remarks.append(
            f"most rows are {usual} minutes apart, but some only {period}:"
            f" each is taken for a period of {period} min"
        )
    return period


def _refuse_mixture(distances: Counter[int], rows: int) -> None:
    """Refuse two periods in one file: whichever is taken, a part would be five times too high or too low."""
    common = sorted(distance for distance, count in distances.items() if count >= rows * LEAST_SHARE)
    is_all = sum(distances[distance] for distance in common) >= rows * ALMOST_ALL
    if len(common) == 2 and is_all:  # noqa: PLR2004 - two periods
        short, long = common
        raise RecordingError(
            f"mixes rows {short} and {long} minutes apart, as CloudWatch keeps minutes for 15 days only:"
            " cut one part off, or fetch all with the longer period"
        )


def read_rows(path: Path) -> Rows:
    """Read the rows of a file in the order of time; raise as `read_recording` does."""
    with (
        gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        if path.name.endswith(".gz")
        else path.open(encoding="utf-8-sig", newline="") as file
    ):
        try:
            is_json = path.name.endswith((".json", ".json.gz"))
            return _sort(_read_json(file) if is_json else _read_csv(file))
        except UnicodeDecodeError:
            raise RecordingError("is no text in UTF-8; a gzip file must be named .gz") from None
        except csv.Error as error:
            raise RecordingError(f"is no CSV: {error}") from None


def _sort(rows: Rows) -> Rows:
    stamps = rows.stamps
    if all(first < second for first, second in pairwise(stamps)):
        return rows
    order = sorted(range(len(stamps)), key=stamps.__getitem__)
    ordered = array("q", (stamps[place] for place in order))
    for first, second in pairwise(ordered):
        if first == second:
            moment = datetime.fromtimestamp(first * SECONDS_PER_MINUTE, timezone.utc)
            raise RecordingError(f"has two rows for {moment:%Y-%m-%dT%H:%MZ}: keep one")
    columns = {name: array("d", (column[place] for place in order)) for name, column in rows.columns.items()}
    return Rows(ordered, columns)


def _read_csv(file: IO[str]) -> Rows:
    lines = csv.reader(file)
    header = [name.strip() for name in next(lines, [])]
    known = [(place, name) for place, name in enumerate(header) if name in COLUMNS]
    if "timestamp" not in header or not any("consumed" in name for _, name in known):
        raise RecordingError(
            f"has no header as recordings have: {GOOD_HEADER} (consumed_reads alone will do)"
        )
    if len(set(header)) < len(header):
        raise RecordingError("has a column twice")
    rows = Rows(array("q"), {name: array("d") for _, name in known})
    sinks = [(place, rows.columns[name].append) for place, name in known]
    at = header.index("timestamp")
    try:
        for fields in lines:
            if fields:
                rows.stamps.append(_read_stamp(fields[at]))
                for place, keep in sinks:
                    keep(_read_number(fields[place]))
    except IndexError:
        raise RecordingError(f"line {lines.line_num} has fewer fields than the header") from None
    except (ValueError, csv.Error) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise RecordingError(f"line {lines.line_num}: {error}") from None
    return rows


def _read_stamp(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        farthest = timedelta(days=LONGEST_DAYS)
        moment = moment + farthest - farthest  # so that no sum with it leaves Python's time
        return int(moment.timestamp()) // SECONDS_PER_MINUTE
    except (ValueError, OverflowError, TypeError):
        message = f"{text!r} is no timestamp such as {GOOD_TIMESTAMP}"
        raise ValueError(message) from None


def _read_number(text: str) -> float:
    if not text:
        return nan
    try:
        number = float(text)
    except ValueError:
        if not text.strip():
            return nan
        number = nan
    if not 0 <= number <= MOST_UNITS:
        message = f"{text!r} is no number of units, 0 or more"
        raise ValueError(message)
    return number


def _read_json(file: IO[str]) -> Rows:
    try:
        answer = json.load(file)
        results = answer["MetricDataResults"]
        series = _join_pages(results)
    except RecordingError:
        raise
    except (RecursionError, ValueError):  # a number of thousands of digits, too
        raise RecordingError("is no JSON") from None
    except (KeyError, TypeError, AttributeError):
        raise RecordingError("is not what `aws cloudwatch get-metric-data` prints") from None
    stamps = sorted({stamp for points in series.values() for stamp in points})
    columns = {
        name: array("d", (points.get(stamp, nan) for stamp in stamps)) for name, points in series.items()
    }
    if not any("consumed" in name for name in columns):
        raise RecordingError("has no result labelled ConsumedReadCapacityUnits or ConsumedWriteCapacityUnits")
    return Rows(array("q", stamps), columns)


def _join_pages(results: Iterable[Mapping[str, Any]]) -> dict[str, dict[int, float]]:
    """Give the points by column; the aws command prints a result once for each page of the answer."""
    series: dict[str, dict[int, float]] = {}
    names: dict[str, str] = {}
    for result in results:
        name = result["Id"]
        label = f"{result.get('Label', '')} {name}"
        column = next((METRICS[metric] for metric in METRICS if metric in label), None)
        column = column or (name if name in COLUMNS else None)
        if column is None:
            continue
        if names.setdefault(column, name) != name:
            raise RecordingError(f"has {column} twice: one file holds one table or index")
        points = series.setdefault(column, {})
        for stamp, number in _read_points(result):
            if stamp in points:
                raise RecordingError(f"{name}: has two values for one minute")
            points[stamp] = number
    return series


def _read_points(result: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    if len(result["Timestamps"]) != len(result["Values"]):
        raise RecordingError(f"{result['Id']}: has not as many values as timestamps")
    try:
        for moment, number in zip(result["Timestamps"], result["Values"], strict=True):
            yield _read_stamp(str(moment)), _read_number(str(number))
    except RecordingError:
        raise
    except ValueError as error:
        raise RecordingError(f"{result['Id']}: {error}") from None
