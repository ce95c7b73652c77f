"""--init takes few calls, announces their cost, and writes its file once or not at all."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import actions
from tests.end_to_end.proposals import check, joined, options_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


def test_the_cost_is_announced_before_the_metrics_are_requested_and_billed(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", gsis={"by-date": (5, 5)})
    emulator.put_metrics("orders", consumed_reads=1, minutes=60)
    run = program.run("--init")
    assert run.stderr == (
        "dynamic-dynamodb: listing the tables of us-east-1\n"
        "dynamic-dynamodb: us-east-1 has 1 table: a free DescribeTable call for each\n"
        "dynamic-dynamodb: the load of 14 days takes 1 to 2 CloudWatch calls, billed with up to 8 metrics:"
        " less than $0.01 at $0.01 per 1,000\n"
    )
    assert emulator.count_metrics() == 5
    assert actions(emulator).count("GetMetricData") == 2
    assert (
        "# Calls: 5 (1 DescribeScalableTargets, 2 GetMetricData, 1 DescribeTable, 1 ListTables). CloudWatch"
        " bills 5 metrics: less than $0.01 at $0.01 per 1,000."
    ) in joined(run.stdout).splitlines()


def test_the_load_of_capacities_that_aws_scales_is_not_requested(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders")
    emulator.register_scalable("orders", capacity="Read")
    program.run("--init")
    (request,) = emulator.requests("GetMetricData")
    (query,) = request.parameters["MetricDataQueries"]
    assert query["MetricStat"]["Metric"]["MetricName"] == "ConsumedWriteCapacityUnits"


def test_a_hundred_tables_take_few_calls(emulator: Emulator, program: Program) -> None:
    for number in range(100):
        emulator.add_table(f"table.{number}", reads=10 + number, writes=5)
        emulator.put_metrics(f"table.{number}", consumed_reads=number, minutes=10)
        if number % 2:
            emulator.register_scalable(f"table.{number}", limits=(5, 50 + number), target_percent=70)
    run = program.run("--init")
    assert run.code == 0
    # 150 capacities by hour in one call, 49 of them by minute in calls of five
    assert emulator.count_requests() == {
        "ListTables": 1,
        "DescribeTable": 100,
        "DescribeScalableTargets": 1,
        "DescribeScalingPolicies": 5,
        "DescribeScheduledActions": 1,
        "GetMetricData": 1 + 10,
    }
    assert len(options_of(run.stdout)) == 100
    assert check(program, run.stdout).code == 0


def test_an_output_file_is_written_and_never_overwritten(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.add_table("orders")
    first = program.run("--init", "--init-output", "new.conf")
    path = tmp_path / "new.conf"
    written = path.read_text(encoding="utf-8")
    assert (first.code, "[table: ^orders$]" in written) == (0, True)
    assert first.stdout == f"written to {path}: check it with dynamic-dynamodb -c new.conf --check-config\n"
    assert "#   dynamic-dynamodb -c new.conf --check-config\n" in written
    before = len(emulator.requests())
    second = program.run("--init", "--init-output", "new.conf")
    assert (second.code, f"--init-output {path} exists; refusing to overwrite it" in second.stderr) == (
        2,
        True,
    )
    assert path.read_text(encoding="utf-8") == written
    assert len(emulator.requests()) == before


def test_a_file_that_appears_in_between_is_kept_and_the_configuration_is_printed(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.add_table("orders")
    path = tmp_path / "new.conf"
    emulator.add_fault(kind="slow", action="DescribeTable", seconds=5)
    with program.start_with("--init", "--init-output", "new.conf") as running:
        emulator.wait_for_requests("DescribeTable", ended=False)
        path.write_text("mine", encoding="utf-8")
        emulator.clear_faults()
        run = running.end()
    assert (run.code, path.read_text(encoding="utf-8")) == (1, "mine")
    assert "cannot be written: File exists; it is printed instead" in run.stderr
    assert "[table: ^orders$]" in run.stdout


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_ends_it_without_a_file(
    emulator: Emulator, program: Program, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    emulator.add_table("orders")
    emulator.add_fault(kind="hang", action="DescribeTable", times=None)
    with program.start_with("--init", "--init-output", "new.conf") as running:
        emulator.wait_for_requests("DescribeTable", ended=False)
        run = running.end(number)
    assert (run.code, run.stdout) == (code, "")
    assert not (tmp_path / "new.conf").exists()


def test_a_terminal_shows_what_is_read_and_the_time_left(emulator: Emulator, program: Program) -> None:
    for number in range(101):
        emulator.add_table(f"table-{number}")
    emulator.put_metrics("table-0", consumed_reads=1, minutes=60)
    run = program.run_on_terminal("--init")
    assert run.code == 0
    assert re.search(r"\rreading tables 100/101, \d+ s left █+·* +99%", run.stderr)
    assert re.search(r"\r\033\[Kdynamic-dynamodb: the load of 14 days takes ", run.stderr)
    assert run.stderr.endswith("\r\033[K")


def test_global_options_of_a_file_apply_and_its_sections_do_not(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders")
    path = program.write("[global]\nregion: us-west-2\nmax-workers: 1\n[table: ^users$]\n")
    run = program.run("-c", path, "--init", AWS_DEFAULT_REGION=None)
    assert run.code == 0
    assert "region: us-west-2\n" in run.stdout
    assert {request.region for request in emulator.requests()} == {"us-west-2"}


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        pytest.param(
            ("--init", "--table-name", "^users$"),
            "--init describes every table, so -t cannot be set: leave out one or the other",
            id="a table",
        ),
        pytest.param(
            ("--init", "--reads-upper-threshold", "90"),
            "--init describes every table, so --reads-upper-threshold cannot be set",
            id="an option of a table",
        ),
        pytest.param(
            ("--init", "--tune", "history"), "--init and --tune exclude each other", id="another task"
        ),
        pytest.param(
            ("--init", "--daemon", "stop"), "--daemon and --init exclude each other", id="the daemon"
        ),
        pytest.param(("--init-output", "new.conf", "-t", "x"), "--init-output requires --init", id="alone"),
        pytest.param(("--init", "--instance", "a/b"), "--instance", id="an invalid instance"),
        pytest.param(
            ("--init", "--init-output", "nowhere/new.conf"), "is not a writable directory", id="no directory"
        ),
    ],
)
def test_other_flags_that_choose_what_to_do_are_refused(
    emulator: Emulator, program: Program, flags: tuple[str, ...], fault: str
) -> None:
    run = program.run(*flags)
    assert (run.code, run.stdout) == (2, "")
    assert fault in run.stderr
    assert emulator.requests() == []
