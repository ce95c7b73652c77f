"""What `aws cloudwatch get-metric-data` prints is read, and refused unless it is whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.core.model import Target
from tests.replay.files import answer, read, refuse, stamp

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_aws_command_prints_is_read(tmp_path: Path) -> None:
    text = answer(
        ConsumedReadCapacityUnits=[60.0, 120.0],
        ReadThrottleEvents=[0.0, 3.0],
        ProvisionedReadCapacityUnits=[5.0, 5.0],
        SuccessfulRequestLatency=[1.0, 1.0],
    )
    recording = read(tmp_path, text, "orders@by-date.json.gz")
    assert recording.target == Target("orders", "by-date")
    assert recording.sides.reads is not None
    assert list(recording.sides.reads.consumed) == [60, 120]
    assert recording.sides.reads.throttled_events == 3
    assert recording.sides.writes is None


def test_pages_of_what_the_aws_command_prints_are_joined(tmp_path: Path) -> None:
    pages = [json.loads(answer(ConsumedReadCapacityUnits=[number])) for number in (60.0, 120.0)]
    (first,), (second,) = (page["MetricDataResults"] for page in pages)
    second["Timestamps"] = [stamp(1)]
    text = json.dumps({"MetricDataResults": [first, second]})
    recording = read(tmp_path, text, "orders.json")
    assert recording.sides.reads is not None
    assert list(recording.sides.reads.consumed) == [60, 120]
    again = json.dumps({"MetricDataResults": [first, first]})
    assert "has two values for one minute" in refuse(tmp_path, again, "orders.json")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"NextToken": "eyJ"},
            "is only a part of the answer, it has a NextToken: fetch it without --max-items and"
            " --no-paginate",
            id="more pages",
        ),
        pytest.param(
            {"Messages": [{"Code": "MaxMetricsExceeded", "Value": "too many metrics"}]},
            "is no whole answer, CloudWatch says: too many metrics",
            id="a message",
        ),
        pytest.param(
            {"StatusCode": "Forbidden"}, "is no whole answer, CloudWatch says of m0: Forbidden", id="denied"
        ),
        pytest.param(
            {"StatusCode": "InternalError"},
            "is no whole answer, CloudWatch says of m0: InternalError",
            id="failed",
        ),
    ],
)
def test_what_is_not_the_whole_answer_is_refused(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    said = json.loads(answer(ConsumedReadCapacityUnits=[60.0, 120.0]))
    (said["MetricDataResults"][0] if "StatusCode" in change else said).update(change)
    assert refuse(tmp_path, json.dumps(said), "orders.json") == expected


def test_a_page_before_the_last_may_be_partial(tmp_path: Path) -> None:
    first, last = (json.loads(answer(ConsumedReadCapacityUnits=[60.0]))["MetricDataResults"][0] for _ in "12")
    first["StatusCode"], last["Timestamps"] = "PartialData", [stamp(1)]
    assert read(tmp_path, json.dumps({"MetricDataResults": [first, last]}), "orders.json").minutes == 2
    refused = refuse(tmp_path, json.dumps({"MetricDataResults": [last, first]}), "orders.json")
    assert refused == "is no whole answer, CloudWatch says of m0: PartialData"
