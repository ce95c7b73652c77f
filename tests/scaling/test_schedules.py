"""Schedules: windows in a time zone, over changes of the clock, and which of them are open together."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.scaling.schedules import Schedule, Zone, list_open_sets
from dynamic_dynamodb.scaling.times import Times

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kathmandu",  # 5:45 ahead
    "America/Sao_Paulo",
    "Asia/Beirut",  # changes at midnight
    "America/Santiago",  # changes at midnight
    "Pacific/Apia",
)


def schedule(times: str, zone: str = "UTC", name: str = "peak") -> Schedule:
    """Return a schedule."""
    return Schedule(name, Times(times), Zone(zone, ZoneInfo(zone)))


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """Return a moment in UTC by the clock of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(timezone.utc)


@pytest.mark.parametrize(
    ("times", "opened", "closed"),
    [
        pytest.param(
            "Mon-Fri 07:30-20:30", "2026-11-27 20:30", "2026-11-27 20:31", id="the end belongs to it"
        ),
        pytest.param("Mon-Fri 07:30-20:30", "2026-11-27 07:30", "2026-11-28 12:00", id="weekdays"),
        pytest.param("Fri-Mon", "2026-11-29 12:00", "2026-11-25 12:00", id="over the end of the week"),
        pytest.param("Fri 22:00-06:00", "2026-11-28 06:00", "2026-11-28 22:00", id="over midnight"),
        pytest.param("Sat, Sun 09:00-12:00", "2026-11-29 09:00", "2026-11-27 09:00", id="a list of days"),
        pytest.param(
            "Mon-Fri 07:00-12:00, 13:00-17:00", "2026-11-27 13:00", "2026-11-28 13:00", id="two times"
        ),
        pytest.param("Dec 24-26", "2030-12-26 23:59", "2030-12-27 00:00", id="days of the year"),
        pytest.param(
            "December 31-January 1", "2027-01-01 12:00", "2027-01-02 12:00", id="over the year's end"
        ),
        pytest.param("Feb 29", "2028-02-29 12:00", "2027-03-01 12:00", id="a leap day"),
        pytest.param("2026-11-27..2026-11-30", "2026-11-30 23:59", "2027-11-27 12:00", id="dates"),
        pytest.param(
            "2026-11-27 22:00-02:00", "2026-11-28 02:00", "2026-11-27 02:00", id="a night by its date"
        ),
        pytest.param("* 22:00-24:00", "2026-11-27 23:59", "2026-11-28 00:00", id="until midnight"),
        pytest.param("22:00-06:00, 12:00-13:00", "2026-11-27 12:30", "2026-11-27 14:00", id="times alone"),
        pytest.param("Mon 10:00-11:00\n12:00-13:00", "2026-11-28 12:00", "2026-11-28 10:30", id="a new line"),
        pytest.param(
            "Mon 10:00-11:00,\n12:00-13:00", "2026-11-30 12:00", "2026-11-28 12:00", id="a comma goes on"
        ),
    ],
)
def test_times_name_days_and_times_of_day(times: str, opened: str, closed: str) -> None:
    assert [schedule(times).is_open(at(opened)), schedule(times).is_open(at(closed))] == [True, False]


def test_an_asterisk_is_always_open() -> None:
    assert schedule("*").is_open(at("2026-11-27 00:00"))
    assert schedule("*").find_next_change(at("2026-11-27 00:00")) is None


@pytest.mark.parametrize(
    "times",
    [
        "",
        "Mon-Fri 7-20",
        "Mon-Fry 07:30-20:30",
        "Mon 24:00-02:00",
        "Mon 10:00-25:00",
        "Mon 10:60-11:00",
        "Feb 30",
        "2026-02-29",
        "2026-12-24..2026-12-20",
        "Dec 26-24",
        "Mon 10:00-11:00,",
        "Mon 10:00-11:00; Tue 10:00-11:00",
        "\u0662026-11-27",
        "9999-12-31",
        ",".join(["10:00-11:00"] * 101),
    ],
)
def test_times_that_cannot_be_read_are_refused(times: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Times(times)


def test_an_hour_that_the_clock_repeats_counts_twice() -> None:
    night = schedule("02:00-02:59", "Europe/Berlin")
    minutes = [at("2026-10-24 22:00") + number * MINUTE for number in range(240)]
    assert sum(map(night.is_open, minutes)) == 120


def test_an_hour_that_the_clock_skips_does_not_count() -> None:
    night = schedule("02:00-02:59", "Europe/Berlin")
    minutes = [at("2027-03-27 22:00") + number * MINUTE for number in range(240)]
    assert not any(map(night.is_open, minutes))


_DAYS = st.sampled_from(
    (
        "*",
        "Mon-Fri",
        "Sat",
        "Sun-Mon",
        "Mar 28",
        "Oct 24-26",
        "Feb 28-Mar 1",
        "Dec 31-Jan 1",
        "2026-10-25",
        "",
    )
)
_MINUTES = st.one_of(st.integers(0, 1439), st.sampled_from((0, 30, 60, 119, 120, 150, 179, 180, 1439)))


@st.composite
def _times(draw: st.DrawFn) -> str:
    entries = []
    for _ in range(draw(st.integers(1, 3))):
        days, start, end = draw(_DAYS), draw(_MINUTES), draw(_MINUTES)
        times = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
        entries.append(f"{days} {times}".strip() if draw(st.booleans()) or not days else days)
    return "\n".join(entries)


@settings(max_examples=150, deadline=None)
@example(times="01:02-00:00", zone="Asia/Beirut", start="2027-03-27 12:00", minutes=0)
@example(times="23:30-00:00", zone="Asia/Beirut", start="2027-03-27 12:00", minutes=0)
@given(
    times=_times(),
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(
        ("2026-10-24 12:00", "2026-10-25 00:15", "2027-03-27 12:00", "2027-03-13 20:00", "2028-02-28 12:00",
         "2026-12-31 12:00", "2027-04-03 10:00", "2026-09-05 20:00", "2011-12-29 03:00", "2018-11-03 12:00")
    ),
    minutes=st.integers(0, 1440),
)  # fmt: skip
def test_the_next_change_is_what_a_search_minute_by_minute_finds(
    times: str, zone: str, start: str, minutes: int
) -> None:
    one, now = schedule(times, zone), at(start) + minutes * MINUTE
    is_open, found = one.is_open(now), None
    for number in range(1, 3 * 1440):
        if one.is_open(now + number * MINUTE) is not is_open:
            found = now + number * MINUTE
            break
    expected = one.find_next_change(now)
    if found is None:
        assert expected is None or expected >= now + 3 * 1440 * MINUTE
    else:
        assert expected == found


def test_a_leap_day_is_found_eight_years_ahead() -> None:
    assert schedule("Feb 29").find_next_change(at("2096-03-01 00:00")) == at("2104-02-29 00:00")


def test_a_date_is_found_many_years_ahead() -> None:
    assert schedule("2050-06-01 10:00-11:00").find_next_opening(at("2026-11-27 00:00")) == at(
        "2050-06-01 10:00"
    )


def test_a_schedule_of_past_dates_never_opens_again() -> None:
    assert schedule("2020-01-01").find_next_opening(at("2026-11-27 00:00")) is None


def test_the_sets_of_schedules_that_are_open_together_come_with_their_first_moment() -> None:
    found = list_open_sets(
        [
            schedule("Mon-Fri 07:30-20:30", "Europe/Berlin", "work"),
            schedule("Fri", "Europe/Berlin", "fridays"),
        ],
        at("2026-11-26 23:30", "Europe/Berlin"),
    )
    assert found == {
        frozenset(): at("2026-11-26 23:30", "Europe/Berlin"),
        frozenset({"fridays"}): at("2026-11-27 00:00", "Europe/Berlin"),
        frozenset({"work", "fridays"}): at("2026-11-27 07:30", "Europe/Berlin"),
        frozenset({"work"}): at("2026-11-30 07:30", "Europe/Berlin"),
    }


def test_a_combination_that_needs_a_day_of_the_week_years_ahead_is_found() -> None:
    found = list_open_sets(
        [schedule("Dec 25", name="christmas"), schedule("Mon 10:00-11:00", name="mondays")],
        at("2026-11-27 12:00"),
    )
    assert found[frozenset({"christmas", "mondays"})] == at("2028-12-25 10:00")


def test_a_combination_of_past_dates_has_no_moment() -> None:
    found = list_open_sets(
        [schedule("2020-01-01", name="past"), schedule("Mon-Sun 10:00-11:00", name="daily")],
        at("2026-11-27 12:00"),
    )
    assert [found[frozenset({"past"})], found[frozenset({"past", "daily"})]] == [None, None]
    assert found[frozenset({"daily"})] == at("2026-11-28 10:00")


@settings(max_examples=20, deadline=None)
@given(
    times=st.lists(_times(), min_size=2, max_size=3),
    zones=st.lists(st.sampled_from(ZONES), min_size=3, max_size=3),
)
def test_every_set_that_is_open_within_days_is_listed(times: list[str], zones: list[str]) -> None:
    schedules = [
        schedule(one, zone, str(place)) for place, (one, zone) in enumerate(zip(times, zones, strict=False))
    ]
    now = at("2026-10-23 12:07")
    found = list_open_sets(schedules, now)
    for number in range(4 * 1440):
        moment = now + number * MINUTE
        names = frozenset(one.name for one in schedules if one.is_open(moment))
        first = found[names]
        assert first is not None
        assert first <= moment


def test_schedules_can_be_pickled() -> None:
    one = schedule("Mon-Fri 07:30-20:30", "Europe/Berlin")
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - what this test has made itself
