"""A refusal costs no more than it must: no raise of another resource, and no decrease for good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.updater import apply_update
from dynamic_dynamodb.errors import AwsError, Limit
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.table_update import TableUpdate, plan
from tests.builders import both, decide_with, usage
from tests.fakes import FakeTables

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.decision import Decision

TABLE = Target("orders")
GOOD, BAD = Target("orders", "good"), Target("orders", "bad")
Call = dict[str, tuple[int, int]]


def refusal(code: str) -> AwsError:
    """Return a refusal of AWS."""
    return AwsError("dynamodb:UpdateTable", code, "because")


def change(target: Target, reads: float = 95, writes: float = 50) -> Decision:
    """Decide on a target of 100 units each."""
    return replace(decide_with(usage(reads), usage(writes)), target=target)


def account(*errors: AwsError | None) -> FakeTables:
    """Return an account with a table and two indexes, which refuses the next calls."""
    tables = FakeTables(update_errors=list(errors))
    for target in (TABLE, GOOD, BAD):
        tables.add(target, both(100))
    return tables


def sent(tables: FakeTables) -> list[Call]:
    """Return the capacities that each call requested."""
    return [
        {str(one.target): (one.proposed.reads, one.proposed.writes) for one in update.decisions}
        for update in tables.updates
    ]


def run(tables: FakeTables, *decisions: Decision) -> tuple[list[Call], set[str]]:
    """Apply an update; return the calls, and the targets that failed."""
    result = apply_update(plan("orders", decisions), tables.update, tables.describe)
    return sent(tables), {str(decision.target) for decision in decisions if result.is_failure(decision)}


AT_ONCE = "Subscriber limit exceeded: Only 50 tables can be created, updated, or deleted simultaneously"
DECREASES = "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day."
MAXIMUM = "Subscriber limit exceeded: The requested ReadCapacityUnits of 50000 exceeds the limit per table."


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(AT_ONCE, Limit.AT_ONCE, id="too many at once"),
        pytest.param(
            "Only 1 online index can be created or deleted simultaneously per table",
            Limit.AT_ONCE,
            id="indexes",
        ),
        pytest.param(
            "Too many operations for a given subscriber.", Limit.AT_ONCE, id="the service model's own text"
        ),
        pytest.param("up to 250 such requests running at a time", Limit.AT_ONCE, id="at a time"),
        pytest.param(DECREASES, Limit.DECREASES, id="decreases"),
        pytest.param(MAXIMUM, Limit.MAXIMUM, id="a table's maximum"),
        pytest.param(
            "Requested throughput exceeds the account limit", Limit.MAXIMUM, id="an account's maximum"
        ),
        pytest.param("Too much.", Limit.UNKNOWN, id="who knows"),
        pytest.param("", Limit.UNKNOWN, id="nothing said"),
    ],
)
def test_limits_are_distinguished_by_their_message(message: str, expected: Limit) -> None:
    assert AwsError("dynamodb:UpdateTable", "LimitExceededException", message).limit is expected


def test_an_update_that_has_waited_for_others_is_not_sent_in_parts() -> None:
    error = AwsError("dynamodb:UpdateTable", "LimitExceededException", AT_ONCE)
    calls, failed = run(account(error), change(TABLE), change(GOOD, 10))
    assert (calls, failed) == ([{"orders": (150, 100), "orders/good": (50, 100)}], {"orders"})


def test_a_capacity_above_the_maximum_blocks_no_other_change() -> None:
    error = AwsError("dynamodb:UpdateTable", "LimitExceededException", MAXIMUM)
    calls, failed = run(account(error, error), change(BAD), change(TABLE), change(GOOD, 10))
    assert calls[1:] == [
        {"orders/bad": (150, 100), "orders": (150, 100)},
        {"orders": (150, 100), "orders/good": (50, 100)},
    ]
    assert failed == {"orders/bad"}


def test_with_several_resources_at_fault_each_is_sent_alone_in_the_end() -> None:
    error = AwsError("dynamodb:UpdateTable", "LimitExceededException", MAXIMUM)
    tables = account(*[error] * 4, None, error, error)
    calls, failed = run(tables, change(TABLE), change(GOOD), change(BAD))
    assert [list(call) for call in calls[1:]] == [
        ["orders/good", "orders/bad"],
        ["orders", "orders/bad"],
        ["orders", "orders/good"],
        ["orders"],
        ["orders/good"],
        ["orders/bad"],
    ]
    assert failed == {"orders/good", "orders/bad"}


def test_a_table_busy_with_our_first_update_is_neither_called_again_nor_failed() -> None:
    error = AwsError("dynamodb:UpdateTable", "LimitExceededException", MAXIMUM)
    busy = refusal("ResourceInUseException")
    tables = account(*[error] * 4, None, busy)
    decisions = [change(target) for target in (TABLE, GOOD, BAD)]
    result = apply_update(plan("orders", decisions), tables.update, tables.describe)
    assert [len(call) for call in sent(tables)] == [3, 2, 2, 2, 1, 1]
    assert list(result.applied) == [TABLE]
    assert {target: result.refused[target] for target in (GOOD, BAD)} == {GOOD: error, BAD: error}


def test_a_network_failure_ends_the_search_for_the_resource_at_fault() -> None:
    above_maximum = AwsError("dynamodb:UpdateTable", "LimitExceededException", MAXIMUM)
    dead = AwsError("dynamodb:UpdateTable", "ConnectTimeoutError", is_transient=True)
    calls, failed = run(account(above_maximum, dead), change(TABLE), change(GOOD), change(BAD))
    assert (len(calls), failed) == (2, {"orders", "orders/good", "orders/bad"})


def test_an_update_carries_only_what_changes() -> None:
    calls, failed = run(account(), change(TABLE), change(GOOD, reads=50), change(BAD, reads=10))
    assert (calls, failed) == ([{"orders": (150, 100), "orders/bad": (50, 100)}], set())


def test_after_limit_exceeded_the_raises_are_sent_again_alone() -> None:
    calls, failed = run(account(refusal("LimitExceededException")), change(TABLE, 95, 10), change(GOOD, 10))
    assert (calls, failed) == (
        [{"orders": (150, 50), "orders/good": (50, 100)}, {"orders": (150, 100)}],
        set(),
    )


def test_decreases_that_aws_refuses_are_no_failure_and_not_repeated() -> None:
    calls, failed = run(account(refusal("LimitExceededException")), change(TABLE, 10))
    assert (calls, failed) == ([{"orders": (50, 100)}], set())


def test_a_raise_refused_twice_is_a_failure() -> None:
    error = refusal("LimitExceededException")
    calls, failed = run(account(error, error), change(TABLE))
    assert (calls, failed) == ([{"orders": (150, 100)}] * 2, {"orders"})


def test_raises_that_aws_cannot_accept_now_are_not_sent_forever() -> None:
    error = refusal("LimitExceededException")
    calls, failed = run(account(*[error] * 9), change(TABLE), change(GOOD), change(BAD))
    assert [len(call) for call in calls] == [3, 3, 2, 2, 2, 1, 1, 1]
    assert failed == {"orders", "orders/good", "orders/bad"}


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "ValidationException", "ResourceNotFoundException", "ResourceInUseException"],
)
def test_a_refused_update_of_one_resource_is_not_repeated(code: str) -> None:
    calls, failed = run(account(refusal(code)), change(TABLE))
    assert (calls, failed) == ([{"orders": (150, 100)}], {"orders"})


def test_a_missing_resource_is_left_out_and_the_rest_is_sent_again() -> None:
    tables = account(refusal("ResourceNotFoundException"))
    del tables.descriptions[BAD]
    calls, failed = run(tables, change(TABLE), change(GOOD), change(BAD))
    rest = {"orders": (150, 100), "orders/good": (150, 100)}
    assert (calls, failed) == ([{**rest, "orders/bad": (150, 100)}, rest], {"orders/bad"})


def test_a_capacity_that_changed_in_the_meantime_is_left_out() -> None:
    tables = account(refusal("ValidationException"))
    tables.add(BAD, PerCapacity(150, 100))
    calls, failed = run(tables, change(TABLE), change(BAD))
    assert calls[1:] == [{"orders": (150, 100)}]
    assert failed == {"orders/bad"}


def test_nothing_is_sent_again_while_the_table_is_busy() -> None:
    tables = account(refusal("ResourceInUseException"))
    for target in (TABLE, GOOD, BAD):
        tables.add(target, both(100), status="UPDATING", table_status="UPDATING")
    calls, failed = run(tables, change(TABLE), change(GOOD))
    assert (len(calls), failed) == (1, {"orders", "orders/good"})


def test_an_unexplained_refusal_leads_to_sending_each_resource_alone() -> None:
    error = refusal("ValidationException")
    calls, failed = run(account(error, None, error), change(BAD, 10), change(TABLE), change(GOOD))
    assert [set(call) for call in calls] == [
        {"orders/bad", "orders", "orders/good"},
        {"orders", "orders/good", "orders/bad"},
    ]
    assert failed == set()


def test_raises_go_first_when_each_resource_is_sent_alone() -> None:
    error = refusal("ValidationException")
    calls, failed = run(account(error, error, None, error), change(BAD, 10), change(TABLE))
    assert [list(call) for call in calls[2:]] == [["orders"], ["orders/bad"]]
    assert failed == {"orders/bad"}


@pytest.mark.parametrize(
    ("found", "is_taken"),
    [
        pytest.param({"status": "UPDATING", "table_status": "UPDATING"}, True, id="it is under way"),
        pytest.param({"provisioned": PerCapacity(150, 100)}, True, id="it is done"),
        pytest.param({}, False, id="nothing has happened"),
    ],
)
def test_an_update_whose_response_was_lost_is_looked_up(
    found: dict[str, Any],
    is_taken: bool,  # noqa: FBT001 - a case
) -> None:
    lost = AwsError("dynamodb:UpdateTable", "ResourceInUseException", is_answer_lost=True)
    tables = account(lost)
    tables.add(TABLE, **{"provisioned": both(100), **found})
    decision = change(TABLE)
    result = apply_update(plan("orders", [decision]), tables.update, tables.describe)
    assert (result.applied == {TABLE: decision}, result.is_failure(decision)) == (is_taken, not is_taken)


@pytest.mark.parametrize(
    ("status", "is_taken"),
    [pytest.param("ACTIVE", False, id="not it"), pytest.param("UPDATING", True, id="it")],
)
def test_a_busy_table_does_not_mean_that_its_index_is_being_changed(
    status: str,
    is_taken: bool,  # noqa: FBT001 - a case
) -> None:
    lost = AwsError("dynamodb:UpdateTable", "ReadTimeoutError", is_answer_lost=True)
    tables = account(lost)
    tables.add(TABLE, both(100), status="UPDATING", table_status="UPDATING")
    tables.add(GOOD, both(100), status=status, table_status="UPDATING")
    decision = change(GOOD)
    result = apply_update(plan("orders", [decision]), tables.update, tables.describe)
    assert (result.applied == {GOOD: decision}, result.is_failure(decision)) == (is_taken, not is_taken)


def test_a_table_busy_with_our_earlier_update_does_not_prove_a_lost_one() -> None:
    above_maximum = AwsError("dynamodb:UpdateTable", "LimitExceededException", MAXIMUM)
    lost = AwsError("dynamodb:UpdateTable", "ReadTimeoutError", is_answer_lost=True)
    tables = account(above_maximum, None, lost)
    index, table = change(GOOD), change(TABLE, 10)
    for target in (TABLE, GOOD):
        tables.add(target, both(100), status="UPDATING", table_status="UPDATING")
    result = apply_update(plan("orders", [index, table]), tables.update, tables.describe)
    assert result.applied == {GOOD: index}
    assert result.refused[TABLE] == lost


def test_a_table_that_cannot_be_described_again_keeps_its_first_refusal() -> None:
    tables = account(refusal("ResourceNotFoundException"))
    tables.describe_errors["orders"] = AwsError("dynamodb:DescribeTable", "ResourceNotFoundException")
    result = apply_update(
        TableUpdate("orders", (change(TABLE), change(GOOD))), tables.update, tables.describe
    )
    assert {error.action for error in result.refused.values()} == {"dynamodb:UpdateTable"}
    assert len(tables.updates) == 1


def test_a_raise_is_not_lost_when_decreases_are_refused_after_something_else() -> None:
    """The same call is refused first for another reason, then for its decrease."""
    no_decreases = AwsError("dynamodb:UpdateTable", "LimitExceededException", DECREASES)
    tables = account(refusal("ResourceInUseException"), no_decreases)
    calls, failed = run(tables, change(TABLE, 95, 10), change(GOOD, 95))
    assert calls == [
        {"orders": (150, 50), "orders/good": (150, 100)},
        {"orders": (150, 50), "orders/good": (150, 100)},
        {"orders": (150, 100), "orders/good": (150, 100)},
    ]
    assert failed == set()


def test_a_raise_is_not_lost_when_its_decrease_is_refused_alone() -> None:
    above_maximum = AwsError("dynamodb:UpdateTable", "LimitExceededException", MAXIMUM)
    no_decreases = AwsError("dynamodb:UpdateTable", "LimitExceededException", DECREASES)
    tables = account(above_maximum, no_decreases)
    calls, failed = run(tables, change(TABLE, 95, 10), change(GOOD, 95))
    assert calls[1:] == [{"orders": (150, 50)}, {"orders": (150, 100)}, {"orders/good": (150, 100)}]
    assert failed == set()
