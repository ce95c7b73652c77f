"""A raise that only throttling asks for is made, with a warning that it may not help."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.state_file import StateFile
from tests.builders import NOW, section
from tests.check.fake_world import FakeWorld, warnings_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes import Load

ORDERS, COVERED, BARE = Target("orders"), Target("orders", "covered"), Target("orders", "bare")
COUNTS = {
    "throttled_reads_upper_threshold": "1",
    "throttled_writes_upper_threshold": "1",
    "lookback_window_start": "5",
}
SCALES = {
    "increase_throttled_by_provisioned_writes_scale": "{0: 50}",
    "increase_throttled_by_consumed_reads_scale": "{0: 50}",
    "lookback_window_start": "5",
}
HOT_KEY = "a hot key: one key gets at most 3,000 reads or 1,000 writes a second"
MINUTES = [NOW.replace(second=0) + number * MINUTE for number in range(-10, 60)]


def make_world(
    rules: dict[str, str] = COUNTS, *, is_dry_run: bool = False, file: StateFile | None = None
) -> FakeWorld:
    """Return an account of one table at 20 %, an index with a section, and one without."""
    options = {"max_provisioned_writes": "1000", **rules}
    sections = section("^orders$", gsis=(section("^covered$", **options),), **options)
    world = FakeWorld(sections, is_dry_run=is_dry_run, file=file)
    world.tables.descriptions.clear()
    for target in (ORDERS, COVERED, BARE):
        world.add(target)
        world.metrics.answers[target] = load(20, 20)
    return world


def load(reads: float, writes: float, *, throttled: str = "") -> Load:
    """Return series of this many units a second, with ten throttled events a minute on one side."""
    sides = {"reads": reads, "writes": writes}
    return PerCapacity(
        *(
            (dict.fromkeys(MINUTES, 60.0 * units), dict.fromkeys(MINUTES, 10.0) if side == throttled else {})
            for side, units in sides.items()
        )
    )


def check(world: FakeWorld, times: int = 1) -> None:
    """Run a check every five minutes."""
    for number in range(times):
        world.run(NOW + 5 * number * MINUTE)


def doubts_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings about raises."""
    return [warning for warning in warnings_of(caplog) if "because of throttling" in warning]


@pytest.mark.parametrize("rules", [COUNTS, SCALES], ids=["count", "scales"])
def test_writes_of_a_table_name_the_indexes_that_could_be_the_cause(
    rules: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(rules)
    world.tables.add(COVERED, PerCapacity(100, 60))
    world.metrics.answers[ORDERS] = load(20, 20, throttled="writes")
    report = world.run(NOW)
    expected = (
        "orders: writes are raised because of throttling, although only 20 % are consumed: more capacity"
        " may not help; the cause may be an index with too few write units, which throttles the writes"
        " of its table"
        f" (covered with 60 write units; bare with 100 write units, no section), or {HOT_KEY}"
    )
    assert doubts_of(caplog) == [expected]
    assert [str(doubt) for doubt in report.doubts] == [expected]
    assert world.units(ORDERS).writes == 150


@pytest.mark.parametrize(
    ("units", "throttled", "is_suspect"),
    [
        pytest.param(100, "", False, id="as many units as the table"),
        pytest.param(99, "", True, id="fewer units"),
        pytest.param(500, "writes", True, id="throttled too"),
        pytest.param(500, "reads", False, id="reads do not press on the table"),
    ],
)
def test_an_index_with_a_section_is_named_if_it_could_be_the_cause(
    units: int, throttled: str, caplog: pytest.LogCaptureFixture, *, is_suspect: bool
) -> None:
    world = make_world()
    world.tables.add(COVERED, PerCapacity(100, units))
    world.metrics.answers[COVERED] = load(50, 50 * units / 100, throttled=throttled)
    world.metrics.answers[ORDERS] = load(20, 20, throttled="writes")
    check(world)
    assert ["covered" in doubt for doubt in doubts_of(caplog)] == [is_suspect]


@pytest.mark.parametrize(
    ("target", "side"), [(ORDERS, "reads"), (COVERED, "reads"), (COVERED, "writes")], ids=str
)
def test_without_a_suspected_index_the_cause_may_be_a_hot_key(
    target: Target, side: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world()
    world.metrics.answers[target] = load(20, 20, throttled=side)
    check(world)
    (doubt,) = doubts_of(caplog)
    assert doubt.startswith(
        f"{target}: {side} are raised because of throttling, although only 20 % are consumed"
    )
    assert doubt.endswith(f": more capacity may not help; the cause may be {HOT_KEY}")


def test_the_warning_counts_how_often_in_a_row_a_capacity_was_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = make_world()
    world.metrics.answers[ORDERS] = load(20, 20, throttled="reads")
    check(world, 3)
    said = ["throttling, although", "throttling, 2 times in a row, although", "3 times in a row, although"]
    for doubt, expected in zip(doubts_of(caplog), said, strict=True):
        assert expected in doubt


def test_doubtful_raises_are_counted_from_run_to_run_and_in_a_dry_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, is_dry_run in enumerate((False, False, True)):
        world = make_world(file=StateFile(tmp_path / "default.json", "us-east-1"), is_dry_run=is_dry_run)
        world.metrics.answers[ORDERS] = load(20, 20, throttled="reads")
        world.run(NOW + 5 * number * MINUTE)
    assert ["times in a row" in doubt for doubt in doubts_of(caplog)] == [False, True, True]
    assert "3 times" in doubts_of(caplog)[-1]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({"reads": 95}, id="a raise by consumption"),
        pytest.param({"reads": 20}, id="a decrease"),
    ],
)
def test_another_change_resets_the_count_of_doubtful_raises(
    second: dict[str, float], caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(SCALES)
    world.metrics.answers[ORDERS] = load(20, 50, throttled="reads")
    world.run(NOW)
    world.metrics.answers[ORDERS] = load(second["reads"] * world.units(ORDERS).reads / 100, 50)
    world.run(NOW + 5 * MINUTE)
    world.metrics.answers[ORDERS] = load(0.2 * world.units(ORDERS).reads, 50, throttled="reads")
    world.run(NOW + 10 * MINUTE)
    assert ["times in a row" in doubt for doubt in doubts_of(caplog)] == [False, False]


@pytest.mark.parametrize(
    ("reads", "rules"),
    [
        pytest.param(load(50, 50, throttled="reads"), {}, id="consumption is not low"),
        pytest.param(load(95, 50), {}, id="consumption asks for it"),
        pytest.param(load(20, 50), {}, id="nothing is throttled"),
        pytest.param(load(20, 50, throttled="reads"), {"max_provisioned_reads": "100"}, id="at the maximum"),
    ],
)
def test_other_raises_are_not_doubtful(
    reads: Load, rules: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world({**COUNTS, **rules})
    world.metrics.answers[ORDERS] = reads
    check(world, 2)
    assert doubts_of(caplog) == []


def test_a_refused_raise_is_not_doubtful(caplog: pytest.LogCaptureFixture) -> None:
    world = make_world()
    world.metrics.answers[ORDERS] = load(20, 50, throttled="reads")
    world.tables.update_errors = [AwsError("dynamodb:UpdateTable", "InternalServerError")]
    check(world)
    assert doubts_of(caplog) == []


def bare_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines about indexes without a section."""
    return [
        each.getMessage() for each in caplog.records if each.getMessage().startswith("no section matches")
    ]


def test_indexes_without_a_section_are_logged_once_and_when_they_change(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world = make_world()
    check(world, 3)
    hint = "not scaled; an index with too few write units throttles the writes of its table"
    assert bare_of(caplog) == [f"no section matches {BARE}: {hint}"]
    names = [Target("orders", f"bare-{number:02}") for number in range(20)]
    for name in names:
        world.add(name)
    check(world, 2)
    first = "; ".join(map(str, [BARE, *names[:9]]))
    assert bare_of(caplog)[1:] == [f"no section matches {first} and 11 more: {hint}"]


@pytest.mark.parametrize("change", ["scaled", "on demand", "another table's"])
def test_other_indexes_are_not_named(caplog: pytest.LogCaptureFixture, change: str) -> None:
    caplog.set_level(logging.INFO)
    world = make_world()
    kept: dict[str, Any] = {
        "scaled": {ORDERS: 100, COVERED: 100},
        "on demand": {ORDERS: 0, BARE: 0},
        "another table's": {Target("users"): 100, Target("users", "bare"): 100},
    }
    world.tables.descriptions.clear()
    for target, units in kept[change].items():
        world.tables.add(target, PerCapacity(units, units))
    check(world)
    assert bare_of(caplog) == []
