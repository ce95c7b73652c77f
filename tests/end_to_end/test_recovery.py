"""After any failure the next check runs, and a lasting failure is logged once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import LIMITS, add_busy_with_index, everywhere
from tests.end_to_end.breaker import serve

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

EACH_SECOND = "[global]\ncheck-interval: 1\n"
Faults = tuple[dict[str, Any], ...]

NETWORK: Faults = (
    {"kind": "reset", "times": 3},
    {"kind": "html", "times": 3},
    {"kind": "cut_body", "times": 3},
    {"kind": "short_body", "times": 3},
    {"kind": "html", "status": 503, "times": 2},
)
SERVER: Faults = (
    {"code": "ThrottlingException", "times": 3},
    {"code": "InternalServerError", "times": 3},
    {"code": "ServiceUnavailable", "times": 2},
    {"code": "ProvisionedThroughputExceededException", "times": 2},
    {"kind": "bare_error", "code": "Strange", "times": 2},
)
REFUSED: Faults = (
    {"code": "ExpiredTokenException", "times": None},
    {"code": "UnrecognizedClientException", "times": None},
    {"code": "AccessDeniedException", "times": None},
    {"code": "ResourceNotFoundException", "action": "DescribeTable", "times": None},
    {"code": "AccessDeniedException", "action": "UpdateTable", "times": None},
)
METRICS: Faults = (
    {"kind": "missing_results", "times": None},
    {"kind": "metric_status", "metric_status": "PartialData", "times": 2},
    {"kind": "metric_status", "metric_status": "Forbidden", "times": None},
    {"code": "AccessDenied", "action": "GetMetricData", "times": None},
    {"kind": "control", "action": "GetMetricData", "method": "remove_metrics"},
)


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(NETWORK, id="network"),
        pytest.param(SERVER, id="server"),
        pytest.param(REFUSED, id="refused"),
        pytest.param(METRICS, id="metrics"),
    ],
)
def test_five_checks_with_failures_are_followed_by_a_successful_one(
    emulator: Emulator, program: Program, faults: Faults
) -> None:
    with program.start(EACH_SECOND + everywhere(), "--daemon", "foreground") as running:
        running.wait_for("checked 0 targets")
        for checks, fault in enumerate(faults, 2):
            add_busy_with_index(emulator, f"orders-{checks}")
            emulator.add_fault(**fault)
            running.wait_for("INFO checked ", count=checks)
            emulator.clear_faults()
        add_busy_with_index(emulator, "last")
        running.wait_for("last: updated")
        run = running.end(signal.SIGTERM)
    assert (run.code, run.stderr) == (0, "")


def test_a_breaker_that_failed_is_requested_again(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    with serve(500) as service:
        breaker = f"circuit-breaker-url: {service.url}\ncircuit-breaker-timeout: 300\n"
        with program.start(EACH_SECOND + breaker + everywhere()) as running:
            running.wait_for("WARNING orders: skipped: ")
            service.status = None
            running.wait_for("did not answer")
            service.status = 200
            running.wait_for("orders: updated")
            assert running.end(signal.SIGTERM).code == 0


def test_a_lasting_failure_is_logged_when_it_changes(emulator: Emulator, program: Program) -> None:
    emulator.add_fault(code="ExpiredTokenException", times=None)
    with program.start(EACH_SECOND + everywhere(with_indexes=False)) as running:
        running.wait_for("INFO checked ", count=2)
        emulator.clear_faults()
        emulator.add_fault(code="AccessDeniedException", times=None)
        running.wait_for("AccessDeniedException")
        running.wait_for("INFO checked ", count=4)
        emulator.clear_faults()
        add_busy_with_index(emulator)
        running.wait_for("orders: updated")
        emulator.add_fault(code="AccessDeniedException", times=None)
        running.wait_for("tables that match an expression are not checked", count=2)
        run = running.end(signal.SIGTERM)
    errors = [line for line in run.log if line.startswith("ERROR ")]
    codes = [word for line in errors for word in line.split() if word.endswith("Exception:")]
    assert codes == ["ExpiredTokenException:", "AccessDeniedException:", "AccessDeniedException:"]


def test_a_missing_state_directory_is_reported_once(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    blocked = program.write("no folder", "blocked")
    with program.start(f"{EACH_SECOND}[table: orders]\n{LIMITS}", "--state-file", f"{blocked}/x") as running:
        running.wait_for("INFO checked ", count=3)
        run = running.end(signal.SIGTERM)
    assert len(run.warnings) == 1
    assert f"{blocked}/x" in run.warnings[0]
