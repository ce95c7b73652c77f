"""Read output of `aws cloudwatch get-metric-data` and `get-metric-statistics`; complete responses only."""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_right
from itertools import pairwise
from math import nan
from typing import IO, TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.metrics import COMPLETE, METRICS
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.replay.recordings.files import RecordingError, read_all
from dynamic_dynamodb.replay.recordings.resampling import LONGEST_PERIOD_MINUTES, STEADY_ROWS
from dynamic_dynamodb.replay.recordings.rows import (
    COLUMNS,
    SUMS,
    Rows,
    format_minute,
    read_number,
    read_stamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

COLUMNS_OF_METRICS: Final = {metric.name: column for column, metric in METRICS.items()}
"""The column of each of CloudWatch's metrics, as labels name them."""
Series = dict[str, dict[int, float]]
"""The values of each column, by minute since 1970."""

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_MOST_COMMAS: Final = 10_000_000
"""More than any valid text of the maximum size has; a text with more would fill the memory."""
_NOT_A_RESPONSE: Final = "is not what `aws cloudwatch get-metric-data` or `get-metric-statistics` prints"
_LEVEL_STATISTICS: Final = ("Maximum", "Average", "Minimum")
"""The statistics that can stand for provisioned units, the best first."""
_NAME: Final = re.compile("|".join(COLUMNS_OF_METRICS))
_CALCULATION: Final = re.compile(
    r"[A-Z_]{2,}\(|\bm\d+\s*[-+*/]|\*|[\w)]\s*\+\s*[A-Z(]|/\s*(\d+(\.\d+)?|s|sec|seconds?|min|minutes?|h|hours?)(?![\w.-])"
    r"|\bper[ _-]?(sec|s\b|min|hour)",
    re.IGNORECASE,
)
"""Signs in a label that values were divided, multiplied or otherwise calculated."""
_STATISTIC: Final = re.compile(
    r"(?<![\w.-])(average|avg|mean|minimum|maximum|samplecount|median|rate|p\d\d?(\.\d+)?)"
    r"(?![\w.-]|\s*[:=]?\s*\d)",
    re.IGNORECASE,
)
"""A statistic other than Sum, as a separate word; `avg 5.2` is a dynamic label's summary of a series."""
_WORD_OF_ID: Final = re.compile(r"[A-Z]?[a-z]+|\d+")
_WORDS_OF_RATES: Final = frozenset(("average", "avg", "mean", "rate", "per", "persec", "ps", "rps"))


def read_series(file: IO[str]) -> Series:
    """Return the series in all responses of a file; raise RecordingError."""
    text = read_all(file)
    try:
        series: Series = {}
        for response in _split(text):
            join(series, _read_response(response))
    except (RecordingError, UnicodeDecodeError):
        raise
    except (RecursionError, ValueError):  # or a number of thousands of digits
        raise RecordingError("is not JSON") from None
    except (KeyError, TypeError, AttributeError):
        raise RecordingError(_NOT_A_RESPONSE) from None
    return series


def join(series: Series, more: Series) -> None:
    """Add the series of another response; raise RecordingError if both have different values for a minute."""
    for column, points in more.items():
        known = series.setdefault(column, {})
        for stamp, number in points.items():
            if known.setdefault(stamp, number) != number:
                raise RecordingError(
                    f"has two values of {column} for {format_minute(stamp)}: are all responses of one table"
                    " or index, and of one period?"
                )


def make_rows(series: Series) -> Rows:
    """Return series as rows; raise RecordingError without any consumption."""
    if not any("consumed" in name for name in series):
        raise RecordingError("has no result labelled ConsumedReadCapacityUnits or ConsumedWriteCapacityUnits")
    stamps = sorted({stamp for points in series.values() for stamp in points})
    sums = sorted({stamp for name, points in series.items() if name in SUMS for stamp in points})
    if _is_period_of_its_own(sums, stamps):
        series = {name: points if name in SUMS else _sample(points, sums) for name, points in series.items()}
        stamps = sums
    columns = {
        name: array("d", [points.get(stamp, nan) for stamp in stamps]) for name, points in series.items()
    }
    return Rows(array("q", stamps), columns)


def _is_period_of_its_own(sums: Sequence[int], stamps: Sequence[int]) -> bool:
    """Return whether Sums have a longer period than levels: they come from separate requests."""
    distances = [later - earlier for earlier, later in pairwise(sums)]
    period = min(distances, default=0)
    return (
        len(distances) >= STEADY_ROWS
        and all(distance % period == 0 for distance in distances)
        and min(later - earlier for earlier, later in pairwise(stamps)) < period <= LONGEST_PERIOD_MINUTES
    )


def _sample(levels: Mapping[int, float], begins: Sequence[int]) -> dict[int, float]:
    """Return the highest level of each period."""
    sampled: dict[int, float] = {}
    for stamp, level in levels.items():
        place = bisect_right(begins, stamp) - 1
        if place >= 0:
            sampled[begins[place]] = max(level, sampled.get(begins[place], level))
    return sampled


def _split(text: str) -> Iterator[Any]:
    """Return the JSON documents of a text: one after the other, or in a list."""
    if text.count(",") > _MOST_COMMAS:
        raise RecordingError(f"holds more than {_MOST_COMMAS:,} values")
    decoder, place = json.JSONDecoder(), 0
    while place == 0 or place < len(text):
        document, place = decoder.raw_decode(text, _skip_blanks(text, place))
        if document == []:
            raise RecordingError(_NOT_A_RESPONSE)
        yield from document if isinstance(document, list) else [document]
        place = _skip_blanks(text, place)


def _skip_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return place if found is None else found.end()


def _read_response(response: Mapping[str, Any]) -> Series:
    if "Datapoints" in response:
        return _read_statistics(response)
    _check_complete(response)
    return _join_pages(response["MetricDataResults"])


def _read_statistics(response: Mapping[str, Any]) -> Series:
    """Return the one metric in a response of get-metric-statistics, whose label is its name."""
    column = COLUMNS_OF_METRICS.get(response["Label"])
    if column is None:
        return {}
    points: dict[int, float] = {}
    for point in response["Datapoints"]:
        accepted = ("Sum",) if column in SUMS else _LEVEL_STATISTICS
        statistic = next((name for name in accepted if name in point), None)
        if statistic is None:
            raise RecordingError(
                f"has {response['Label']} without the statistic {accepted[0]}: fetch it with {accepted[0]}"
            )
        _keep_point(points, response["Label"], point["Timestamp"], point[statistic])
    return {column: points}


def _check_complete(response: Mapping[str, Any]) -> None:
    if response.get("NextToken"):
        raise RecordingError(
            "is incomplete, it has a NextToken: fetch it without --max-items and --no-paginate"
        )
    _check_messages("CloudWatch", response)


def _check_messages(source: str, result: Mapping[str, Any]) -> None:
    for message in result.get("Messages") or ():
        raise RecordingError(f"is incomplete, {source} says: {clip(str(message.get('Value', message)))}")


def _join_pages(results: Iterable[Mapping[str, Any]]) -> Series:
    """Return the points of each column; the AWS CLI prints a result once for each page of a response."""
    series: Series = {}
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for result in results:
        name = result["Id"]
        column = _find_column(name, result.get("Label", ""))
        if column is None:
            continue
        if names.setdefault(column, name) != name:
            raise RecordingError(f"has {column} twice: one file holds one table or index")
        codes[name] = result.get("StatusCode", COMPLETE)  # that of the last page counts
        _check_messages(name, result)
        points = series.setdefault(column, {})
        if len(result["Timestamps"]) != len(result["Values"]):
            raise RecordingError(f"{_format_id(name)}: has different numbers of timestamps and values")
        for moment, number in zip(result["Timestamps"], result["Values"], strict=True):
            _keep_point(points, name, moment, number)
    for name, code in codes.items():
        if code != COMPLETE:
            raise RecordingError(f"is incomplete, CloudWatch says of {name}: {clip(str(code))}")
    return series


def _find_column(name: str, label: str) -> str | None:
    """Return the column of a result; raise RecordingError if its label or id shows that it is not a Sum."""
    found = _NAME.search(f"{label} {name}")
    column = COLUMNS_OF_METRICS[found[0]] if found else name if name in COLUMNS else None
    if column is None:
        return None
    words = {word.lower() for word in _WORD_OF_ID.findall(_NAME.sub("", name))}
    is_sum = column not in SUMS or not (_STATISTIC.search(_NAME.sub(" ", label)) or words & _WORDS_OF_RATES)
    if not is_sum or any(_CALCULATION.search(_NAME.sub("Units", text)) for text in (label, name)):
        shown = shorten(label or name)
        raise RecordingError(
            f"has {shown}, which is not the plain {'Sum' if column in SUMS else 'metric'}: fetch it without a"
            " calculation" + (" and with the statistic Sum" if column in SUMS else "")
        )
    return column


def _keep_point(points: dict[int, float], name: str, moment: object, number: object) -> None:
    try:
        stamp, value = read_stamp(str(moment)), read_number(str(number))
    except ValueError as error:
        raise RecordingError(f"{_format_id(name)}: {error}") from None
    if stamp in points:
        raise RecordingError(f"{_format_id(name)}: has two values for one minute")
    points[stamp] = value


def _format_id(name: str) -> str:
    return shorten(name).strip("'")
