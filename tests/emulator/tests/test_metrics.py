"""The emulator returns metrics as CloudWatch does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import client

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytest_plugins = ["tests.emulator.fixtures"]

NOON = datetime(2031, 5, 7, 12, 0, 0, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _noon(emulator: Emulator) -> None:
    emulator.set_clock(NOON + timedelta(seconds=20))


def query(
    table: str,
    index: str | None = None,
    *,
    number: int = 0,
    metric: str = "ConsumedReadCapacityUnits",
    **stat: Any,
) -> dict[str, Any]:
    dimensions = [{"Name": "TableName", "Value": table}]
    if index is not None:
        dimensions.insert(0, {"Name": "GlobalSecondaryIndexName", "Value": index})
    wanted = {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": f"q{number}", "MetricStat": {"Metric": wanted, "Period": 60, "Stat": "Sum", **stat}}


def metric_data(emulator: Emulator, *queries: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    parameters = {"StartTime": NOON - 5 * MINUTE, "EndTime": NOON, **parameters}
    answer: dict[str, Any] = client(emulator, "cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), **parameters
    )
    return answer


def values(emulator: Emulator, *queries: dict[str, Any], **parameters: Any) -> list[list[float]]:
    answer = metric_data(emulator, *queries, ScanBy="TimestampAscending", **parameters)
    return [result["Values"] for result in answer["MetricDataResults"]]


@pytest.mark.parametrize(
    ("given", "metric", "total"),
    [
        pytest.param({"consumed_reads": 2.5}, "ConsumedReadCapacityUnits", 150, id="consumed-reads"),
        pytest.param({"consumed_writes": 1}, "ConsumedWriteCapacityUnits", 60, id="consumed-writes"),
        pytest.param({"throttled_reads": 7}, "ReadThrottleEvents", 7, id="throttled-reads"),
        pytest.param({"throttled_writes": 0}, "WriteThrottleEvents", 0, id="throttled-writes"),
    ],
)
def test_metrics_are_sums_per_minute(
    emulator: Emulator, given: dict[str, float], metric: str, total: float
) -> None:
    emulator.put_metrics("orders", **given, minutes=3)  # type: ignore[arg-type]
    answer = metric_data(emulator, query("orders", metric=metric))
    (result,) = answer["MetricDataResults"]
    assert result["Timestamps"] == [NOON - MINUTE, NOON - 2 * MINUTE, NOON - 3 * MINUTE]
    assert result["Values"] == [total] * 3
    assert (result["Id"], result["StatusCode"], result["Label"]) == ("q0", "Complete", metric)


def test_a_table_and_its_index_have_metrics_of_their_own(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=1)
    emulator.put_metrics("orders", "by_date", consumed_reads=2, minutes=1)
    assert values(emulator, query("orders"), query("orders", "by_date", number=1)) == [[60], [120]]
    emulator.remove_metrics("orders")
    emulator.put_metrics("orders", "by_date", consumed_reads=2, minutes=1)
    assert values(emulator, query("orders"), query("orders", "by_date", number=1)) == [[], [120]]


def test_minutes_without_data_are_absent(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=5, missing=[1, 4])
    answer = metric_data(emulator, query("orders"))["MetricDataResults"][0]
    assert answer["Timestamps"] == [NOON - 2 * MINUTE, NOON - 3 * MINUTE, NOON - 5 * MINUTE]


def test_a_series_can_be_set_minute_by_minute(emulator: Emulator) -> None:
    sums = {NOON - 3 * MINUTE: 10.0, NOON - timedelta(seconds=30): 30.0}
    emulator.put_series("orders", metric="ReadThrottleEvents", sums=sums)
    assert values(emulator, query("orders", metric="ReadThrottleEvents")) == [[10, 30]]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        pytest.param(-3 * MINUTE, timedelta(0), [3, 2, 1], id="start-inclusive-end-exclusive"),
        pytest.param(timedelta(seconds=-150), timedelta(0), [3, 2, 1], id="start-rounded-down"),
        pytest.param(-3 * MINUTE, timedelta(seconds=-59), [3, 2, 1], id="end-not-rounded"),
        pytest.param(-3 * MINUTE, -MINUTE, [3, 2], id="end-at-the-last-minute"),
    ],
)
def test_the_time_range_chooses_minutes(
    emulator: Emulator, start: timedelta, end: timedelta, found: list[int]
) -> None:
    emulator.put_series("orders", sums={NOON - back * MINUTE: back for back in range(1, 6)})
    assert values(emulator, query("orders"), StartTime=NOON + start, EndTime=NOON + end) == [found]


def test_a_longer_period_adds_its_minutes_up(emulator: Emulator) -> None:
    emulator.put_series("orders", sums={NOON - back * MINUTE: back for back in (1, 2, 4, 5)})
    answer = metric_data(emulator, query("orders", Period=120), StartTime=NOON - 6 * MINUTE)
    (result,) = answer["MetricDataResults"]
    assert result["Timestamps"] == [NOON - 2 * MINUTE, NOON - 4 * MINUTE, NOON - 6 * MINUTE]
    assert result["Values"] == [3, 4, 5]


def test_a_minute_is_visible_once_it_has_ended(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=2)
    span = {"EndTime": NOON + 10 * MINUTE}
    assert values(emulator, query("orders"), **span) == [[60, 60]]
    emulator.set_clock(NOON + 61 * timedelta(seconds=1))
    assert values(emulator, query("orders"), **span) == [[60, 60, 60]]


def test_publication_may_be_late(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=5)
    emulator.set_publication_delay(100)
    assert values(emulator, query("orders")) == [[60, 60, 60]]
    emulator.set_publication_delay(-60)
    assert values(emulator, query("orders"), EndTime=NOON + MINUTE) == [[60] * 6]


def test_a_query_which_returns_no_data_has_no_result(emulator: Emulator) -> None:
    silent = query("orders", number=1) | {"ReturnData": False}
    answer = metric_data(emulator, query("orders"), silent)
    assert [result["Id"] for result in answer["MetricDataResults"]] == ["q0"]


def test_data_of_another_unit_is_not_found(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=1)
    units = [query("orders", number=number, Unit=unit) for number, unit in enumerate(("Count", "Bytes"))]
    assert values(emulator, *units) == [[60], []]


@pytest.mark.parametrize(
    ("queries", "parameters", "message"),
    [
        pytest.param(
            [query("orders", number=number) for number in range(501)],
            {},
            "The collection MetricDataQueries must not have a size greater than 500.",
            id="501-queries",
        ),
        pytest.param([query("orders"), query("orders")], {}, "are not unique: q0", id="same-id-twice"),
        pytest.param([query("orders") | {"Id": "Q-1"}], {}, "not matching the expected pattern", id="bad-id"),
        pytest.param([query("orders", Period=90)], {}, "Period must be a multiple of 60", id="bad-period"),
        pytest.param([query("orders", Stat="Average")], {}, "only Sum is", id="other-statistic"),
        pytest.param(
            [{"Id": "e1", "Expression": "q0 / 60"}], {}, "metric math is not emulated", id="expression"
        ),
        pytest.param(
            [query("orders")], {"EndTime": NOON - 5 * MINUTE}, "StartTime must be less", id="no-time"
        ),
        pytest.param([], {}, "MetricDataQueries is required", id="no-query"),
    ],
)
def test_a_bad_request_is_refused(
    emulator: Emulator, queries: list[dict[str, Any]], parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        metric_data(emulator, *queries, **parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_500_queries_fit_one_call(emulator: Emulator) -> None:
    emulator.put_metrics("table-499", consumed_reads=1, minutes=1)
    queries = [query(f"table-{number}", number=number) for number in range(500)]
    assert values(emulator, *queries) == [[]] * 499 + [[60]]


def test_a_result_can_be_split_over_pages(emulator: Emulator) -> None:
    for table in ("a", "b", "c"):
        emulator.put_metrics(table, consumed_reads=1, minutes=5)
    emulator.set_pages(datapoints=7)
    queries = [query(table, number=number) for number, table in enumerate(("a", "b", "c"))]
    pages = list(
        client(emulator, "cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(MetricDataQueries=queries, StartTime=NOON - 5 * MINUTE, EndTime=NOON)
    )
    assert [
        [(result["Id"], len(result["Values"]), result["StatusCode"]) for result in page["MetricDataResults"]]
        for page in pages
    ] == [
        [("q0", 5, "Complete"), ("q1", 2, "PartialData")],
        [("q1", 3, "Complete"), ("q2", 4, "PartialData")],
        [("q2", 1, "Complete")],
    ]


def test_results_come_in_pages_of_the_size_set(emulator: Emulator) -> None:
    emulator.set_pages(results=2)
    first = metric_data(emulator, *[query("orders", number=number) for number in range(3)])
    assert len(first["MetricDataResults"]) == 2
    for _ in ("first time", "again"):
        second = metric_data(emulator, query("orders"), NextToken=first["NextToken"])
        assert [result["Id"] for result in second["MetricDataResults"]] == ["q2"]
        assert "NextToken" not in second


def test_a_call_may_ask_for_smaller_pages(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=5)
    answer = metric_data(emulator, query("orders"), MaxDatapoints=2)
    assert len(answer["MetricDataResults"][0]["Values"]) == 2
    assert "NextToken" in answer


def test_an_unknown_token_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ClientError, match="The next token specified is invalid") as caught:
        metric_data(emulator, query("orders"), NextToken="made-up")
    assert caught.value.response["Error"]["Code"] == "InvalidNextToken"


def statistics(emulator: Emulator, **parameters: Any) -> list[tuple[datetime, float]]:
    wanted = query("orders", "by_date")["MetricStat"]
    answer = client(emulator, "cloudwatch").get_metric_statistics(
        **wanted["Metric"],
        **{
            "Period": 60,
            "Statistics": ["Sum"],
            "StartTime": NOON - 5 * MINUTE,
            "EndTime": NOON,
            **parameters,
        },
    )
    return [(point["Timestamp"], point["Sum"]) for point in answer["Datapoints"]]


def test_statistics_have_the_same_sums_in_any_order(emulator: Emulator) -> None:
    emulator.put_series("orders", "by_date", sums={NOON - back * MINUTE: back for back in (1, 2, 3)})
    emulator.put_metrics("orders", consumed_reads=99)
    found = statistics(emulator)
    assert sorted(found) == [(NOON - back * MINUTE, back) for back in (3, 2, 1)]
    assert found not in (sorted(found), sorted(found, reverse=True))


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        pytest.param(
            {"StartTime": NOON - 1441 * MINUTE}, "InvalidParameterCombination", id="1441-datapoints"
        ),
        pytest.param({"Statistics": ["Maximum"]}, "InvalidParameterValue", id="other-statistic"),
    ],
)
def test_bad_statistics_are_refused(emulator: Emulator, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        statistics(emulator, **parameters)
    assert caught.value.response["Error"]["Code"].removesuffix("Exception") == code


def test_other_actions_of_cloudwatch_are_refused(emulator: Emulator) -> None:
    with pytest.raises(ClientError, match="ListMetrics is not emulated"):
        client(emulator, "cloudwatch").list_metrics()


def test_metrics_are_counted_as_they_are_billed(emulator: Emulator) -> None:
    emulator.put_metrics("orders", consumed_reads=1, minutes=5)
    emulator.set_pages(datapoints=3)
    first = metric_data(emulator, query("orders"), query("orders", number=1))
    metric_data(emulator, query("orders"), query("orders", number=1), NextToken=first["NextToken"])
    assert emulator.count_metrics() == 2
    emulator.add_fault(action="GetMetricData", code="ThrottlingException", times=1)
    with pytest.raises(ClientError):
        metric_data(emulator, query("orders"))
    assert emulator.count_metrics() == 2
    client(emulator, "cloudwatch").get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName="ConsumedReadCapacityUnits",
        Dimensions=[{"Name": "TableName", "Value": "orders"}],
        StartTime=NOON - 5 * MINUTE,
        EndTime=NOON,
        Period=60,
        Statistics=["Sum"],
    )
    assert emulator.count_metrics() == 3
