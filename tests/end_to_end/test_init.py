"""--init prints a first configuration for an account, with the reason for each limit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.end_to_end.proposals import check, joined, limits, options_of, sections_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


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
