"""Run a few hundred of the checks of `make soak`, and show that it detects broken rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target
from dynamic_dynamodb.scaling.table_update import plan
from tests.builders import both, decide_with, usage
from tests.soak.account import Account
from tests.soak.virtual import (
    BEYOND_BUDGET,
    BEYOND_LIMITS,
    LOST_RAISES,
    PAST_BREAKER,
    WITHOUT_FACTS,
    WRONG_REPORTS,
    judge,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.scaling.decision import Decision

TABLE, WITH_BREAKER = Target("a-00"), Target("e-04")
NOTHING = CheckReport(())


@pytest.mark.parametrize("seed", [1, 2])
def test_no_rule_is_broken_in_an_account_with_many_failures(seed: int) -> None:
    account, verdict = run(150, seed)
    assert (dict(verdict.faults), verdict.first_fault) == ({}, "")
    assert min(account.increases, account.decreases, verdict.raises_due) > 100
    assert account.failure_count > 500


def test_no_rule_is_broken_while_quiet_targets_are_left_out() -> None:
    account, verdict = run(150, 3, quiet_seconds=1_800)
    assert (dict(verdict.faults), verdict.first_fault) == ({}, "")
    assert min(account.increases, verdict.raises_due, verdict.left_out) > 100


def _decide(target: Target, reads: float) -> Decision:
    return replace(decide_with(usage(reads)), target=target)


def _see(account: Account, *targets: Target, consumed: int = 0) -> None:
    for target in targets:
        account.record.described[target] = Description(target, both(100), "ACTIVE", "ACTIVE")
        account.record.consumed[target] = PerCapacity(consumed, 0)


def _use_up(account: Account) -> None:
    last = account.now - timedelta(minutes=59)
    account.record.described[TABLE] = replace(
        account.record.described[TABLE], decreases_today=4, last_decrease=last
    )


def _raise_beyond(account: Account) -> None:
    decision = decide_with(usage(95), increase_reads_with="900")
    account.record.sent = [plan("a-00", [replace(decision, target=TABLE)])]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda _: None, set(), id="nothing is wrong"),
        pytest.param(_raise_beyond, {BEYOND_LIMITS}, id="above the maximum"),
        pytest.param(_use_up, {BEYOND_BUDGET}, id="no decreases left"),
        pytest.param(lambda one: one.record.consumed.clear(), {WITHOUT_FACTS}, id="no metrics"),
        pytest.param(
            lambda one: setattr(one.failures, "late_minutes", 1), {WITHOUT_FACTS}, id="late metrics"
        ),
        pytest.param(lambda one: one.failures.silent.add(TABLE), {WITHOUT_FACTS}, id="no datapoints"),
        pytest.param(
            lambda one: setattr(one.failures, "is_breaker_open", True), {PAST_BREAKER}, id="an open breaker"
        ),
        pytest.param(lambda one: _see(one, TABLE, consumed=27_001), {LOST_RAISES}, id="a raise that was due"),
    ],
)
def test_a_broken_rule_is_detected(change: Callable[[Account], None], expected: set[str]) -> None:
    account = Account(1)
    _see(account, TABLE, WITH_BREAKER)
    account.record.sent = [plan("a-00", [_decide(TABLE, 10)]), plan("e-04", [_decide(WITH_BREAKER, 95)])]
    change(account)
    assert {fault for fault, _ in judge(account, NOTHING)} == expected


def test_a_report_of_a_change_that_did_not_happen_is_detected() -> None:
    report = CheckReport((TargetReport(TABLE, Outcome.UPDATED, _decide(TABLE, 95)),))
    assert [fault for fault, _ in judge(Account(1), report)] == [WRONG_REPORTS]
