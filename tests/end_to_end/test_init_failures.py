"""--init says what it could not read, and proposes what it can without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import actions
from tests.end_to_end.proposals import check, joined, limits, options_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


@pytest.mark.parametrize(
    ("action", "consequence"),
    [
        pytest.param(
            "DescribeScalableTargets", "it is not known what AWS scales itself", id="scalable targets"
        ),
        pytest.param("DescribeScalingPolicies", "AWS's target utilizations are not known", id="policies"),
        pytest.param("DescribeScheduledActions", "AWS's scheduled actions are not known", id="schedules"),
        pytest.param("GetProducts", "costs are those of us-east-1", id="prices"),
    ],
)
def test_an_optional_permission_that_is_missing_is_a_warning(
    emulator: Emulator, program: Program, action: str, consequence: str
) -> None:
    emulator.add_table("orders", reads=100, writes=20)
    emulator.add_table("events", on_demand=True)
    emulator.register_scalable("orders", limits=(5, 500), target_percent=70)
    emulator.add_fault(action=action, code="AccessDeniedException", times=None)
    run = program.run("--init")
    assert run.code == 0
    (warning,) = [line for line in run.stderr.splitlines() if consequence in line]
    assert f":{action} in the IAM policy)" in warning
    assert warning.removeprefix("dynamic-dynamodb: ") in joined(run.stdout)
    assert check(program, run.stdout).stdout.endswith("0 warnings, 0 notices\n")
    assert "skip-aws-autoscaled: true\n" in run.stdout


def test_without_metrics_the_maximum_is_what_is_provisioned(emulator: Emulator, program: Program) -> None:
    for name in ("orders", "users", "events", "items"):
        emulator.add_table(name, reads=100, writes=20)
    emulator.put_metrics("orders", consumed_reads=1000, minutes=60)
    emulator.add_fault(action="GetMetricData", code="AccessDenied", times=None)
    run = program.run("--init")
    assert run.code == 1
    (line,) = [line for line in run.stderr.splitlines() if "failed" in line]
    assert line.startswith(
        "dynamic-dynamodb: events, items, orders and 1 more: cloudwatch:GetMetricData failed"
    )
    assert options_of(run.stdout)["[table: ^orders$]"] == limits((5, 100), (5, 20))
    assert "# Reads, 100 now: their load is not known, so the maximum is what is provisioned." in run.stdout
    assert actions(emulator).count("GetMetricData") == 1
    assert check(program, run.stdout).code == 0


def test_metrics_of_one_table_that_fail_are_named(emulator: Emulator, program: Program) -> None:
    for name in ("orders", "users"):
        emulator.add_table(name, reads=10, writes=10)
        emulator.put_metrics(name, consumed_reads=100, minutes=60)
    emulator.add_fault(
        kind="metric_status", action="GetMetricData", table="users", metric_status="Forbidden", times=None
    )
    run = program.run("--init")
    assert run.code == 1
    assert "dynamic-dynamodb: users: cloudwatch:GetMetricData failed: Forbidden" in run.stderr
    found = options_of(run.stdout)
    assert found["[table: ^orders$]"] == limits((5, 200), (5, 10))
    assert found["[table: ^users$]"] == limits((5, 10), (5, 10))


def test_a_table_that_is_gone_when_it_is_described_is_named_and_has_no_section(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders")
    emulator.add_table("gone")
    emulator.add_fault(
        kind="control",
        action="DescribeTable",
        table="gone",
        method="remove_table",
        arguments={"name": "gone"},
    )
    run = program.run("--init")
    assert run.code == 1
    assert "dynamic-dynamodb: gone: dynamodb:DescribeTable failed: ResourceNotFoundException" in run.stderr
    assert list(options_of(run.stdout)) == ["[table: ^orders$]"]


def test_tables_that_are_being_deleted_are_named_and_are_no_failure(
    emulator: Emulator, program: Program
) -> None:
    for name in ("orders", "gone-1", "gone-2"):
        emulator.add_table(name)
    for name in ("gone-1", "gone-2"):
        emulator.set_status(name, status="DELETING")
    run = program.run("--init")
    assert run.code == 0
    assert "dynamic-dynamodb: gone-1, gone-2: left out, being deleted" in run.stderr
    assert "#   - gone-1, gone-2: left out, being deleted" in run.stdout
    assert list(options_of(run.stdout)) == ["[table: ^orders$]"]


def test_a_region_whose_tables_are_all_being_deleted_gets_no_file(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("gone")
    emulator.set_status("gone", status="DELETING")
    run = program.run("--init")
    assert (run.code, run.stdout) == (1, "")
    assert "no table can be described; gone: left out, being deleted" in run.stderr


def test_a_list_that_breaks_off_is_named_and_no_tables_share_a_section(
    emulator: Emulator, program: Program
) -> None:
    emulator.set_pages(tables=2)
    for number in range(3):
        emulator.add_table(f"shard-{number}")
    emulator.add_fault(action="ListTables", code="AccessDeniedException", after=1, times=None)
    run = program.run("--init")
    assert run.code == 1
    assert "only 2 tables are known" in run.stderr
    assert list(options_of(run.stdout)) == ["[table: ^shard-0$]", "[table: ^shard-1$]"]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        pytest.param("ListTables", "(allow dynamodb:ListTables in the IAM policy)", id="list"),
        pytest.param("DescribeTable", "(allow dynamodb:DescribeTable in the IAM policy)", id="describe"),
    ],
)
def test_without_any_table_nothing_is_written(
    emulator: Emulator, program: Program, tmp_path: Path, action: str, said: str
) -> None:
    emulator.add_table("orders")
    emulator.add_fault(action=action, code="AccessDeniedException", times=None)
    run = program.run("--init", "--init-output", "new.conf")
    assert (run.code, run.stdout) == (1, "")
    assert said in run.stderr
    assert run.stderr.endswith(": no configuration was written\n")
    assert not (tmp_path / "new.conf").exists()


def test_a_region_without_tables_says_what_to_do(program: Program) -> None:
    run = program.run("--init", "--region", "eu-west-3", AWS_DEFAULT_REGION=None)
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr == (
        "dynamic-dynamodb: listing the tables of eu-west-3\n"
        "dynamic-dynamodb: eu-west-3 has no tables: set --region, or create a table first:"
        " no configuration was written\n"
    )


def test_without_credentials_a_sentence_says_what_to_do(emulator: Emulator, program: Program) -> None:
    run = program.run("--init", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.startswith("dynamic-dynamodb: no AWS credentials were found: set AWS_PROFILE, run")
    assert emulator.requests() == []
