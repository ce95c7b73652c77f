"""--record --all --regions records several regions, each into a directory of its own."""

from __future__ import annotations

import json
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry
from dynamic_dynamodb.replay.recordings.places import choose_places
from dynamic_dynamodb.replay.recordings.reader import RecordingSource, find_sources
from dynamic_dynamodb.replay.recordings.recording import Origin
from dynamic_dynamodb.scaling.model import Target
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

REGIONS = ("us-east-1", "eu-west-1")
RECORD = ("--record", "history", "--all", "--days", "1", "--regions", ",".join(REGIONS))
RULES = """\
[global]
region: {}
[default_options]
max-provisioned-reads: 9
max-provisioned-writes: 9
[table: .*]
"""


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with an account that has the same two tables in every region."""
    for table in ("orders", "users"):
        emulator.add_table(table)
        emulator.put_metrics(table, consumed_reads=4, consumed_writes=1, minutes=30)
    return Program(emulator, tmp_path)


def list_recorded(folder: Path) -> list[tuple[str, str]]:
    """Return the regions and targets of a directory."""
    sources, faults = find_sources(folder / "history", None)
    assert faults == []
    return [(one.region, str(one.entry.target)) for one in sources]


def test_each_region_has_a_directory_of_its_own_and_lines_name_the_region(
    program: Program, tmp_path: Path
) -> None:
    run = program.run(*RECORD)
    assert (run.code, run.stderr) == (0, "")
    history = tmp_path / "history"
    assert sorted(path.name for path in history.iterdir()) == sorted(REGIONS)
    for region in REGIONS:
        assert json.loads((history / region / MANIFEST).read_text(encoding="utf-8"))["region"] == region
    assert list_recorded(tmp_path) == [
        ("eu-west-1", "orders"),
        ("eu-west-1", "users"),
        ("us-east-1", "orders"),
        ("us-east-1", "users"),
    ]
    lines = run.stdout.splitlines()
    cost = "24 metrics: less than $0.01 at $0.01 per 1,000"
    assert lines[0] == f"recording 4 tables and indexes: CloudWatch bills up to {cost}"
    assert lines[1].startswith("us-east-1 orders: 1,440 minutes, 1,440 of them new, in ")
    assert lines[4].startswith("eu-west-1 orders: ")
    assert lines[-1] == f"CloudWatch bills {cost}"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        pytest.param(
            {"action": "ListTables", "code": "UnrecognizedClientException"},
            "eu-west-1: nothing was recorded: dynamodb:ListTables failed: UnrecognizedClientException",
            id="a region that is not enabled",
        ),
        pytest.param(
            {"action": "ListTables", "code": "AccessDeniedException"},
            "(allow dynamodb:ListTables in the IAM policy)",
            id="no permission to list",
        ),
        pytest.param(
            {"action": "GetMetricData", "code": "AccessDenied"},
            "eu-west-1 orders: not recorded: cloudwatch:GetMetricData failed: AccessDenied",
            id="no permission for metrics",
        ),
    ],
)
def test_a_region_that_fails_is_a_sentence_and_the_others_are_recorded(
    emulator: Emulator, program: Program, tmp_path: Path, fault: dict[str, str], sentence: str
) -> None:
    emulator.add_fault(region="eu-west-1", times=None, **fault)
    run = program.run(*RECORD)
    assert run.code == 1
    assert sentence in run.stderr
    assert "us-east-1 " not in run.stderr
    assert list_recorded(tmp_path) == [("us-east-1", "orders"), ("us-east-1", "users")]
    assert "CloudWatch bills 12 metrics" in run.stdout


def test_a_region_whose_directory_cannot_be_written_is_a_sentence_and_the_others_are_recorded(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "us-east-1").write_text("a file", encoding="utf-8")
    run = program.run(*RECORD)
    assert run.code == 1
    assert "us-east-1: --record " in run.stderr
    assert list_recorded(tmp_path) == [("eu-west-1", "orders"), ("eu-west-1", "users")]


def test_a_region_without_tables_is_a_sentence(emulator: Emulator, tmp_path: Path) -> None:
    run = Program(emulator, tmp_path).run(*RECORD)
    assert run.code == 1
    assert [line.split(": ", 1)[1] for line in run.stderr.splitlines()] == [
        f"{region}: the region has no tables: nothing was recorded" for region in REGIONS
    ]


@pytest.mark.parametrize(
    ("file", "flags"),
    [
        pytest.param("", ("--regions", "us-east-1,eu-west-1"), id="regions of the command line"),
        pytest.param("[global]\nregions: us-east-1, eu-west-1\n", (), id="regions of the file"),
    ],
)
def test_the_sections_of_a_configuration_hold_in_each_region(
    program: Program, tmp_path: Path, file: str, flags: tuple[str, ...]
) -> None:
    path = program.write(f"{file}[table: ^users$]\nmax-provisioned-reads: 9\nmax-provisioned-writes: 9\n")
    run = program.run("-c", path, "--record", "history", "--days", "1", *flags, AWS_DEFAULT_REGION=None)
    assert (run.code, run.stderr) == (0, "")
    assert list_recorded(tmp_path) == [("eu-west-1", "users"), ("us-east-1", "users")]


def test_a_replay_takes_the_recordings_of_the_region_of_its_configuration(program: Program) -> None:
    program.run(*RECORD)
    path = program.write(RULES.format("eu-west-1"))
    run = program.run("-c", path, "--replay", "history", AWS_DEFAULT_REGION=None)
    assert run.code == 0
    assert run.stderr == (
        "dynamic-dynamodb: 2 recordings of us-east-1 are left out: the configuration is for eu-west-1; use"
        " --region us-east-1\n"
    )
    other = program.run("-c", path, "--replay", "history", "--region", "us-east-1")
    assert "2 recordings of eu-west-1 are left out" in other.stderr


def test_tuning_takes_the_recordings_of_one_region(program: Program) -> None:
    program.run(*RECORD)
    run = program.run("--tune", "history", "--region", "eu-west-1", "--workers", "1", AWS_DEFAULT_REGION=None)
    left_out, orders, users = run.stderr.splitlines()
    assert "2 recordings of us-east-1 are left out: the configuration is for eu-west-1" in left_out
    assert [line.split(": ")[1] for line in (orders, users)] == ["orders is left out", "users is left out"]
    assert run.code == 1  # they are too short


@pytest.mark.parametrize(
    ("regions", "wanted", "kept", "other"),
    [
        pytest.param(("", ""), "us-west-2", "01", None, id="unknown"),
        pytest.param(("eu-west-1", "eu-west-1"), "us-west-2", "01", None, id="one"),
        pytest.param(("eu-west-1", ""), "us-west-2", "01", None, id="partly unknown"),
        pytest.param(
            ("us-east-1", "eu-west-1", "eu-west-1"),
            "us-west-2",
            "12",
            ("1 recording of us-east-1 is", "eu-west-1", "us-east-1"),
            id="most",
        ),
        pytest.param(
            ("us-east-1", "eu-west-1", "eu-west-1", ""),
            "us-east-1",
            "03",
            ("2 recordings of eu-west-1 are", "us-east-1", "eu-west-1"),
            id="the wanted one",
        ),
    ],
)
def test_recordings_of_other_regions_are_left_out(
    regions: tuple[str, ...], wanted: str, kept: str, other: tuple[str, str, str] | None
) -> None:
    sources = [
        RecordingSource(Entry(Target(f"table-{number}")), (), Origin(region))
        for number, region in enumerate(regions)
    ]
    chosen = choose_places([Place(wanted)], sources)
    assert [one.target for one in chosen.sources] == [Target(f"table-{number}") for number in kept]
    text = "{} left out: the configuration is for {}; use --region {}"
    assert chosen.left_out == (() if other is None else (text.format(*other),))


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        pytest.param(
            ("--region", "us-east-1"),
            ("--regions", "us-east-1"),
            "holds recordings of one region: use another directory with --regions",
            id="regions after one region",
        ),
        pytest.param(
            ("--regions", "us-east-1"),
            ("--region", "us-east-1"),
            "has a directory for each region: use --regions us-east-1",
            id="one region after regions",
        ),
    ],
)
def test_a_directory_holds_recordings_or_directories_of_regions(
    program: Program, first: tuple[str, ...], second: tuple[str, ...], fault: str
) -> None:
    record = RECORD[:-2]
    assert program.run(*record, *first).code == 0
    run = program.run(*record, *second)
    assert (run.code, fault in run.stderr) == (2, True), run.stderr


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        pytest.param(
            (*RECORD, "--region", "us-east-1"), "--region and --regions exclude each other", id="both"
        ),
        pytest.param((*RECORD, "--regions", "us east"), "--regions must be names such as", id="no name"),
    ],
)
def test_other_uses_of_regions_are_refused(program: Program, flags: tuple[str, ...], fault: str) -> None:
    run = program.run(*flags)
    assert (run.code, fault in run.stderr) == (2, True), run.stderr


def test_a_run_that_was_stopped_is_continued_and_no_series_is_requested_twice(
    emulator: Emulator, tmp_path: Path
) -> None:
    for number in range(12):
        emulator.add_table(f"table-{number:02}")
        emulator.put_metrics(f"table-{number:02}", consumed_reads=1, minutes=30)
    program = Program(emulator, tmp_path)
    emulator.add_fault(kind="hang", action="GetMetricData", table="table-05", region="eu-west-1", times=None)
    with program.start("[table: .*]\n", *RECORD, "--max-workers", "1") as running:
        folder = tmp_path / "history"
        wait_until((folder / "eu-west-1" / "table-04.csv").exists, "the file before the one that hangs")
        assert running.end(signal.SIGTERM).code == 128 + signal.SIGTERM
    emulator.clear_faults()
    second = program.run(*RECORD)
    assert second.code == 0
    assert f"CloudWatch bills {6 * 7} metrics" in second.stdout
    asked = Counter(
        (one.region, metric["Dimensions"][0]["Value"])
        for one in emulator.requests("GetMetricData")
        for metric in [one.parameters["MetricDataQueries"][0]["MetricStat"]["Metric"]]
        if one.status == 200 and "NextToken" not in one.parameters
    )
    assert set(asked.values()) == {1}
    assert len(list_recorded(tmp_path)) == 24
