"""Output of `aws cloudwatch get-metric-data` is read, and refused if it is incomplete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recording import NO_GAPS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.builders import target_options
from tests.replay.files import answer, read, refuse, stamp
from tests.replay.recordings import START

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNLIMITED = target_options().capacities
NO_ANSWER = "is not what `aws cloudwatch get-metric-data` or `get-metric-statistics` prints"


def test_output_of_the_aws_cli_is_read(tmp_path: Path) -> None:
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


def test_pages_of_the_aws_clis_output_are_joined(tmp_path: Path) -> None:
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
            "is incomplete, it has a NextToken: fetch it without --max-items and --no-paginate",
            id="more pages",
        ),
        pytest.param(
            {"Messages": [{"Code": "MaxMetricsExceeded", "Value": "too many metrics"}]},
            "is incomplete, CloudWatch says: too many metrics",
            id="a message",
        ),
        pytest.param(
            {"StatusCode": "Forbidden"}, "is incomplete, CloudWatch says of m0: Forbidden", id="denied"
        ),
        pytest.param(
            {"StatusCode": "InternalError"},
            "is incomplete, CloudWatch says of m0: InternalError",
            id="failed",
        ),
    ],
)
def test_an_incomplete_response_is_refused(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    said = json.loads(answer(ConsumedReadCapacityUnits=[60.0, 120.0]))
    (said["MetricDataResults"][0] if "StatusCode" in change else said).update(change)
    assert refuse(tmp_path, json.dumps(said), "orders.json") == expected


def test_a_page_before_the_last_can_be_partial(tmp_path: Path) -> None:
    first, last = (json.loads(answer(ConsumedReadCapacityUnits=[60.0]))["MetricDataResults"][0] for _ in "12")
    first["StatusCode"], last["Timestamps"] = "PartialData", [stamp(1)]
    assert read(tmp_path, json.dumps({"MetricDataResults": [first, last]}), "orders.json").minutes == 2
    refused = refuse(tmp_path, json.dumps({"MetricDataResults": [last, first]}), "orders.json")
    assert refused == "is incomplete, CloudWatch says of m0: PartialData"


@pytest.mark.parametrize(
    "label",
    [
        pytest.param("ConsumedReadCapacityUnits Average", id="average"),
        pytest.param("orders ConsumedReadCapacityUnits p99", id="percentile"),
        pytest.param("ConsumedReadCapacityUnits per second", id="rate in words"),
        pytest.param("ConsumedReadCapacityUnits/s", id="rate"),
        pytest.param("ConsumedReadCapacityUnits/60", id="division"),
        pytest.param("m1/PERIOD(m1) ConsumedReadCapacityUnits", id="period"),
        pytest.param("RATE(ConsumedReadCapacityUnits)", id="function"),
        pytest.param("2 * ConsumedReadCapacityUnits", id="product"),
        pytest.param("ConsumedReadCapacityUnits + ConsumedWriteCapacityUnits", id="sum of two"),
        pytest.param("m1-m2 ConsumedReadCapacityUnits", id="difference"),
    ],
)
def test_a_label_of_anything_but_a_plain_sum_is_refused(tmp_path: Path, label: str) -> None:
    refused = refuse(tmp_path, answer(**{label: [60.0, 120.0]}), "orders.json")
    assert refused == (
        f"has '{label}', which is not the plain Sum: fetch it without a calculation and with the statistic"
        " Sum"
    )


@pytest.mark.parametrize("name", ["consumed_reads_rate", "avg_ConsumedReadCapacityUnits", "m1/60"])
def test_an_id_of_anything_but_a_plain_sum_is_refused(tmp_path: Path, name: str) -> None:
    said = json.loads(answer(ConsumedReadCapacityUnits=[60.0, 120.0]))
    said["MetricDataResults"][0]["Id"] = name
    assert "is not the plain Sum" in refuse(tmp_path, json.dumps(said), "orders.json")


@pytest.mark.parametrize(
    "label",
    [
        "ConsumedReadCapacityUnits",
        "AWS/DynamoDB orders ConsumedReadCapacityUnits",
        "rate-limits ConsumedReadCapacityUnits",
        "my.average-2024 by-date/2024-index ConsumedReadCapacityUnits",
        "ConsumedReadCapacityUnits (Sum)",
        "ConsumedReadCapacityUnits - orders",
        "ConsumedReadCapacityUnits [avg: 5.2, max: 120 (10:30)]",
    ],
)
def test_a_label_with_other_words_is_a_sum(tmp_path: Path, label: str) -> None:
    assert read(tmp_path, answer(**{label: [60.0, 120.0]}), "orders.json").minutes == 2


def test_provisioned_units_may_be_of_any_statistic_but_not_calculated(tmp_path: Path) -> None:
    text = answer(
        **{"ConsumedReadCapacityUnits": [60.0, 9.0], "ProvisionedReadCapacityUnits Average": [5.0, 5.0]}
    )
    assert read(tmp_path, text, "orders.json").find_start_capacity(None, UNLIMITED).reads == 5
    refused = refuse(tmp_path, text.replace("Units Average", "Units*60"), "orders.json")
    assert refused == (
        "has 'ProvisionedReadCapacityUnits*60', which is not the plain metric: fetch it without a calculation"
    )


def test_seconds_since_1970_are_timestamps(tmp_path: Path) -> None:
    seconds = START.timestamp()
    said = json.loads(answer(ConsumedReadCapacityUnits=[60.0, 120.0, 180.0]))
    said["MetricDataResults"][0]["Timestamps"] = [seconds + 120, seconds + 60, int(seconds)]
    recording = read(tmp_path, json.dumps(said), "orders.json")
    assert (recording.start, recording.minutes) == (START, 3)
    as_csv = f"timestamp,consumed_reads\n{seconds},1\n{int(seconds) + 60},1\n"
    assert read(tmp_path, as_csv).start == START


@pytest.mark.parametrize("number", ["1e400", "12", "-1725148800", "17251488000"])
def test_other_numbers_are_not_timestamps(tmp_path: Path, number: str) -> None:
    said = answer(ConsumedReadCapacityUnits=[60.0]).replace(f'"{stamp(0)[:-1]}+00:00"', number)
    assert "is not a timestamp such as 2026-03-01T00:00:00Z" in refuse(tmp_path, said, "orders.json")


def statistics(
    label: str, values: Sequence[float], statistic: str = "Sum", *, first: int = 0, step: int = 60
) -> str:
    """Return output of `aws cloudwatch get-metric-statistics`, unordered, a row every `step` minutes."""
    points = [
        {"Timestamp": stamp(first + number * step), statistic: value, "Unit": "Count"}
        for number, value in enumerate(values)
    ]
    return json.dumps({"Label": label, "Datapoints": points[1::2] + points[::2]}, indent=4)


READS = statistics("ConsumedReadCapacityUnits", [3600.0] * 24)
WRITES = statistics("ConsumedWriteCapacityUnits", [7200.0] * 24)
UNITS = statistics("ProvisionedReadCapacityUnits", [5.0] * 24, "Average")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"orders.json": f"{READS}\n{WRITES}\n{UNITS}\n"}, id="one after the other"),
        pytest.param({"orders.json": f"[{READS}, {WRITES}, {UNITS}]"}, id="in a list"),
        pytest.param(
            {
                "orders.ConsumedReadCapacityUnits.json": READS,
                "orders.consumed_writes.json": WRITES,
                "orders.ProvisionedReadCapacityUnits.march.json": UNITS,
            },
            id="a file for each metric",
        ),
        pytest.param(
            {
                "orders.consumed_reads.json": READS,
                "orders.consumed_writes.more.json": f"{UNITS}{READS}{WRITES}",
            },
            id="the same twice",
        ),
    ],
)
def test_responses_of_get_metric_statistics_are_joined(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (recording,) = read_recordings(tmp_path, None)
    assert (recording.target, recording.period, recording.minutes) == (Target("orders"), 60, 1440)
    reads, writes = recording.sides
    assert reads is not None
    assert writes is not None
    assert (list(reads.consumed), list(writes.consumed)) == ([60.0] * 1440, [120.0] * 1440)
    assert list(reads.provisioned or ()) == [5.0] * 1440


def test_responses_for_consecutive_times_are_one_recording(tmp_path: Path) -> None:
    later = statistics("ConsumedReadCapacityUnits", [7200.0] * 24, first=1440)
    assert read(tmp_path, READS + later, "orders.json").days == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            READS + statistics("ConsumedReadCapacityUnits", [60.0]),
            "has two values of consumed_reads for 2026-03-02T00:00Z: are all responses of one table or index,"
            " and of one period?",
            id="another value",
        ),
        pytest.param(
            statistics("ConsumedReadCapacityUnits", [60.0] * 3, "Average"),
            "has ConsumedReadCapacityUnits without the statistic Sum: fetch it with Sum",
            id="averages",
        ),
        pytest.param(
            READS + statistics("ProvisionedReadCapacityUnits", [60.0] * 3),
            "has ProvisionedReadCapacityUnits without the statistic Maximum: fetch it with Maximum",
            id="sums of levels",
        ),
        pytest.param(f"{READS} and so on", "is not JSON", id="something after it"),
        pytest.param(f"{READS} 5", NO_ANSWER, id="a number after it"),
        pytest.param("[[]]", NO_ANSWER, id="lists"),
        pytest.param('{"Label": ["x"], "Datapoints": []}', NO_ANSWER, id="an odd label"),
        pytest.param(
            '{"Label": "ConsumedReadCapacityUnits", "Datapoints": [5]}', NO_ANSWER, id="an odd point"
        ),
    ],
)
def test_responses_that_contradict_each_other_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert refuse(tmp_path, text, "orders.json") == expected


def test_hourly_sums_beside_five_minute_levels_are_hourly(tmp_path: Path) -> None:
    levels = statistics("ProvisionedReadCapacityUnits", [5.0, *[4.0] * 11] * 24, "Maximum", step=5)
    recording = read(tmp_path, READS + levels, "orders.json")
    assert (recording.period, recording.minutes, recording.gaps) == (60, 1440, PerCapacity(NO_GAPS, NO_GAPS))
    assert recording.sides.reads is not None
    assert list(recording.sides.reads.consumed) == [60.0] * 1440
    assert list(recording.sides.reads.provisioned or ()) == [5.0] * 1440


def test_one_minute_sums_beside_five_minute_levels_are_unchanged(tmp_path: Path) -> None:
    sums = statistics("ConsumedReadCapacityUnits", [60.0] * 60, step=1)
    levels = statistics("ProvisionedReadCapacityUnits", [5.0, 6.0] * 6, "Maximum", step=5)
    recording = read(tmp_path, sums + levels, "orders.json")
    assert (recording.period, recording.minutes) == (1, 60)
    assert recording.sides.reads is not None
    assert list(recording.sides.reads.provisioned or ()) == [*[5.0] * 5, *[6.0] * 5] * 6
