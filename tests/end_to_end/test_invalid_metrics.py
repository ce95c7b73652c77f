"""An invalid metric from CloudWatch affects its target alone, and lowers nothing that is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.emulator.faults import LEFT_OUT, ONCE_MORE
from tests.end_to_end.account import ALL, BEFORE, LOWERED, RAISED, add_busy, add_idle
from tests.end_to_end.invalid_values import CONSUMED, HUGE, Replacement

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


SUM = 95 * 60.0
METRICS: Final[dict[str, tuple[tuple[str | int, ...], Replacement]]] = {
    "not-a-number": (("Values", 0), {"raw": "NaN"}),
    "infinite": (("Values", 0), {"raw": "1e999"}),
    "null-value": (("Values", 1), {"value": None}),
    "text-value": (("Values", 1), {"value": "5700"}),
    "true-value": (("Values", 2), {"value": True}),
    "negative": (("Values", 3), {"value": -SUM}),
    "large": (("Values", 4), {"value": 1e300}),
    "endless-digits": (("Values", 0), {"raw": HUGE}),
    "surplus-value": (("Values", 0), {"value": ONCE_MORE}),
    "lacking-value": (("Values", 0), {"value": LEFT_OUT}),
    "surplus-time": (("Timestamps", 0), {"value": ONCE_MORE}),
    "null-time": (("Timestamps", 0), {"value": None}),
    "text-time": (("Timestamps", 0), {"value": "soon"}),
    "list-time": (("Timestamps", 0), {"value": [1]}),
    "early-time": (("Timestamps", 4), {"value": 86_400}),
    "uneven-time": (("Timestamps", 4), {"value": 1_700_000_001.5}),
    "endless-time": (("Timestamps", 4), {"value": 1e30}),
    "no-times": (("Timestamps",), {"value": None}),
    "no-values": (("Values",), {"value": 5}),
    "list-status": (("StatusCode",), {"value": ["Complete"]}),
    "no-status": (("StatusCode",), {"value": LEFT_OUT}),
    "null-id": (("Id",), {"value": None}),
    "list-id": (("Id",), {"value": ["m1_0"]}),
    "unknown-id": (("Id",), {"value": "somebody"}),
    "not-a-result": ((), {"value": 5}),
}
"""Names of tables, and what is invalid in one of their metrics."""


@pytest.mark.parametrize("is_busy", [True, False], ids=["busy", "idle"])
def test_an_invalid_metric_holds_only_its_target(emulator: Emulator, program: Program, is_busy: bool) -> None:  # noqa: FBT001 - a parameter
    add_busy(emulator)
    add_idle(emulator)
    for name, (path, odd) in METRICS.items():
        (add_busy if is_busy else add_idle)(emulator, name)
        emulator.add_fault(
            kind="odd", action="GetMetricData", table=name, metric=CONSUMED, path=path, times=None, **odd
        )
    run = program.check(ALL)
    assert emulator.capacities() == {
        ("busy", None): RAISED,
        ("idle", None): LOWERED,
        **{(name, None): BEFORE for name in METRICS},
    }
    assert run.code == 1
    for name in METRICS:
        failed = f"ERROR {name}: failed: no metrics: cloudwatch:GetMetricData failed: "
        assert run.line_of(name).startswith(failed)
    assert f"UnusableAnswer: {CONSUMED} has the value nan" in run.line_of("not-a-number")
    assert f"UnusableAnswer: {CONSUMED} has 6 values for 5 times" in run.line_of("surplus-value")
    assert f"UnusableAnswer: {CONSUMED} has the value -5700.0" in run.line_of("negative")
    assert "IncompleteAnswer" in run.line_of("unknown-id")


def test_an_invalid_metric_is_requested_again(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    odd: Replacement = {"kind": "odd", "action": "GetMetricData", "table": "busy", "metric": CONSUMED}
    emulator.add_fault(**odd, path=("Values", 0), raw="NaN", times=2)
    assert program.check(ALL).code == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert len(emulator.requests("GetMetricData")) == 3
    assert len(emulator.requests("GetMetricData")[1].parameters["MetricDataQueries"]) == 1


def test_a_metric_answered_twice_is_requested_again(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    # The consumption of the idle table comes a second time, with the name of the busy one's.
    emulator.add_fault(kind="odd", action="GetMetricData", path=("MetricDataResults", 4, "Id"), value="m0_0")
    run = program.check(ALL)
    assert (run.code, emulator.capacities()) == (0, {("busy", None): RAISED, ("idle", None): LOWERED})
    assert len(emulator.requests("GetMetricData")) == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param((0, "Sum"), -5.0, id="negative"),
        pytest.param((1, "Sum"), None, id="null"),
        pytest.param((1, "Timestamp"), "soon", id="a time that is none"),
        pytest.param((1,), None, id="no datapoint"),
        pytest.param((1,), ONCE_MORE, id="a minute twice"),
    ],
)
def test_get_metric_statistics_is_validated_as_strictly(
    emulator: Emulator, impatient: Program, path: tuple[str | int, ...], value: Any
) -> None:
    for name in ("idle", "sick"):
        add_idle(emulator, name)
    emulator.add_fault(action="GetMetricData", code="AccessDenied", times=None)
    emulator.add_fault(
        kind="odd",
        action="GetMetricStatistics",
        table="sick",
        path=("Datapoints", *path),
        value=value,
        times=None,
    )
    run = impatient.check(ALL)
    assert (run.code, emulator.capacities()) == (1, {("idle", None): LOWERED, ("sick", None): BEFORE})
