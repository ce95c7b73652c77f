"""Read what `aws cloudwatch get-metric-data` prints; refuse what is not the whole answer."""

from __future__ import annotations

import json
from array import array
from math import nan
from typing import IO, TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.values import clip, shorten
from dynamic_dynamodb.replay.recording import COLUMNS
from dynamic_dynamodb.replay.rows import RecordingError, Rows, read_number, read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

METRICS: Final = {
    "ConsumedReadCapacityUnits": "consumed_reads",
    "ConsumedWriteCapacityUnits": "consumed_writes",
    "ReadThrottleEvents": "throttled_reads",
    "WriteThrottleEvents": "throttled_writes",
    "ProvisionedReadCapacityUnits": "provisioned_reads",
    "ProvisionedWriteCapacityUnits": "provisioned_writes",
}
"""CloudWatch's metrics, as labels of raw JSON name them, with our columns."""
_COMPLETE: Final = "Complete"


def read_metric_data(file: IO[str]) -> Rows:
    """Read the rows of an answer; raise RecordingError."""
    try:
        answer = json.load(file)
        _check_whole(answer)
        series = _join_pages(answer["MetricDataResults"])
    except (RecordingError, UnicodeDecodeError):
        raise
    except (RecursionError, ValueError):  # a number of thousands of digits, too
        raise RecordingError("is no JSON") from None
    except (KeyError, TypeError, AttributeError):
        raise RecordingError("is not what `aws cloudwatch get-metric-data` prints") from None
    stamps = sorted({stamp for points in series.values() for stamp in points})
    columns = {
        name: array("d", [points.get(stamp, nan) for stamp in stamps]) for name, points in series.items()
    }
    if not any("consumed" in name for name in columns):
        raise RecordingError("has no result labelled ConsumedReadCapacityUnits or ConsumedWriteCapacityUnits")
    return Rows(array("q", stamps), columns)


def _check_whole(answer: Mapping[str, Any]) -> None:
    if answer.get("NextToken"):
        raise RecordingError(
            "is only a part of the answer, it has a NextToken: fetch it without --max-items and --no-paginate"
        )
    _check_messages("CloudWatch", answer)


def _check_messages(whose: str, said: Mapping[str, Any]) -> None:
    for message in said.get("Messages") or ():
        raise RecordingError(f"is no whole answer, {whose} says: {clip(str(message.get('Value', message)))}")


def _join_pages(results: Iterable[Mapping[str, Any]]) -> dict[str, dict[int, float]]:
    """Give the points by column; the aws command prints a result once for each page of the answer."""
    series: dict[str, dict[int, float]] = {}
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for result in results:
        name = result["Id"]
        column = _find_column(name, result.get("Label", ""))
        if column is None:
            continue
        if names.setdefault(column, name) != name:
            raise RecordingError(f"has {column} twice: one file holds one table or index")
        codes[name] = result.get("StatusCode", _COMPLETE)  # the last page's counts
        _check_messages(name, result)
        points = series.setdefault(column, {})
        for stamp, number in _read_points(result):
            if stamp in points:
                raise RecordingError(f"{name}: has two values for one minute")
            points[stamp] = number
    for name, code in codes.items():
        if code != _COMPLETE:
            raise RecordingError(f"is no whole answer, CloudWatch says of {name}: {clip(str(code))}")
    return series


def _find_column(name: str, label: str) -> str | None:
    both = f"{label} {name}"
    column = next((METRICS[metric] for metric in METRICS if metric in both), None)
    return column or (name if name in COLUMNS else None)


def _read_points(result: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    name = shorten(result["Id"]).strip("'")
    if len(result["Timestamps"]) != len(result["Values"]):
        raise RecordingError(f"{name}: has not as many values as timestamps")
    try:
        for moment, number in zip(result["Timestamps"], result["Values"], strict=True):
            yield read_stamp(str(moment)), read_number(str(number))
    except RecordingError:
        raise
    except ValueError as error:
        raise RecordingError(f"{name}: {error}") from None
