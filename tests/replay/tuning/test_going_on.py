"""A second --tune goes on where the first one stopped, and tunes again what has changed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.program import PATIENCE_SECONDS, Program
from tests.replay.recordings import DAY, wave
from tests.replay.test_command import NO_AWS, RULES, write_recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

TABLES = ("items", "orders", "users")
TUNE = ("--tune", "history", "--workers", "2")
ALREADY = "3 of 3 targets are tuned already: their results are in "


def write_history(folder: Path) -> Path:
    """Write recordings of three tables, and return their folder."""
    history = folder / "history"
    history.mkdir()
    for seed, name in enumerate(TABLES):
        write_recording(history / f"{name}.csv", None, wave(2 * DAY, 5, 40, noise=0.05, seed=seed))
    return history


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return a folder with recordings of three tables."""
    return write_history(tmp_path)


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program in the directory of the recordings' folder."""
    return Program(emulator, tmp_path, patience_seconds=300)


@pytest.fixture(scope="module")
def first(running_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Tune three tables once for all tests of kept results; return the run and its folder."""
    folder = tmp_path_factory.mktemp("first")
    history = write_history(folder)
    return Program(running_emulator, folder, patience_seconds=300).run(*TUNE, **NO_AWS), history


@pytest.fixture
def tuned(first: tuple[Run, Path], tmp_path: Path) -> Path:
    """Return a copy of the folder, with the kept results of its three tables."""
    return shutil.copytree(first[1], tmp_path / "history")


def list_kept(history: Path) -> list[Path]:
    """Return the files of kept results."""
    return sorted((history / "tune-results").glob("*.json"))


def wait_for_result(history: Path) -> None:
    """Wait until a result is kept."""
    deadline = time.monotonic() + 4 * PATIENCE_SECONDS
    while not list_kept(history):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_results_that_the_next_one_uses(
    program: Program, history: Path, number: signal.Signals
) -> None:
    program.write(RULES.format(threshold=80))
    with program.start(RULES.format(threshold=80), *TUNE, **NO_AWS) as running:
        wait_for_result(history)
        run = running.end(number)  # which fails if a process is left that holds the output open
    assert run.code in (128 + number, -number)
    assert run.stdout == ""
    if number != signal.SIGKILL:
        assert " of 3 targets are kept; run the same command again to go on\n" in run.stderr
    left = 3 - len(list_kept(history))
    assert 0 <= left < 3
    before = {path: path.stat().st_mtime_ns for path in list_kept(history)}
    second = program.run("-c", "dynamic-dynamodb.conf", *TUNE, **NO_AWS)
    assert f"{3 - left} of 3 targets are tuned already" in second.stderr
    assert second.code == 0
    assert second.stdout.count("[table: ") == 3
    assert len(list_kept(history)) == 3
    assert before == {path: path.stat().st_mtime_ns for path in before}


def change_recording(history: Path) -> tuple[str, ...]:
    """Record a minute more."""
    with (history / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("2026-03-04T00:00:00Z,,9\n")
    return ()


def change_version(history: Path) -> tuple[str, ...]:
    """Replace the version that found a result."""
    file = history / "tune-results" / "orders.json"
    text = file.read_text(encoding="utf-8")
    assert '"program": "' in text
    file.write_text(text.replace('"program": "', '"program": "1'), encoding="utf-8")
    return ()


def tear(history: Path) -> tuple[str, ...]:
    """Cut a result in the middle."""
    file = history / "tune-results" / "orders.json"
    os.truncate(file, file.stat().st_size // 2)
    return ()


def write_no_number(history: Path) -> tuple[str, ...]:
    """Replace a figure of a result by what JSON has no number for."""
    file = history / "tune-results" / "orders.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub('"days": [0-9.]+', '"days": 1e999', text), encoding="utf-8")
    assert "1e999" in file.read_text(encoding="utf-8")
    return ()


def swap(history: Path) -> tuple[str, ...]:
    """Change the target of a result."""
    file = history / "tune-results" / "orders.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"table": "orders"', '"table": "others"'), encoding="utf-8")
    return ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(change_recording, "1 target is tuned again: the recording has changed", id="recording"),
        pytest.param(
            change_version,
            "1 target is tuned again: another version of the program found the kept result",
            id="version",
        ),
        pytest.param(
            lambda _: ("--levers", "existing"),
            "3 targets are tuned again: other flags or options apply",
            id="flags",
        ),
        pytest.param(
            lambda _: ("-c", "now.conf"),
            "1 target is tuned again: other flags or options apply",
            id="configuration",
        ),
        pytest.param(tear, "1 kept result is unusable and ignored, such as ", id="torn"),
        pytest.param(write_no_number, "1 kept result is unusable and ignored, such as ", id="no-number"),
        pytest.param(swap, "1 kept result is unusable and ignored, such as ", id="of-another"),
    ],
)
def test_what_has_changed_is_tuned_again(
    program: Program, tuned: Path, change: Callable[[Path], tuple[str, ...]], sentence: str
) -> None:
    program.write(RULES.format(threshold=50), "now.conf")
    flags = change(tuned)
    changed = program.run(*TUNE, *flags, **NO_AWS)
    assert changed.code == 0
    assert sentence in changed.stderr
    assert ALREADY in program.run(*TUNE, *flags, **NO_AWS).stderr


def test_a_second_run_prints_the_kept_results(program: Program, first: tuple[Run, Path], tuned: Path) -> None:
    run, _ = first
    assert (run.code, run.stderr) == (0, "")
    again = program.run(*TUNE, **NO_AWS)
    assert (again.code, again.stdout) == (0, run.stdout)
    assert ALREADY + str(tuned / "tune-results") in again.stderr


def test_results_that_cannot_be_kept_are_found_all_the_same(program: Program, history: Path) -> None:
    (history / "tune-results").write_text("", encoding="utf-8")
    run = program.run(*TUNE, **NO_AWS)
    assert run.code == 0
    assert run.stdout.count("[table: ") == 3
    assert run.stderr == (
        f"dynamic-dynamodb: results cannot be kept in {history / 'tune-results'} (File exists): a run that is"
        " interrupted begins from the start\n"
    )


def test_a_terminal_shows_targets_done_saving_and_time_left(program: Program, history: Path) -> None:
    write_recording(history / "short.csv", None, [60.0] * 600)
    run = program.run_on_terminal(*TUNE)
    assert run.code == 1
    bars, _, rest = run.stderr.rpartition("\r\033[K")
    assert re.match(r"\rtuning 0/4 ", bars)
    assert re.search(r"\rtuning [123]/4, saving \$\d+\.\d\d a month, \d+ (s|min) left ", bars)
    assert rest.startswith("dynamic-dynamodb: short is left out: ")


def test_the_result_of_a_single_file_is_not_kept(program: Program, history: Path) -> None:
    assert program.run("--tune", "history/orders.csv", **NO_AWS).code == 0
    assert list_kept(history) == []
