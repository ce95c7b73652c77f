"""--record --all records every table and index of a region, without any section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recording import Billing
from tests.end_to_end.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

RECORD = ("--record", "history", "--all", "--days", "1")


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with an account that has three tables."""
    emulator.add_table("orders", reads=100, writes=20, gsis={"by-date": (50, 10)})
    emulator.add_table("events", on_demand=True)
    emulator.add_table("users")
    for table, index in (("orders", None), ("orders", "by-date"), ("events", None), ("users", None)):
        emulator.put_metrics(table, index, consumed_reads=4, consumed_writes=1, minutes=30)
    return Program(emulator, tmp_path)


def list_recorded(folder: Path) -> list[str]:
    """Return the targets of a directory."""
    return [str(one.target) for one in read_recordings(folder / "history", None)]


def test_every_table_and_index_is_recorded_without_a_configuration(program: Program, tmp_path: Path) -> None:
    run = program.run(*RECORD)
    assert (run.code, run.stderr) == (0, "")
    assert list_recorded(tmp_path) == ["events", "orders", "orders/by-date", "users"]
    assert read_recordings(tmp_path / "history", None)[0].billing == {Billing.ON_DEMAND}
    assert run.stdout.splitlines()[-1] == ("CloudWatch bills 24 metrics: less than $0.01 at $0.01 per 1,000")


def test_tables_without_indexes_and_global_tables_are_recorded_without_a_warning(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.add_table("users")
    emulator.set_replicas("users", "eu-west-1", "us-east-1")
    emulator.put_metrics("users", consumed_reads=4, minutes=30)
    run = Program(emulator, tmp_path).run(*RECORD)
    assert (run.code, run.stderr) == (0, "")
    assert list_recorded(tmp_path) == ["users"]


def test_the_cost_of_many_tables_is_in_cents(emulator: Emulator, tmp_path: Path) -> None:
    for number in range(250):
        emulator.add_table(f"table-{number}")
    run = Program(emulator, tmp_path).run(*RECORD)
    assert run.code == 0
    assert run.stdout.splitlines()[-1] == ("CloudWatch bills 1,500 metrics: about $0.01 at $0.01 per 1,000")


def test_the_sections_of_a_configuration_are_ignored_and_its_global_options_apply(
    program: Program, tmp_path: Path
) -> None:
    path = program.write("[global]\nregion: us-west-2\nmax-workers: 1\n[table: ^users$]\n")
    run = program.run("-c", path, *RECORD, AWS_DEFAULT_REGION=None)
    assert (run.code, run.stderr) == (0, "")
    assert list_recorded(tmp_path) == ["events", "orders", "orders/by-date", "users"]
    assert {one.region for one in read_recordings(tmp_path / "history", None)} == {"us-west-2"}


def test_a_configuration_without_sections_is_enough(program: Program) -> None:
    path = program.write("[global]\nregion: us-west-2\n")
    run = program.run("-c", path, *RECORD, AWS_DEFAULT_REGION=None)
    assert (run.code, run.stderr) == (0, "")


def test_a_table_that_is_deleted_in_between_is_named_and_the_others_are_recorded(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.add_fault(
        kind="control",
        action="DescribeTable",
        table="orders",
        method="remove_table",
        arguments={"name": "orders"},
    )
    run = program.run(*RECORD)
    assert run.code == 1
    assert "orders: " in run.stderr
    assert "ResourceNotFoundException" in run.stderr
    assert list_recorded(tmp_path) == ["events", "users"]


def test_a_table_whose_metrics_fail_is_named_and_the_others_are_recorded(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.add_fault(
        kind="metric_status", action="GetMetricData", table="users", metric_status="Forbidden", times=None
    )
    run = program.run(*RECORD)
    assert run.code == 1
    assert [line.split(": ")[1:3] for line in run.stderr.splitlines()] == [["users", "not recorded"]]
    assert list_recorded(tmp_path) == ["events", "orders", "orders/by-date"]


def test_without_permission_to_list_tables_the_reason_is_given_and_nothing_is_recorded(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_fault(action="ListTables", code="AccessDeniedException", times=None)
    run = program.run(*RECORD)
    assert run.code == 1
    assert "(allow dynamodb:ListTables in the IAM policy)" in run.stderr
    assert "not all tables could be listed" in run.stderr


def test_a_region_without_tables_is_an_error(emulator: Emulator, tmp_path: Path) -> None:
    run = Program(emulator, tmp_path).run(*RECORD, "--region", "eu-west-3", AWS_DEFAULT_REGION=None)
    assert (run.code, run.stderr) == (
        1,
        "dynamic-dynamodb: eu-west-3 has no tables: nothing was recorded\n",
    )


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        pytest.param(
            ("--table-name", "^users$"),
            "--all records every table, so -t cannot be set: leave out one or the other",
            id="a table",
        ),
        pytest.param(
            ("--reads-upper-threshold", "90"),
            "--all records every table, so --reads-upper-threshold cannot be set",
            id="an option of a table",
        ),
        pytest.param(("--tune", "history"), "exclude each other: use one at a time", id="two tasks"),
    ],
)
def test_other_flags_that_choose_what_to_do_are_refused(
    emulator: Emulator, program: Program, flags: tuple[str, ...], fault: str
) -> None:
    run = program.run(*RECORD, *flags)
    assert (run.code, run.stdout) == (2, "")
    assert fault in run.stderr
    assert emulator.requests() == []


def test_all_alone_is_refused(program: Program) -> None:
    run = program.run("--all")
    assert (run.code, "--all requires --record" in run.stderr) == (2, True)


def test_recording_nothing_in_particular_is_refused_with_what_to_add(program: Program) -> None:
    run = program.run("--record", "history")
    assert (run.code, "or --all to record every table" in run.stderr) == (2, True)


def test_a_directory_that_cannot_be_written_is_refused_before_aws_is_called(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "history").write_text("a file", encoding="utf-8")
    run = program.run(*RECORD)
    assert (run.code, "cannot be written: " in run.stderr) == (2, True)
    assert emulator.requests() == []
