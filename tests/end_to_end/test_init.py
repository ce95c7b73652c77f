"""--init prints a first configuration for an account, with the reason for each limit."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import actions
from tests.end_to_end.program import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program, Run


def sections_of(text: str) -> dict[str, list[str]]:
    """Return the comments and options of each section for tables and indexes, which a blank line precedes."""
    found = {}
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        titles = [line for line in lines if line.startswith(("[table: ", "[gsi: "))]
        if titles:
            found[titles[0]] = [line for line in lines if line != titles[0]]
    return found


def limits(reads: tuple[int, int], writes: tuple[int, int]) -> list[str]:
    """Return the limits of a section as its options."""
    return [
        f"min-provisioned-reads: {reads[0]}",
        f"max-provisioned-reads: {reads[1]}",
        f"min-provisioned-writes: {writes[0]}",
        f"max-provisioned-writes: {writes[1]}",
    ]


def options_of(text: str) -> dict[str, list[str]]:
    """Return the options of each section for tables and indexes."""
    return {
        title: [line for line in lines if not line.startswith("#")]
        for title, lines in sections_of(text).items()
    }


def joined(text: str) -> str:
    """Return a file with its wrapped comments in one line."""
    return re.sub(r"\n#  +", " ", text)


def check(program: Program, text: str) -> Run:
    """Check a file that was printed."""
    return program.run("-c", program.write(text), "--check-config")


def test_a_proposal_is_valid_without_warnings_and_applies_to_the_account(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", reads=100, writes=20, gsis={"by.date": (50, 10)})
    emulator.add_table("prod.v1", reads=2, writes=2)
    emulator.put_metrics("orders", consumed_reads=137, consumed_writes=3, minutes=60)
    emulator.put_metrics("orders", "by.date", consumed_reads=30.4, minutes=60)
    run = program.run("--init")
    assert run.code == 0
    assert options_of(run.stdout) == {
        "[table: ^orders$]": limits((5, 274), (5, 20)),
        r"[gsi: ^by\.date$ table: ^orders$]": limits((5, 61), (5, 10)),
        r"[table: ^prod\.v1$]": limits((2, 2), (2, 2)),
    }
    checked = check(program, run.stdout)
    assert (checked.code, checked.stderr) == (0, "")
    assert checked.stdout.endswith("2 table sections, 1 index section, 0 warnings, 0 notices\n")
    dry = program.check(run.stdout, "--dry-run")
    assert (dry.code, dry.warnings) == (0, [])
    assert dry.line_of("orders").startswith("INFO orders: would be updated: reads 100 -> 162")


def test_each_limit_has_its_reason(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=20)
    emulator.add_table("users", reads=100, writes=20)
    busiest = emulator.now() - timedelta(days=10)
    emulator.put_series("orders", sums={busiest: 60 * 137.0, busiest + timedelta(minutes=1): 60 * 9.0})
    emulator.put_series("orders", metric="ConsumedWriteCapacityUnits", sums={busiest: 60.0})
    emulator.register_scalable("users", capacity="Read", limits=(10, 400), target_percent=62.5)
    emulator.register_scalable("users", capacity="Write", limits=(10, 15))
    found = sections_of(joined(program.run("--init").stdout))
    minute = f"{busiest:%Y-%m-%d %H:%M} UTC"
    reads, writes, *_ = found["[table: ^orders$]"]
    assert (
        reads
        == f"# Reads, 100 now: 137.0 a second in the busiest minute, {minute}; the maximum is twice that."
    )
    assert writes == (
        f"# Writes, 20 now: 1.0 a second in the busiest minute, {minute};"
        " twice that is less than what is provisioned, the maximum here."
    )
    reads, writes, *options = found["[table: ^users$]"]
    assert reads == "# Reads, 100 now: AWS scales them from 10 to 400 at 62.5 %, which are the limits here."
    assert writes == (
        "# Writes, 20 now: AWS scales them from 10 to 15, but more is provisioned, which is the maximum here."
    )
    assert options[-4:] == limits((10, 400), (10, 20))


def test_a_short_burst_in_a_busy_hour_counts_in_full(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=20)
    end = emulator.now() - timedelta(days=13, hours=20)
    emulator.put_series("orders", sums={end - timedelta(minutes=minute): 60.0 for minute in range(60)})
    emulator.put_series("orders", sums={end: 60 * 3000.0})
    assert "max-provisioned-reads: 6000\n" in program.run("--init").stdout


def test_what_is_older_than_two_weeks_does_not_count(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=10, writes=20)
    emulator.put_series("orders", sums={emulator.now() - timedelta(days=14, hours=2): 60 * 3000.0})
    text = program.run("--init").stdout
    assert "max-provisioned-reads: 10\n" in text
    assert "# Reads, 10 now: nothing was consumed in 14 days" in text


def test_what_aws_scales_is_left_alone_and_the_commands_hand_it_over(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", reads=100, writes=20, gsis={"by-date": (50, 10)})
    for capacity in ("Read", "Write"):
        emulator.register_scalable("orders", capacity=capacity, limits=(5, 200), target_percent=70)
    emulator.register_scalable("orders", "by-date", capacity="Write", limits=(5, 200), target_percent=70)
    run = program.run("--init")
    commands = [line for line in run.stdout.splitlines() if "deregister-scalable-target" in line]
    start = (
        "#   aws application-autoscaling deregister-scalable-target --region us-east-1"
        " --service-namespace dynamodb --resource-id"
    )
    assert commands == [
        f"{start} table/orders --scalable-dimension dynamodb:table:ReadCapacityUnits",
        f"{start} table/orders --scalable-dimension dynamodb:table:WriteCapacityUnits",
        f"{start} table/orders/index/by-date --scalable-dimension dynamodb:index:WriteCapacityUnits",
    ]
    dry = program.check(run.stdout, "--dry-run")
    assert dry.line_of("orders") == "INFO orders: skipped: managed by AWS Application Auto Scaling"
    assert "scales capacities of 1 table itself" in joined(run.stdout)


def test_the_registrations_of_tables_that_are_gone_are_not_mentioned(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders")
    emulator.register_scalable("gone", target_percent=70)
    assert "gone" not in program.run("--init").stdout


def test_scheduled_actions_are_comments_that_cannot_add_lines(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=20)
    emulator.register_scalable("orders", limits=(5, 500), target_percent=70)
    emulator.schedule_scaling(
        "orders", name="morning", schedule="cron(0 8 * * ? *)", timezone="Europe/Berlin", minimum=50
    )
    emulator.schedule_scaling("orders", name="x\n[table: .*]", schedule="rate(1 day)", minimum=1, maximum=9)
    run = program.run("--init")
    assert sections_of(joined(run.stdout))["[table: ^orders$]"][0].split(" AWS's ")[1:] == [
        "scheduled action morning, cron(0 8 * * ? *) Europe/Berlin: minimum 50.",
        r"scheduled action x\n[table: .*], rate(1 day) UTC: minimum 1, maximum 9.",
    ]
    assert list(options_of(run.stdout)) == ["[table: ^orders$]"]


def test_alike_tables_share_a_section_that_matches_exactly_them(emulator: Emulator, program: Program) -> None:
    for month in range(1, 5):
        emulator.add_table(f"prod-orders-2024-{month:02}", reads=10, writes=10, gsis={"by-date": (5, 5)})
    emulator.add_table("shard-1", reads=10, writes=10)
    emulator.add_table("shard-2", reads=10, writes=99)
    for month in range(1, 5):
        emulator.register_scalable(f"prod-orders-2024-{month:02}", limits=(5, 50), target_percent=70)
    run = program.run("--init")
    assert options_of(run.stdout) == {
        "[table: ^prod-orders-2024-[0-9]{2}$]": limits((5, 50), (5, 10)),
        "[gsi: ^by-date$ table: ^prod-orders-2024-[0-9]{2}$]": limits((5, 5), (5, 5)),
        "[table: ^shard-1$]": limits((5, 10), (5, 10)),
        "[table: ^shard-2$]": limits((5, 10), (5, 99)),
    }
    names = " ".join(f"prod-orders-2024-{month:02}" for month in range(1, 5))
    assert f"#   for table in {names}; do aws " in run.stdout
    assert check(program, run.stdout).code == 0


def test_costs_of_tables_on_demand_are_listed(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders")
    emulator.add_table("busy", on_demand=True, gsis={"by-date": (0, 0)})
    emulator.add_table("idle", on_demand=True)
    emulator.put_metrics("busy", consumed_reads=850, minutes=14 * 24 * 60)
    lines = program.run("--init").stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# Billed on demand"))
    costs = [line for line in lines[start:] if " on demand, about $" in line]
    # 850 a second are 2,203 million in 30 days at $0.125; 1,000 units and three of 1 for 720 hours, and
    # metrics for $1.728 for each table and index.
    assert costs == [
        "#   busy with 1 index: $275.40 on demand, about $98.09 provisioned: cheaper provisioned",
        "#   idle: $0.00 on demand, about $2.29 provisioned",
    ]
    assert "[table: ^busy$]" not in lines


def test_an_account_on_demand_gets_its_costs_and_no_file(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.add_table("busy", on_demand=True)
    run = program.run("--init", "--init-output", "new.conf")
    assert run.code == 1
    assert "no table of us-east-1 has provisioned capacity, so there is nothing to scale" in run.stderr
    assert "#   busy: $0.00 on demand" in run.stdout
    assert not (tmp_path / "new.conf").exists()


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
    terminal, end = os.openpty()
    process = subprocess.Popen(
        [*program.command, "--init"],
        cwd=program.folder,
        env={**os.environ, **emulator.environment(), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=end,
    )
    os.close(end)
    shown = ""
    with suppress(OSError):  # the end of a terminal
        while part := os.read(terminal, 1 << 16):
            shown += part.decode(errors="replace")
    os.close(terminal)
    assert process.wait() == 0
    assert re.search(r"\rreading tables 100/101, \d+ s left █+·* +99%", shown)
    assert re.search(r"\r\033\[Kdynamic-dynamodb: the load of 14 days takes ", shown)
    assert shown.endswith("\r\033[K")


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
