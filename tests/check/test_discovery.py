"""Conditions that discovery finds are logged once, and again only when they change."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.log_lines import REPEAT_SECONDS
from tests.builders import both, section
from tests.check.fake_world import FakeWorld, warnings_of

ORDERS, INDEX = Target("orders"), Target("orders", "by-date")
HICCUP = AwsError("dynamodb:DescribeTable", "InternalServerError", is_transient=True)


def make_world() -> FakeWorld:
    """Return an account with an index that two sections match, and one that only another's section does."""
    gsis = (section("^by"), section("date$"), section("by-date"), section("^nothing$"))
    world = FakeWorld(section("^orders$", gsis=gsis), section(".*", gsis=(section("other"),)))
    world.add(ORDERS)
    world.add(INDEX)
    world.add(Target("orders", "other"))
    return world


def test_a_table_that_cannot_be_described_once_repeats_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = make_world()
    world.run()
    said = warnings_of(caplog)
    assert len(said) == 3
    for error in (HICCUP, None, HICCUP, None):
        world.tables.describe_errors = {} if error is None else {"orders": error}
        world.run()
    assert warnings_of(caplog) == said


def test_a_table_that_was_never_described_hides_no_warning_about_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = make_world()
    world.tables.describe_errors = {"a": HICCUP}
    world.run()
    assert len(warnings_of(caplog)) == 3


def test_a_global_table_that_is_created_again_brings_the_warning_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = FakeWorld()
    world.add(ORDERS)
    there = replace(world.tables.descriptions[ORDERS], replicas=("eu-west-1",))
    for described in (there, there, None, there):
        world.tables.descriptions.pop(ORDERS, None)
        if described is not None:
            world.tables.descriptions[ORDERS] = described
        world.run()
    assert len([warning for warning in warnings_of(caplog) if "is a global table" in warning]) == 2


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        pytest.param(["^ordres$"], "nothing matches [table: ^ordres$] (did you mean orders?)", id="a table"),
        pytest.param(
            ["^orders$", "^zzz$"],
            "nothing matches [table: ^zzz$], [gsi: by-dat] (did you mean by-date?)",
            id="an index, and a table like no other",
        ),
    ],
)
def test_a_section_that_matches_nothing_is_noted_with_the_nearest_names(
    tables: list[str], expected: str
) -> None:
    gsi = replace(section("by-dat$"), title="gsi: by-dat")
    world = FakeWorld(*(section(one, gsis=(gsi,)) for one in tables))
    for target in (ORDERS, INDEX):
        world.add(target)
    for _ in range(2):  # the second time without looking for them again
        assert [one.sentence for one in world.run().notices if one.topic == "unused"] == [expected]


def test_a_raise_that_aws_refuses_again_is_logged_again_each_hour(caplog: pytest.LogCaptureFixture) -> None:
    denied = AwsError("dynamodb:UpdateTable", "AccessDeniedException")
    world = FakeWorld()
    hours, logged = iter([0.0, 0.5, 1.0]), []
    world.log.clock = lambda: next(hours) * REPEAT_SECONDS
    world.tables.update_errors = [denied] * 6
    for _ in range(3):
        assert [report.outcome for report in world.run().targets] == [Outcome.FAILED] * 2
        logged.append(len([one for one in caplog.records if one.levelno == logging.ERROR]))
    assert logged == [2, 2, 4]


def test_a_skipped_target_is_checked_when_its_billing_mode_changes() -> None:
    world = FakeWorld()
    for units, is_skipped in ((0, True), (100, False), (0, True)):
        world.tables.add(ORDERS, both(units))
        found = {report.target: report.outcome for report in world.run().targets}
        assert (found[ORDERS] is Outcome.SKIPPED) == is_skipped


def test_an_incomplete_list_keeps_the_counts_of_the_tables_it_lacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = FakeWorld(section("^a$"), section("b*", num_read_checks_before_scale_down="3"))
    world.add(Target("b"), reads=10)
    world.run()
    world.tables.listed_before_error = ("a",)
    world.tables.list_error = AwsError("dynamodb:ListTables", "InternalServerError")
    report = world.run()
    assert [str(one.target) for one in report.targets] == ["a"]
    assert (report.failures, world.memory.get(Target("b")).reads.low_checks) == (1, 1)
    lost = "tables that match an expression are not checked, but for the 1 listed"
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == [
        f"dynamodb:ListTables failed: InternalServerError; {lost}"
    ]


def test_an_unusable_description_fails_its_target_alone() -> None:
    world = make_world()
    world.tables.descriptions[INDEX] = replace(world.tables.descriptions[INDEX], flaw="odd")
    described = world.tables.descriptions[ORDERS]
    world.tables.descriptions[ORDERS] = replace(described, unnamed=("no name",))
    failed = {
        str(one.target): one.skipped and one.skipped.sentence
        for one in world.run().targets
        if one.outcome is Outcome.FAILED
    }
    assert failed == {"orders/?": "no name", "orders/by-date": "odd"}
