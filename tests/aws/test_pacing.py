"""Calls for metrics stay within CloudWatch's quotas per second, and those of a small fleet never wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.aws.client import AwsClient
from dynamic_dynamodb.aws.cloudwatch import CloudWatchMetrics
from dynamic_dynamodb.aws.pacing import Pace, find_share
from dynamic_dynamodb.check.ports import MetricRequest
from dynamic_dynamodb.check.resilience import CallBudget, Timeouts, Waits, never
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import LookBackWindow
from tests.aws.fakes import FakeClock, refuse, use_keys
from tests.builders import target_options
from tests.fakes import ThisThread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.scaling.model import PerCapacity
    from dynamic_dynamodb.scaling.target_options import NeededSeries

HOURS = timedelta(hours=1)
DEFAULTS = target_options().needed_series
NOTHING = target_options(enable_reads_autoscaling="false", enable_writes_autoscaling="false").needed_series
EVERYTHING = target_options(reads_target_utilization="85", writes_target_utilization="85").needed_series


@dataclass
class FakeCloudWatch:
    """CloudWatch without datapoints, which keeps when each call came and what it was for."""

    clock: FakeClock
    error: Exception | None = None
    calls: list[tuple[float, int, int]] = field(default_factory=list)

    def get_metric_data(self, **parameters: Any) -> dict[str, Any]:
        """Keep the time, the metrics and the minutes of a call."""
        queries = parameters["MetricDataQueries"]
        minutes = (parameters["EndTime"] - parameters["StartTime"]) // timedelta(minutes=1)
        self.calls.append((self.clock(), len(queries), minutes))
        if self.error is not None:
            raise self.error
        results = [
            {"Id": query["Id"], "Timestamps": [], "Values": [], "StatusCode": "Complete"} for query in queries
        ]
        return {"MetricDataResults": results}

    def get_metric_statistics(self, **_: Any) -> dict[str, Any]:
        """Keep the time of a call for one metric."""
        self.calls.append((self.clock(), 1, 1))
        return {"Datapoints": []}


def make_pace(clock: FakeClock, waits: list[float] | None = None) -> Pace:
    """Return a pace on a clock that its waits advance."""

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if waits is not None:
            waits.append(seconds)

    return Pace(clock, sleep)


def make_client(service: FakeCloudWatch) -> AwsClient:
    """Return a client that calls the service on its clock."""
    client = AwsClient(
        use_keys(),
        lambda: {"cloudwatch": service},
        budget=CallBudget(Timeouts(), service.clock),
        is_stopping=never,
        make_retrying=service.clock.make_retrying,
    )
    client.prepare()
    return client


def make_metrics(service: FakeCloudWatch, client: AwsClient | None = None) -> CloudWatchMetrics:
    """Return CloudWatch's metrics, called one after the other on the clock of the service."""
    client = client or make_client(service)
    return CloudWatchMetrics(client, ThisThread(), Waits.for_lookups(Timeouts()), make_pace(service.clock))


def make_requests(
    targets: int, minutes: int, needed: PerCapacity[NeededSeries], age: timedelta | None = None
) -> list[MetricRequest]:
    """Return requests for the last minutes of some targets, or for minutes that began so long ago."""
    now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    window = LookBackWindow(now - (timedelta(minutes=minutes) if age is None else age), minutes)
    return [MetricRequest(Target(f"table-{number}"), window, needed=needed) for number in range(targets)]


def find_most(calls: Sequence[tuple[float, int]]) -> int:
    """Return the largest total of any second."""
    return max(sum(one for at, one in calls if begin <= at < begin + 1) for begin, _ in calls)


@pytest.mark.parametrize(
    ("targets", "minutes", "needed", "calls"),
    [
        pytest.param(1, 5, DEFAULTS, 1, id="one table"),
        pytest.param(1, 180, EVERYTHING, 1, id="one table that looks back long"),
        pytest.param(250, 180, EVERYTHING, 2, id="250 tables that look back long"),
        pytest.param(5_000, 5, DEFAULTS, 20, id="5,000 tables with the default options"),
        pytest.param(3_000, 15, EVERYTHING, 24, id="3,000 tables with a target utilization"),
    ],
)
def test_what_fits_into_one_second_does_not_wait(
    targets: int, minutes: int, needed: PerCapacity[NeededSeries], calls: int
) -> None:
    service = FakeCloudWatch(FakeClock())
    make_metrics(service).fetch(make_requests(targets, minutes, needed))
    assert {at for at, _, _ in service.calls} == {1000.0}
    assert len(service.calls) == calls


@pytest.mark.parametrize(
    ("targets", "minutes", "age", "quota", "most_seconds"),
    [
        pytest.param(5_000, 15, None, 180_000, 2.5, id="a target utilization"),
        pytest.param(5_000, 180, None, 180_000, 23, id="the longest decrease-lookback-period"),
        pytest.param(2_000, 600, 15 * HOURS, 396_000, 17, id="a window long ago"),
        pytest.param(20, 14 * 1440, 24 * 14 * HOURS, 396_000, 6, id="a window of two weeks"),
    ],
)
def test_a_large_fleet_stays_within_the_quotas_of_each_second(
    targets: int, minutes: int, age: timedelta | None, quota: int, most_seconds: float
) -> None:
    service = FakeCloudWatch(FakeClock())
    answers = make_metrics(service).fetch(make_requests(targets, minutes, EVERYTHING, age))
    assert not any(isinstance(answer, AwsError) for answer in answers.values())
    assert sum(metrics for _, metrics, _ in service.calls) == 4 * targets
    assert max(metrics for _, metrics, _ in service.calls) <= 500
    assert max(metrics * minutes for _, metrics, minutes in service.calls) <= 100_800
    assert find_most([(at, metrics * minutes) for at, metrics, minutes in service.calls]) <= quota
    assert find_most([(at, 1) for at, _, _ in service.calls]) <= 50
    assert service.clock() - 1000 <= most_seconds


def test_the_older_call_stays_within_its_own_quota() -> None:
    service = FakeCloudWatch(FakeClock(), refuse("AccessDenied"))
    metrics = make_metrics(service)
    metrics.fetch(make_requests(1_000, 5, DEFAULTS))
    older = [(at, 1) for at, metrics, _ in service.calls if metrics == 1]
    assert len(older) == 2_000
    assert find_most(older) <= 400
    assert service.clock() - 1000 <= 6


def test_a_fetch_of_nothing_does_not_end_the_warning_about_a_denied_call() -> None:
    service = FakeCloudWatch(FakeClock(), refuse("AccessDenied"))
    client = make_client(service)
    metrics = make_metrics(service, client)
    metrics.fetch(make_requests(1, 5, DEFAULTS))
    warned = client.conditions.in_force
    metrics.fetch([])
    metrics.fetch(make_requests(1, 5, NOTHING))
    assert client.conditions.in_force == warned
    assert len(warned) == 1
    service.error = None
    metrics.fetch(make_requests(1, 5, DEFAULTS))
    assert not client.conditions.in_force


def test_calls_that_fail_at_once_do_not_wait() -> None:
    service = FakeCloudWatch(FakeClock(), refuse("InternalServiceFault", status=500))
    metrics = make_metrics(service)
    metrics.fetch(make_requests(5_000, 180, EVERYTHING))
    assert service.clock() - 1000 <= 120, "the budget of failed attempts, and no pace after it"


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.fractions(Fraction(1, 50), 1, max_denominator=100)),
        min_size=1,
        max_size=60,
    )
)
def test_calls_of_any_second_take_no_more_than_its_quotas(calls: list[tuple[float, Fraction]]) -> None:
    clock = FakeClock()
    pace = make_pace(clock)
    started: list[tuple[float, Fraction]] = []
    for pause, share in calls:
        clock.now += pause
        pace.wait(share)
        started.append((clock(), share))
    for begin, _ in started:
        assert sum(share for at, share in started if begin <= at < begin + 1) <= 1


def test_no_call_waits_longer_than_it_must() -> None:
    waits: list[float] = []
    clock = FakeClock()
    pace = make_pace(clock, waits)
    for share in (Fraction(1, 2), Fraction(1, 2), Fraction(1, 4)):
        pace.wait(share)
    assert [round(seconds, 3) for seconds in waits] == [1.1]
    clock.now += 5
    pace.wait(Fraction(1))
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("metrics", "minutes", "age", "expected"),
    [
        pytest.param(2, 5, HOURS / 4, Fraction(1, 50), id="a small call counts as one of fifty"),
        pytest.param(500, 180, 3 * HOURS, Fraction(1, 2), id="the last three hours"),
        pytest.param(500, 180, 3 * HOURS + timedelta(minutes=4), Fraction(1, 2), id="about three hours"),
        pytest.param(500, 198, 4 * HOURS, Fraction(1, 4), id="earlier"),
    ],
)
def test_a_call_takes_its_share_of_the_quotas(
    metrics: int, minutes: int, age: timedelta, expected: Fraction
) -> None:
    assert find_share(metrics, minutes, age) == expected
