"""The busiest minute, and the capacity that would have followed a load, come from sums by minute."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from dynamic_dynamodb.proposal.load import Peak, count_unit_hours, find_peak

MIDNIGHT = datetime(2026, 2, 25, tzinfo=timezone.utc)


def at(hours: int, minutes: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hours, minutes=minutes)


def test_the_busiest_minute_is_in_units_a_second() -> None:
    assert find_peak({at(0): 60.0, at(1): 6000.0, at(2): 599.0}) == Peak(100.0, at(1))


def test_without_consumption_there_is_no_busiest_minute() -> None:
    assert find_peak({}) is None
    assert find_peak({at(0): 0.0, at(1): 0.0}) is None


def test_each_hour_needs_what_its_busiest_minute_does_at_85_percent() -> None:
    sums = {at(0): 60 * 85.0, at(0, 59): 60.0, at(1): 60 * 42.5, at(2): 1.0}
    assert count_unit_hours(sums, 3) == 100 + 50 + 1


def test_an_hour_without_load_has_one_unit() -> None:
    assert count_unit_hours({at(5): 60 * 85.0}, 24) == 100 + 23


def test_the_same_hour_of_two_days_is_two_hours_across_the_end_of_a_month() -> None:
    sums = {at(24 * day): 60 * 85.0 for day in range(14)}
    assert count_unit_hours(sums, 14 * 24) == 14 * 100 + 14 * 23


def test_a_part_of_an_hour_at_both_ends_is_not_an_hour_more() -> None:
    sums = {at(0, 30 + minute): 60 * 85.0 for minute in range(120)}
    assert count_unit_hours(sums, 2) == 200
