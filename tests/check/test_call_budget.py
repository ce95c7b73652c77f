"""A service costs a check its failed attempts, shared among concurrent calls."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from dynamic_dynamodb.check.resilience import CallBudget, Timeouts

LIST, UPDATE = "dynamodb:ListTables", "dynamodb:UpdateTable"


@dataclass
class Clock:
    """A clock that a test moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_service_that_hangs_is_not_called_again() -> None:
    clock = Clock()
    budget = CallBudget(Timeouts(budget=40), clock)
    for _ in range(4):
        assert not budget.is_exhausted(LIST)
        with budget.call(LIST) as call:
            call.begin_attempt()
            clock.seconds += 10
            call.fail_attempt()
    assert budget.is_exhausted(LIST)
    assert not budget.allows_retry(LIST)
    assert not budget.is_exhausted(UPDATE)
    budget.reset()
    assert not budget.is_exhausted(LIST)


def test_concurrent_calls_that_hang_cost_as_much_as_one() -> None:
    clock = Clock()
    budget = CallBudget(Timeouts(budget=40), clock)
    with ExitStack() as stack:
        calls = [stack.enter_context(budget.call(LIST)) for _ in range(16)]
        clock.seconds += 10
        for call in calls:
            call.fail_attempt()
    assert budget.costs[LIST].failing_seconds == 10


def test_one_call_that_hangs_among_many_costs_little() -> None:
    clock = Clock()
    budget = CallBudget(Timeouts(budget=40), clock)
    with ExitStack() as stack:
        call, *_ = [stack.enter_context(budget.call(LIST)) for _ in range(16)]
        clock.seconds += 16
        call.fail_attempt()
    assert budget.costs[LIST].failing_seconds == 1


def test_waits_between_quick_refusals_end_retries_but_not_new_calls() -> None:
    clock = Clock()
    budget = CallBudget(Timeouts(budget=40), clock)
    with budget.call(LIST) as call:
        for _ in range(20):
            call.begin_attempt()
            clock.seconds += 0.125
            call.fail_attempt()
            clock.seconds += 2
    assert (budget.is_exhausted(LIST), budget.allows_retry(LIST)) == (False, False)
    assert budget.costs[LIST].failing_seconds == 2.5
