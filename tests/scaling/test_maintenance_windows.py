"""Windows are read as people write them, and include both ends."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from dynamic_dynamodb.scaling.schedules import Schedule
from dynamic_dynamodb.scaling.times import Times
from tests.builders import target_options


@pytest.mark.parametrize(
    ("windows", "moment", "expected"),
    [
        pytest.param("10:00-11:00", "09:59", False, id="before"),
        pytest.param("10:00-11:00", "10:00", True, id="the start belongs to it"),
        pytest.param("10:00-11:00", "11:00", True, id="the end belongs to it"),
        pytest.param("10:00-11:00", "11:01", False, id="after"),
        pytest.param("22:00-06:00", "23:30", True, id="over midnight, before"),
        pytest.param("22:00-06:00", "03:00", True, id="over midnight, after"),
        pytest.param("22:00-06:00", "12:00", False, id="over midnight, outside"),
        pytest.param("00:00-24:00", "23:59", True, id="24:00 ends a day"),
        pytest.param("00:00-00:00", "00:00", True, id="one minute"),
        pytest.param("00:00-00:00", "00:01", False, id="one minute is over"),
        pytest.param("9:00-9:30", "09:15", True, id="hours without a leading zero"),
        pytest.param(" 10:00 - 11:00 ,  20:00-21:00", "20:30", True, id="spaces anywhere"),
    ],
)
def test_a_window_contains_its_minutes(windows: str, moment: str, expected: bool) -> None:  # noqa: FBT001 - a case
    now = datetime.fromisoformat(f"2026-03-04T{moment}:59").replace(tzinfo=timezone.utc)
    maintenance = target_options(maintenance_windows=windows).maintenance_windows
    assert maintenance == Schedule("maintenance-windows", Times(windows.strip()))
    assert maintenance.is_open(now) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param("2026-01-05T04:59", True, id="in winter"),
        pytest.param("2026-01-05T05:01", False, id="in winter, after"),
        pytest.param("2026-07-06T03:59", True, id="in summer, an hour earlier in UTC"),
        pytest.param("2026-07-06T04:01", False, id="in summer, after"),
        pytest.param("2026-07-05T03:59", False, id="on another day"),
    ],
)
def test_windows_may_have_days_and_a_time_zone(moment: str, expected: bool) -> None:  # noqa: FBT001 - a case
    options = target_options(maintenance_windows="Mon-Fri 00:00-06:00", time_zone="Europe/Berlin")
    assert options.maintenance_windows is not None
    now = datetime.fromisoformat(f"{moment}:30").replace(tzinfo=timezone.utc)
    assert options.maintenance_windows.is_open(now) is expected


@pytest.mark.parametrize(
    "text",
    [
        "always", "10:00", "10-11", "1000-1100", "10:00-11:00,", ",10:00-11:00", "10:00-11:00;12:00-13:00",
        "10:00:00-11:00:00",
        "25:00-26:00", "10:60-11:00", "24:00-01:00", "10:00-24:01", "\u0661\u0660:00-11:00",
    ],
)  # fmt: skip
def test_a_malformed_window_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        Times(text)
    assert str(raised.value) in (*text.split(","), "nothing between commas")


def test_all_malformed_windows_are_named() -> None:
    with pytest.raises(ValueError, match=r"^22:00-25:00, 10-11$"):
        Times("22:00-25:00, 09:00-10:00, 10-11")
