"""--tune through the real command: what it prints is a configuration that --check-config accepts."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.replay.recordings.recording import Origin, RecordedPrices
from dynamic_dynamodb.scaling.model import Target
from tests.end_to_end.program import PATIENCE_SECONDS, Program
from tests.replay.pages import read_page
from tests.replay.recordings import DAY, wave
from tests.replay.test_command import NO_AWS, RULES, write_recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator import Emulator

LOAD = wave(2 * DAY, 20, 200, noise=0.05)


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with recordings of a table, of an index without its table, and of ten hours."""
    made = Program(emulator, tmp_path, patience_seconds=300)
    made.write(RULES.format(threshold=80), "now.conf")
    folder = tmp_path / "history"
    folder.mkdir()
    write_recording(folder / "or.ders.csv", LOAD, [one // 4 for one in LOAD])
    write_recording(folder / "users@by-date.csv", None, LOAD)
    write_recording(folder / "short.csv", None, LOAD[:600])
    entries = {name: Entry(Target.parse(name)) for name in ("or.ders", "users@by-date", "short")}
    (folder / MANIFEST).write_text(Manifest("us-east-1", "", entries).write(), encoding="utf-8")
    return made


def test_the_sections_pass_check_config_without_a_warning(program: Program, tmp_path: Path) -> None:
    run = program.run("--tune", "history", "--tune-output", "tuned.conf", "--workers", "2", **NO_AWS)
    assert run.code == 1  # one recording is too short
    assert run.stderr.startswith("dynamic-dynamodb: short is left out: its recording is only 10 hours long")
    assert [line.partition(":")[0] for line in run.stdout.splitlines()] == [
        "or.ders",
        "users/by-date",
        "all 2 tables",
        f"written to {tmp_path / 'tuned.conf'}",
    ]
    check = program.run("-c", "tuned.conf", "--check-config", **NO_AWS)
    assert (check.code, check.stderr) == (0, "")
    assert "can be used: 2 table sections, 1 index section, 0 warnings" in check.stdout
    explained = program.run("-c", "tuned.conf", "--explain", "or.ders", **NO_AWS).stdout
    assert "reads-target-utilization" in explained
    text = (tmp_path / "tuned.conf").read_text(encoding="utf-8")
    assert text.index("[table: ^or\\.ders$]") < text.index("[gsi: ^by-date$ table: ^users$]")
    assert "# users itself is not scaled." in text
    for row in ("this section", "AWS target tracking 70 %", "AWS target tracking 90 %", "on-demand"):
        assert f"#   {row} " in text


def test_a_file_in_which_no_section_is_advised_passes_check_config_and_scales_nothing(
    program: Program, tmp_path: Path
) -> None:
    write_recording(tmp_path / "rare.csv", None, [60000.0 * (minute % DAY == 7) for minute in range(2 * DAY)])
    run = program.run("--tune", "rare.csv", "--tune-output", "tuned.conf", **NO_AWS)
    assert run.stdout.startswith("rare: go on-demand: ")
    output = tmp_path / "tuned.conf"
    assert run.stdout.endswith(f"written to {output}: 0 sections, 1 commented out because not advised\n")
    lines = output.read_text(encoding="utf-8").splitlines()
    assert "#[table: ^rare$]" in lines
    in_use = lines[lines.index("[table: ^rare$]") + 1 :]
    assert [line for line in in_use if line and line[0] != "#"] == [
        "enable-reads-up-scaling: false",
        "enable-reads-down-scaling: false",
        "max-provisioned-reads: 40000",
        "enable-writes-up-scaling: false",
        "enable-writes-down-scaling: false",
        "max-provisioned-writes: 40000",
    ]
    check = program.run("-c", "tuned.conf", "--check-config", **NO_AWS)
    assert (check.code, check.stderr) == (0, "")


def test_a_report_and_json_are_written_beside_the_sections(program: Program, tmp_path: Path) -> None:
    flags = ("--tune", "history", "--tune-output", "tuned.conf", "--report", "tune.html", "--format", "json")
    run = program.run(*flags, **NO_AWS)
    assert run.code == 1  # one recording is too short
    found = json.loads(run.stdout)
    assert [one["table"] for one in found["targets"]] == ["or.ders", "users"]
    assert found["left_out"] == [run.stderr.removeprefix("dynamic-dynamodb: ").rstrip("\n")]
    section = found["targets"][0]["section"]["options"]
    text = (tmp_path / "tuned.conf").read_text(encoding="utf-8")
    assert f"reads-target-utilization: {section['reads-target-utilization']}\n" in text
    page = read_page((tmp_path / "tune.html").read_text(encoding="utf-8"))
    assert set(page.details) == {"or.ders", "users/by-date"}
    charts = {name: details.count('<svg class="chart"') for name, details in page.details.items()}
    assert charts == {"or.ders": 2, "users/by-date": 1}


def test_an_existing_file_is_not_overwritten(program: Program, tmp_path: Path) -> None:
    program.write("precious", "mine.conf")
    run = program.run("--tune", "history", "--tune-output", "mine.conf", **NO_AWS)
    assert run.code == 2
    assert f"--tune-output {tmp_path / 'mine.conf'} exists; refusing to overwrite it" in run.stderr
    assert (tmp_path / "mine.conf").read_text(encoding="utf-8") == "precious"


def test_sections_that_cannot_be_written_are_printed(program: Program) -> None:
    too_long = 300 * "x"
    run = program.run("--tune", "history/users@by-date.csv", "--tune-output", too_long, **NO_AWS)
    assert run.code == 1
    assert run.stderr.endswith("cannot be written: File name too long; the sections are printed instead\n")
    assert "[gsi: ^by-date$ table: ^users$]" in run.stdout


def test_the_configuration_in_force_is_compared_with(program: Program) -> None:
    program.write(RULES.format(threshold=50).replace("orders", "or.ders"), "now.conf")
    run = program.run(
        *(
            "-c",
            "now.conf",
            "--tune",
            "history/or.ders.csv",
            "--fail-if",
            "throttled>0%",
            "--billing",
            "prorated",
        ),
        **NO_AWS,
    )
    assert "#   this configuration  " in run.stdout
    assert "max-provisioned-reads: 400" in run.stdout
    assert "billing prorated" in run.stdout
    assert "guess" not in run.stdout


def list_children(pid: int) -> list[str]:
    """Return the processes that a process has started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()


def test_sigterm_ends_the_workers_too(program: Program) -> None:
    flags = ("--tune", "history", "--workers", "2")
    with program.start(RULES.format(threshold=80), *flags, **NO_AWS) as running:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(list_children(running.pid)) <= 2:  # one of them tracks semaphores
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run = running.end(signal.SIGTERM)  # which fails if a process is left that holds the output open
    assert (run.code, run.stdout) == (128 + signal.SIGTERM, "")


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        pytest.param(
            ("--tune", "history", "--fail-if", "cost>5"),
            "--fail-if with --tune sets the allowed throttling, such as throttled>0.1%, got 'cost>5'",
            id="condition",
        ),
        pytest.param(("--workers", "2"), "--workers requires --tune", id="workers"),
        pytest.param(
            ("--tune", "history", "--replay", "history", "-c", "now.conf"),
            "--replay and --tune exclude each other",
            id="two-tasks",
        ),
        pytest.param(("--tune", "nowhere"), "nowhere does not exist: create a recording", id="nothing"),
        pytest.param(
            ("--tune", "history", "--report", "now.conf"),
            "exists and is not a report; refusing to overwrite it",
            id="report",
        ),
        pytest.param(
            ("--tune", "history", "--region", "eu-west-1"),
            "--region eu-west-1: all recordings are of us-east-1",
            id="region",
        ),
        pytest.param(("--tune", "history", "--levers", "all"), "--levers must be one of", id="levers"),
        pytest.param(
            ("--tune", "history", "--tune-output", "nowhere/x.conf"),
            "is not a writable directory",
            id="folder",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_work(
    program: Program, flags: tuple[str, ...], fault: str
) -> None:
    flags = flags if "--tune" in flags else (*flags, "-c", "now.conf", "--check-config")
    run = program.run(*flags, **NO_AWS)
    assert run.code == 2
    assert fault in run.stderr


PRICES = RecordedPrices("2026-03-02", DEFAULT_DOLLARS)
PLACES = ("us-east-1", "eu-west-1")
ACCOUNTS = """\
[account: production]
role-arn: arn:aws:iam::111122223333:role/scaling
external-id: example
regions: us-east-1, eu-west-1

[account: staging]
role-arn: arn:aws:iam::444455556666:role/scaling
regions: eu-west-1
"""

MAXIMA = """\
[default_options]
max-provisioned-reads: 900
max-provisioned-writes: 900
"""


def write_places(history: Path, origins: Sequence[Origin]) -> None:
    """Write a recording of the same table, and of its index, in each place."""
    for number, origin in enumerate(origins, 1):
        folder = history / origin.name
        folder.mkdir(parents=True)
        names = {"orders": Entry(Target("orders")), "orders@by-date": Entry(Target("orders", "by-date"))}
        manifest = Manifest(origin.region, origin.account, names, PRICES, origin.account_name)
        (folder / MANIFEST).write_text(manifest.write(), encoding="utf-8")
        for name in names:
            write_recording(folder / f"{name}.csv", None, [one * number for one in LOAD])


@pytest.mark.parametrize(
    ("file", "origins", "limits"),
    [
        pytest.param(
            "[global]\nregions: us-east-1, eu-west-1\n",
            [Origin(region) for region in PLACES],
            [["regions: eu-west-1"], ["regions: us-east-1"]],
            id="regions",
        ),
        pytest.param(
            ACCOUNTS,
            [
                *(Origin(region, "111122223333", "production") for region in PLACES),
                Origin("eu-west-1", "444455556666", "staging"),
            ],
            [
                ["accounts: production", "regions: eu-west-1"],
                ["accounts: production", "regions: us-east-1"],
                ["accounts: staging", "regions: eu-west-1"],
            ],
            id="accounts",
        ),
    ],
)
def test_the_file_for_several_places_has_a_section_for_each_and_can_be_used_as_it_is(
    emulator: Emulator, tmp_path: Path, file: str, origins: list[Origin], limits: list[list[str]]
) -> None:
    program = Program(emulator, tmp_path, patience_seconds=300)
    write_places(tmp_path / "history", origins)
    program.write(f"{file}{MAXIMA}[table: .*]\n[gsi: .* table: .*]\n", "now.conf")
    tune = ("-c", "now.conf", "--tune", "history", "--workers", "2")
    run = program.run(*tune, "--tune-output", "tuned.conf", **NO_AWS)
    assert (run.code, run.stderr) == (0, "")
    names = [Place(one.region, one.account_name).name for one in origins]
    lines = [line.partition(":")[0] for line in run.stdout.splitlines()]
    assert [line for line in lines if line.endswith("orders")] == [f"{name} orders" for name in sorted(names)]
    assert f"all {len(names)} tables" in lines
    text = (tmp_path / "tuned.conf").read_text(encoding="utf-8")
    assert file in text
    paragraphs = [part.splitlines() for part in text.split("\n\n")]
    for title in ("[table: ^orders$]", "[gsi: ^by-date$ table: ^orders$]"):
        found = [part[part.index(title) + 1 :][: len(limits[0])] for part in paragraphs if title in part]
        assert found == limits
    checked = program.run("-c", "tuned.conf", "--check-config", **NO_AWS)
    assert (checked.code, checked.stderr) == (0, "")
    replayed = program.run("-c", "tuned.conf", "--replay", "history", "--format", "csv", **NO_AWS)
    assert replayed.code == 0
    shown_places = [row.partition(",")[0] for row in replayed.stdout.splitlines() if ",orders," in row]
    assert set(shown_places) == set(names)
    kept = program.run(*tune, "--format", "json", **NO_AWS)
    assert f"{2 * len(names)} of {2 * len(names)} targets are tuned already" in kept.stderr
    shown = json.loads(kept.stdout)
    assert shown["region"] is None
    assert {one["place"] for one in shown["targets"]} == set(names)


def test_results_of_one_place_are_kept_for_a_run_with_several(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path, patience_seconds=300)
    write_places(tmp_path / "history", [Origin(region) for region in PLACES])
    first = program.run("--tune", "history", "--region", "eu-west-1", "--workers", "2", **NO_AWS)
    assert first.code == 0
    assert "2 recordings of us-east-1 are left out" in first.stderr
    second = program.run("--tune", "history", "--regions", "us-east-1,eu-west-1", "--workers", "2", **NO_AWS)
    assert "2 of 4 targets are tuned already" in second.stderr
