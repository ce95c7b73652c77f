"""What a service costs a check is its failed attempts, shared among the calls that wait together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from dynamic_dynamodb.check.budget import CallBudget, Timeouts

LIST, UPDATE = "dynamodb:ListTables", "dynamodb:UpdateTable"


@dataclass
class Clock:
    """A clock that a test moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_service_that_hangs_is_asked_no_more() -> None:
    clock = Clock()
    patience = CallBudget(Timeouts(patience=40), clock)
    for _ in range(4):
        assert not patience.is_exhausted(LIST)
        with patience.call(LIST) as call:
            call.begin_attempt()
            clock.seconds += 10
            call.fail_attempt()
    assert patience.is_exhausted(LIST)
    assert not patience.allows_retry(LIST)
    assert not patience.is_exhausted(UPDATE)
    patience.reset()
    assert not patience.is_exhausted(LIST)


def test_calls_that_hang_side_by_side_cost_what_one_of_them_costs() -> None:
    clock = Clock()
    patience = CallBudget(Timeouts(patience=40), clock)
    with ExitStack() as stack:
        calls = [stack.enter_context(patience.call(LIST)) for _ in range(16)]
        clock.seconds += 10
        for call in calls:
            call.fail_attempt()
    assert patience.costs[LIST].failing_seconds == 10


def test_one_call_that_hangs_among_many_costs_little() -> None:
    clock = Clock()
    patience = CallBudget(Timeouts(patience=40), clock)
    with ExitStack() as stack:
        call, *_ = [stack.enter_context(patience.call(LIST)) for _ in range(16)]
        clock.seconds += 16
        call.fail_attempt()
    assert patience.costs[LIST].failing_seconds == 1


def test_waits_between_quick_refusals_end_the_repeating_but_not_the_asking() -> None:
    clock = Clock()
    patience = CallBudget(Timeouts(patience=40), clock)
    with patience.call(LIST) as call:
        for _ in range(20):
            call.begin_attempt()
            clock.seconds += 0.125
            call.fail_attempt()
            clock.seconds += 2
    assert (patience.is_exhausted(LIST), patience.allows_retry(LIST)) == (False, False)
    assert patience.costs[LIST].failing_seconds == 2.5
