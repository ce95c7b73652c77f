"""An invalid value from AWS affects its target alone, and lowers nothing that is busy."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

import pytest

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.scaling.model import Target
from tests.emulator.clients import client
from tests.emulator.faults import LEFT_OUT, ONCE_MORE
from tests.end_to_end.account import ALL, BEFORE, LOWERED, RAISED, add_busy, add_idle, everywhere, updates
from tests.end_to_end.in_process import open_check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynamic_dynamodb.check.check import Check
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

Odd = dict[str, Any]
"""The fields of a fault that say what takes a value's place."""
SAMPLE = 60
"""Cases that are tried of each action, others each time: there are some thousand."""
SUM = 95 * 60.0
HUGE = "9" * 5_000
DEEP = "[" * 100_000 + "]" * 100_000
CONSUMED = "ConsumedReadCapacityUnits"
EVERYWHERE: Final[dict[str, Odd]] = {
    "null": {"value": None},
    "a text": {"value": "a text"},
    "an empty text": {"value": ""},
    "true": {"value": True},
    "negative": {"value": -5},
    "large": {"value": 1e300},
    "not a number": {"raw": "NaN"},
    "infinite": {"raw": "1e999"},
    "digits without end": {"raw": HUGE},
    "a list": {"value": []},
    "a list of null": {"value": [None]},
    "an object": {"value": {}},
    "left out": {"value": LEFT_OUT},
    "deep": {"raw": DEEP},
}


METRICS: Final[dict[str, tuple[tuple[str | int, ...], Odd]]] = {
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
"""Tables by what is odd of one of their metrics."""


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
    odd: Odd = {"kind": "odd", "action": "GetMetricData", "table": "busy", "metric": CONSUMED}
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


DESCRIPTIONS: Final[dict[str, tuple[tuple[str | int, ...], Odd, str]]] = {
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
    emulator: Emulator, program: Program, path: tuple[str | int, ...], odd: Odd, said: str
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
    emulator: Emulator, program: Program, path: tuple[str | int, ...], odd: Odd
) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="odd", action="UpdateTable", path=path, times=None, **odd)
    run = program.check(ALL)
    assert (run.code, updates(emulator)) == (0, [("busy", RAISED, {})])
    assert run.line_of("busy").startswith("INFO busy: updated: reads 100 -> 150")


@dataclass(frozen=True)
class InProcess:
    """A check of the emulated account, run again for each example as by a daemon."""

    emulator: Emulator
    check: Check

    def lay_account(self) -> None:
        """Make an account in which `sick` is to be raised, and its index lowered."""
        self.emulator.reset()
        add_busy(self.emulator)
        add_idle(self.emulator)
        self.emulator.add_table("sick", reads=100, writes=100, gsis={"by-date": BEFORE})
        self.emulator.put_metrics("sick", consumed_reads=95, consumed_writes=95)
        self.emulator.put_metrics("sick", "by-date", consumed_reads=10, consumed_writes=10)


@pytest.fixture
def in_process(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    text = f"[global]\nskip-aws-autoscaled: true\n{everywhere()}"
    with open_check(emulator, tmp_path, monkeypatch, text) as check:
        yield InProcess(emulator, check)


def _find_paths(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in an answer."""
    inside = content.items() if isinstance(content, dict) else enumerate(content)
    for step, each in inside:
        yield (*path, step)
        if isinstance(each, (dict, list)):
            yield from _find_paths(each, (*path, step))


def _list_places(emulator: Emulator) -> dict[str, list[tuple[str | int, ...]]]:
    """List every place of a good answer, by action; of GetMetricData's in the results of one metric."""
    described = client(emulator, "dynamodb").describe_table(TableName="sick")
    del described["ResponseMetadata"]
    five = [0, 1, 2, 3, 4]
    result = {"Id": "", "Label": "", "StatusCode": "", "Timestamps": five, "Values": five}
    return {
        "DescribeTable": [*_find_paths(described)],
        "GetMetricData": [(), *_find_paths(result)],
        "ListTables": [("TableNames", 2), ("LastEvaluatedTableName",)],
        "UpdateTable": [*_find_paths({"TableDescription": described["Table"]})],
    }


EXPECTED: Final = {
    ("busy", None): RAISED,
    ("idle", None): LOWERED,
    ("sick", None): RAISED,
    ("sick", "by-date"): LOWERED,
}


@pytest.mark.parametrize("action", ["DescribeTable", "GetMetricData", "ListTables", "UpdateTable"])
def test_an_invalid_value_anywhere_affects_at_most_the_check_of_its_target(
    in_process: InProcess, action: str
) -> None:
    in_process.lay_account()
    places = _list_places(in_process.emulator)[action]
    cases = list(itertools.product(places, EVERYWHERE))
    for path, odd in random.sample(cases, min(SAMPLE, len(cases))):
        _check_case(in_process, action, path, odd)


def _find_excused(path: tuple[str | int, ...], odd: str) -> set[tuple[str, str | None]]:
    """Return what may be held without a failure: a target that AWS does not list is not missed."""
    if "GlobalSecondaryIndexes" in path[-2:] and odd in ("a list", "left out", "null"):
        return {("sick", "by-date")}
    return {("sick", None), ("sick", "by-date")} if "TableNames" in path and odd == "left out" else set()


def _check_case(in_process: InProcess, action: str, path: tuple[str | int, ...], odd: str) -> None:
    emulator, case = in_process.emulator, (action, path, odd)
    in_process.lay_account()
    emulator.add_fault(
        kind="odd",
        action=action,
        table=None if action == "ListTables" else "sick",
        metric=CONSUMED if action == "GetMetricData" else None,
        path=path,
        times=None,
        **EVERYWHERE[odd],
    )
    report = in_process.check.run(datetime.now(timezone.utc))
    found = emulator.capacities()
    held = {target for target, units in EXPECTED.items() if found[target] != units}
    assert {found[target] for target in held} <= {BEFORE}, case
    assert report.failures or held <= _find_excused(path, odd), case
    if odd == "deep" and action in ("GetMetricData", "ListTables"):
        assert len(held) == len(EXPECTED), case  # nothing of such an answer can be read
        return
    assert held <= {("sick", None), ("sick", "by-date")}, case
    failed = {one.target for one in report.targets if one.outcome is Outcome.FAILED}
    assert failed <= {Target("sick"), Target("sick", "by-date"), Target("sick", "?")}, case
    if action == "UpdateTable":
        assert not held, case
        assert [call[0] for call in updates(emulator)].count("sick") == 1, case
