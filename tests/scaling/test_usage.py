"""A minute that CloudWatch has not published is not a minute without load."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from fractions import Fraction

import pytest

from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import PerCapacity, Usage
from dynamic_dynamodb.scaling.usage import (
    CapacitySeries,
    LookBackWindow,
    UsageEstimator,
    find_freshest,
    find_window,
)
from tests.builders import target_options

NOW = datetime(2026, 3, 4, 12, 0, 30, tzinfo=timezone.utc)


def at(minutes_ago: int) -> datetime:
    """Return the start of a whole minute before noon."""
    return datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc) - timedelta(minutes=minutes_ago)


def series(**minutes: float) -> dict[datetime, float]:
    """Return a series from names such as m15, the minute that began fifteen minutes before noon."""
    return {at(int(name[1:])): total for name, total in minutes.items()}


OLD_WINDOW = LookBackWindow(at(15), 5)
FRESH_WINDOW = LookBackWindow(at(5), 5)


@pytest.mark.parametrize(
    ("window", "consumed", "throttled", "freshest", "expected"),
    [
        pytest.param(
            OLD_WINDOW,
            series(m15=300, m14=300, m13=300, m12=300, m11=300),
            series(m12=30),
            at(11),
            Usage(Fraction(5), Fraction(30), Fraction(30, 300)),
            id="a full window",
        ),
        pytest.param(
            OLD_WINDOW,
            series(m15=300, m11=300),
            {},
            at(11),
            Usage(Fraction(2), Fraction(0), Fraction(0)),
            id="gaps are zero",
        ),
        pytest.param(
            OLD_WINDOW,
            series(m15=300),
            {},
            at(3),
            Usage(Fraction(1), Fraction(0), Fraction(0)),
            id="old missing minutes at the end are zero if another series has them",
        ),
        pytest.param(
            OLD_WINDOW,
            series(m15=300, m14=300),
            {},
            at(13),
            Usage(
                Fraction(600, 180), Fraction(0), Fraction(0), is_late=True, known_floor_per_second=Fraction(2)
            ),
            id="old missing minutes at the end are late if no target has them",
        ),
        pytest.param(
            OLD_WINDOW, {}, {}, None, Usage(Fraction(0), Fraction(0), Fraction(0)), id="nothing at all is 0 %"
        ),
        pytest.param(
            OLD_WINDOW,
            {},
            {},
            at(13),
            Usage(Fraction(0), Fraction(0), Fraction(0), is_late=True, known_floor_per_second=Fraction(0)),
            id="nothing while CloudWatch is late is 0 %, but proves nothing",
        ),
        pytest.param(
            OLD_WINDOW,
            {},
            {},
            at(20),
            Usage(None, Fraction(0), Fraction(0), is_late=True, known_floor_per_second=Fraction(0)),
            id="a window younger than all data is unknown",
        ),
        pytest.param(
            FRESH_WINDOW,
            series(m5=60, m4=60),
            {},
            at(4),
            Usage(Fraction(1), Fraction(0), Fraction(0)),
            id="young missing minutes are left out of the rate",
        ),
        pytest.param(
            FRESH_WINDOW,
            series(m5=60, m4=60, m3=60, m2=60, m1=60),
            {},
            at(1),
            Usage(Fraction(1), Fraction(0), Fraction(0)),
            id="young minutes with data count",
        ),
        pytest.param(
            LookBackWindow(at(2), 2),
            {},
            {},
            at(1),
            Usage(None, Fraction(0), Fraction(0)),
            id="only young missing minutes are unknown",
        ),
        pytest.param(
            LookBackWindow(at(2), 2),
            {},
            series(m2=12),
            at(2),
            Usage(None, Fraction(12), Fraction(12, 60)),
            id="throttles are seen while consumption is unknown",
        ),
        pytest.param(
            OLD_WINDOW,
            {at(15): 51.3, at(14): 0.1},
            {},
            at(3),
            Usage(Fraction(514, 10) / 300, Fraction(0), Fraction(0)),
            id="sums are exact",
        ),
    ],
)
def test_usage_is_taken_over_the_minutes_that_are_known(
    window: LookBackWindow,
    consumed: dict[datetime, float],
    throttled: dict[datetime, float],
    freshest: datetime | None,
    expected: Usage,
) -> None:
    found = CapacitySeries.of(window, consumed, throttled)
    assert UsageEstimator(window, now=NOW, freshest=freshest).estimate(found) == expected


@pytest.mark.parametrize(
    ("answered_until", "events", "per_second"),
    [
        pytest.param(None, 0, Fraction(45, 300), id="no raise is known"),
        pytest.param(at(15), 0, Fraction(45, 300), id="a raise before the window"),
        pytest.param(at(13), 30, Fraction(15, 180), id="some minutes are answered"),
        pytest.param(at(10), 45, 0, id="all minutes are answered"),
        pytest.param(at(0), 45, 0, id="a raise by a later window"),
        pytest.param(at(-1), 0, Fraction(45, 300), id="a raise by a window that ends in the future"),
    ],
)
def test_a_raise_answers_the_throttling_before_it(
    answered_until: datetime | None, events: int, per_second: Fraction
) -> None:
    found = CapacitySeries.of(OLD_WINDOW, series(m15=300, m11=300), series(m15=20, m14=10, m11=15))
    memory = Memory(answered_until=answered_until)
    usage = UsageEstimator(OLD_WINDOW, now=NOW, freshest=at(10)).estimate(found, memory)
    assert (usage.throttled_events, usage.answered_events, usage.throttled_per_second) == (
        45,
        events,
        per_second,
    )
    assert usage.unanswered_events == 45 - events


def test_a_minute_stays_young_for_three_minutes_after_its_end() -> None:
    window = LookBackWindow(at(4), 1)
    just_young = at(0) - timedelta(seconds=1)
    nothing = CapacitySeries.of(window, {}, {})
    assert UsageEstimator(window, now=just_young, freshest=None).estimate(nothing).consumed_per_second is None
    assert UsageEstimator(window, now=at(0), freshest=None).estimate(nothing).consumed_per_second == 0


def test_the_window_lies_on_whole_minutes() -> None:
    options = target_options(lookback_window_start="15", lookback_period="5")
    assert find_window(options, NOW) == OLD_WINDOW
    assert OLD_WINDOW.end == at(10)


def test_the_freshest_minute_of_a_target_is_that_of_any_of_its_series() -> None:
    nothing = CapacitySeries.of(OLD_WINDOW, {}, {})
    old = CapacitySeries.of(OLD_WINDOW, series(m15=1), {})
    throttled = CapacitySeries.of(OLD_WINDOW, {}, series(m12=1, m13=1))
    fresh = CapacitySeries.of(FRESH_WINDOW, series(m5=1, m3=1), {})
    assert find_freshest(OLD_WINDOW, PerCapacity(old, throttled)) == at(12)
    assert find_freshest(FRESH_WINDOW, PerCapacity(fresh, nothing)) == at(3)
    assert find_freshest(OLD_WINDOW, PerCapacity(nothing, nothing)) is None
