"""An invalid description, name or registration from AWS affects its target alone, and lowers nothing busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.emulator.faults import LEFT_OUT
from tests.end_to_end.account import ALL, BEFORE, LOWERED, RAISED, add_busy, add_idle, updates
from tests.end_to_end.invalid_values import DEEP, HUGE, Replacement

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


DESCRIPTIONS: Final[dict[str, tuple[tuple[str | int, ...], Replacement, str]]] = {
    "other-name": (("TableName",), {"value": "idle"}, "TableName is 'idle'"),
    "null-name": (("TableName",), {"value": None}, "TableName"),
    "no-status": (("TableStatus",), {"value": LEFT_OUT}, "TableStatus is None"),
    "list-status": (("TableStatus",), {"value": ["ACTIVE"]}, "TableStatus is ['ACTIVE']"),
    "null-units": (
        ("ProvisionedThroughput", "ReadCapacityUnits"),
        {"value": None},
        "ReadCapacityUnits is None",
    ),
    "text-units": (("ProvisionedThroughput", "ReadCapacityUnits"), {"value": "100"}, "is '100'"),
    "negative-units": (("ProvisionedThroughput", "WriteCapacityUnits"), {"value": -100}, "is -100"),
    "true-units": (("ProvisionedThroughput", "WriteCapacityUnits"), {"value": True}, "is True"),
    "endless-units": (
        ("ProvisionedThroughput", "WriteCapacityUnits"),
        {"raw": HUGE},
        "WriteCapacityUnits is '999",
    ),
    "no-throughput": (("ProvisionedThroughput",), {"value": None}, "ProvisionedThroughput is None"),
    "text-count": (("ProvisionedThroughput", "NumberOfDecreasesToday"), {"value": "0"}, "is '0'"),
    "odd-date": (("ProvisionedThroughput", "LastDecreaseDateTime"), {"value": "today"}, "is 'today'"),
    "endless-date": (("ProvisionedThroughput", "LastDecreaseDateTime"), {"value": 1e300}, "is 1e+300"),
    "deep": (("ProvisionedThroughput",), {"raw": DEEP}, "RecursionError"),
}
"""Tables by what is odd of their description, and what is said of it."""


def test_an_invalid_description_holds_only_its_table(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    for name, (path, odd, _) in DESCRIPTIONS.items():
        add_idle(emulator, name)
        emulator.add_fault(
            kind="odd", action="DescribeTable", table=name, path=("Table", *path), times=None, **odd
        )
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {
        ("busy", None): RAISED,
        ("idle", None): LOWERED,
        **{(name, None): BEFORE for name in DESCRIPTIONS},
    }
    for name, (_, _, said) in DESCRIPTIONS.items():
        failed = f"ERROR {name}: failed: dynamodb:DescribeTable failed: UnusableAnswer: "
        assert run.line_of(name).startswith(failed)
        assert said in run.line_of(name)


@pytest.mark.parametrize(
    ("path", "odd", "said"),
    [
        pytest.param((0, "IndexName"), {"value": None}, "orders/?: failed: ", id="no name"),
        pytest.param((0, "IndexName"), {"value": "../etc"}, "orders/?: failed: ", id="a name with a slash"),
        pytest.param((0,), {"value": None}, "orders/?: failed: ", id="null"),
        pytest.param((0, "IndexStatus"), {"value": LEFT_OUT}, "IndexStatus is None", id="no status"),
        pytest.param(
            (0, "ProvisionedThroughput", "ReadCapacityUnits"),
            {"value": -1},
            "orders/by-date: failed: dynamodb:DescribeTable failed: UnusableAnswer: ReadCapacityUnits is -1",
            id="negative units",
        ),
        pytest.param(
            (0, "ProvisionedThroughput"),
            {"value": LEFT_OUT},
            "orders/by-date: failed: ",
            id="no units though its table has some",
        ),
        pytest.param(
            (1,),
            {"value": {"IndexName": "by-date", "IndexStatus": "ACTIVE"}},
            "orders/by-date: failed: ",
            id="two that differ",
        ),
    ],
)
def test_an_invalid_index_holds_neither_its_table_nor_other_indexes(
    emulator: Emulator, program: Program, path: tuple[str | int, ...], odd: Replacement, said: str
) -> None:
    names = ("by-date", "by-hour", "by-user")
    emulator.add_table("orders", reads=100, writes=100, gsis=dict.fromkeys(names, BEFORE))
    for index in (None, *names):
        emulator.put_metrics("orders", index, consumed_reads=95, consumed_writes=95)
    whole = ("Table", "GlobalSecondaryIndexes", *path)
    emulator.add_fault(kind="odd", action="DescribeTable", path=whole, times=None, **odd)
    run = program.check(ALL)
    assert run.code == 1
    capacities = emulator.capacities()
    assert (capacities["orders", None], capacities["orders", "by-user"]) == (RAISED, RAISED)
    assert capacities["orders", "by-date"] == BEFORE
    assert any(line.startswith("ERROR ") and said in line for line in run.log), run.stdout


def test_invalid_replicas_hold_nothing(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.set_replicas("busy", "eu-west-1", "eu-west-2", "eu-west-3")
    for place, odd in enumerate((None, 5)):
        path = ("Table", "Replicas", place)
        emulator.add_fault(kind="odd", action="DescribeTable", path=path, value=odd, times=None)
    run = program.check(ALL)
    assert (run.code, emulator.capacities()) == (0, {("busy", None): RAISED})
    assert "a region without a name, a region without a name, eu-west-3" in run.warnings[0]


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        pytest.param(("TableNames", 1), None, "None", id="null"),
        pytest.param(("TableNames", 1), "", "''", id="empty"),
        pytest.param(("TableNames", 1), {"TableName": "sick"}, "{'TableName': 'sick'}", id="an object"),
        pytest.param(("TableNames", 1), "../../etc/cron", "'../../etc/cron'", id="a path"),
        pytest.param(("TableNames", 1), "..", "'..'", id="the directory above"),
        pytest.param(("TableNames", 1), "orders\n", "'orders\\n'", id="a newline at its end"),
        pytest.param(("TableNames", 1), "s" * 256, f"'{'s' * 27}...{'s' * 28}'", id="too long"),
        pytest.param(("LastEvaluatedTableName",), ["sick"], "['sick']", id="a list to go on after"),
        pytest.param(("LastEvaluatedTableName",), "", "''", id="an empty name to go on after"),
        pytest.param(("LastEvaluatedTableName",), 5, "5", id="a number to go on after"),
    ],
)
def test_an_invalid_name_in_the_list_does_not_affect_other_tables(
    emulator: Emulator, program: Program, path: tuple[str | int, ...], value: Any, shown: str
) -> None:
    for name in ("busy", "sick"):
        add_busy(emulator, name)
    emulator.add_fault(kind="odd", action="ListTables", path=path, value=value, times=None)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities()["busy", None] == RAISED
    failed = f"ERROR dynamodb:ListTables failed: UnusableAnswer: not a table name: {shown}; "
    assert any(line.startswith(failed) for line in run.log), run.stdout


def test_the_tables_before_a_page_that_fails_are_checked(emulator: Emulator, impatient: Program) -> None:
    for name in ("aaa", "bbb", "ccc"):
        add_busy(emulator, name)
    emulator.set_pages(tables=1)
    emulator.add_fault(action="ListTables", after=1, times=None, code="InternalServerError")
    run = impatient.check(f"{ALL}[table: ^ccc$]\n")
    assert run.code == 1
    # The last one is known by the name of its section.
    assert emulator.capacities() == {("aaa", None): RAISED, ("bbb", None): BEFORE, ("ccc", None): RAISED}
    assert "tables that match an expression are not checked, but for the 1 listed" in run.stdout


@pytest.mark.parametrize(
    "resource", [None, 5, [], "", "sick", "table/", "table/sick/index", "table//index/x"]
)
def test_an_invalid_registration_holds_no_other_target(
    emulator: Emulator, program: Program, resource: Any
) -> None:
    add_idle(emulator)
    add_idle(emulator, "sick")
    for name in ("other", "sick"):
        emulator.register_scalable(name, capacity="Read")
    emulator.add_fault(
        kind="odd",
        action="DescribeScalableTargets",
        path=("ScalableTargets", 0, "ResourceId"),
        value=resource,
        times=None,
    )
    run = program.check(f"[global]\nskip-aws-autoscaled: true\n{ALL}")
    assert run.code == 0
    assert emulator.capacities() == {("idle", None): LOWERED, ("sick", None): (100, 50)}
    assert (
        run.warnings[0]
        == f"AWS Application Auto Scaling lists resources other than tables and indexes: {resource!r}"
    )


@pytest.mark.parametrize(
    ("path", "odd"),
    [
        pytest.param(("TableDescription",), {"value": LEFT_OUT}, id="nothing"),
        pytest.param(("TableDescription",), {"value": 5}, id="a number"),
        pytest.param(("TableDescription", "TableName"), {"value": "other"}, id="another table"),
        pytest.param(("TableDescription",), {"raw": DEEP}, id="deep"),
    ],
)
def test_an_update_with_an_invalid_answer_is_verified_and_not_sent_twice(
    emulator: Emulator, program: Program, path: tuple[str | int, ...], odd: Replacement
) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="odd", action="UpdateTable", path=path, times=None, **odd)
    run = program.check(ALL)
    assert (run.code, updates(emulator)) == (0, [("busy", RAISED, {})])
    assert run.line_of("busy").startswith("INFO busy: updated: reads 100 -> 150")
