"""The log is written where and how it is configured."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import add_busy, add_busy_with_index, everywhere
from tests.end_to_end.program import COMMAND
from tests.end_to_end.test_log_config_file import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

PLAIN = everywhere(with_indexes=False)
DAY_SECONDS = 24 * 3600
_MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}"


@pytest.mark.parametrize(
    ("flags", "form"),
    [
        pytest.param((), rf"{_MOMENT} - dynamic-dynamodb - (INFO|WARNING) - \S.*", id="a real run"),
        pytest.param(
            ("--dry-run",), rf"{_MOMENT} - dynamic-dynamodb - dryrun - (INFO|WARNING) - \S.*", id="a dry run"
        ),
    ],
)
def test_each_line_has_time_name_level_and_message(
    emulator: Emulator, program: Program, flags: tuple[str, ...], form: str
) -> None:
    add_busy(emulator)
    lines = program.check(f"{PLAIN}[table: none]\n", *flags).stdout.splitlines()
    assert len(lines) >= 3
    assert [line for line in lines if not re.fullmatch(form, line)] == []


@pytest.mark.parametrize(
    ("flags", "section", "seen"),
    [
        pytest.param((), "", {"INFO", "WARNING", "ERROR"}, id="info by default"),
        pytest.param((), "[logging]\nlog-level: WARNING\n", {"WARNING", "ERROR"}, id="warning, loudly"),
        pytest.param(
            ("--log-level", "error"), "[logging]\nlog-level: info\n", {"ERROR"}, id="the flag goes first"
        ),
    ],
)
def test_log_level_hides_less_serious_messages(
    emulator: Emulator, program: Program, flags: tuple[str, ...], section: str, seen: set[str]
) -> None:
    add_busy(emulator)
    emulator.add_fault(code="AccessDeniedException", action="UpdateTable")
    run = program.check(f"{section}{PLAIN}[table: none]\n", *flags)
    assert {line.split()[0] for line in run.log} == seen


def test_at_debug_the_libraries_stay_silent(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    run = program.check(PLAIN, "--log-level", "debug")
    assert run.stdout.splitlines() != []
    assert [line for line in run.stdout.splitlines() if " - dynamic-dynamodb - " not in line] == []


@pytest.mark.parametrize(
    ("named", "found"),
    [
        pytest.param("own.log", "own.log", id="relative"),
        pytest.param("~/own.log", "own.log", id="in the home"),
    ],
)
def test_log_file_contains_what_the_console_shows(
    emulator: Emulator, program: Program, named: str, found: str
) -> None:
    add_busy(emulator)
    run = program.check(f"[logging]\nlog-file: {named}\n{PLAIN}")
    assert run.log != []
    assert (program.folder / found).read_text() == run.stdout


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(Path.mkdir, "it is a directory", id="a directory"),
        pytest.param(os.mkfifo, "it is a FIFO, not a file: log to stdout and pipe that instead", id="a FIFO"),
        pytest.param(lambda path: path.symlink_to(path), "Too many levels of symbolic links", id="a loop"),
    ],
)
def test_a_start_and_check_config_refuse_what_is_not_a_log_file(
    emulator: Emulator, program: Program, make: Callable[[Path], None], why: str
) -> None:
    path = program.folder / "own.log"
    make(path)
    started = program.check(PLAIN, "--log-file", "own.log")
    checked = program.run("-c", program.write(PLAIN), "--log-file", "own.log", "--check-config")
    assert [run.code for run in (started, checked)] == [2, 2]
    assert [f"log-file {path} cannot be written: {why}\n" in run.stderr for run in (started, checked)] == [
        True
    ] * 2
    assert emulator.requests() == []


@pytest.mark.parametrize("given", ["/dev/stdout", "/dev/stderr", "/dev/null"])
def test_a_stream_as_log_file_receives_each_line_once(
    emulator: Emulator, program: Program, given: str
) -> None:
    add_busy(emulator)
    run = program.check(PLAIN, "--log-file", given)
    assert (run.code, len(run.log)) == (0, 3)
    assert run.stderr == (run.stdout if given == "/dev/stderr" else "")


def test_a_log_file_rotates_daily_and_keeps_five_old_files(program: Program) -> None:
    log = program.folder / "own.log"
    _age(log, kept=[f"2020-01-0{day}" for day in range(1, 9)])
    program.check(PLAIN, "--log-file", "own.log")
    yesterday = time.strftime("%Y-%m-%d", time.localtime(time.time() - DAY_SECONDS))
    assert sorted(path.name for path in program.folder.glob("own.log*")) == [
        "own.log",
        *(f"own.log.2020-01-0{day}" for day in range(5, 9)),
        f"own.log.{yesterday}",
    ]
    assert "old" not in log.read_text()


@pytest.mark.parametrize(
    ("environment", "flags", "are_warnings_coloured"),
    [
        pytest.param({"TERM": "xterm"}, (), True, id="a terminal"),
        pytest.param({"TERM": "xterm", "NO_COLOR": ""}, (), True, id="an empty NO_COLOR"),
        pytest.param({"TERM": "xterm", "NO_COLOR": "1"}, (), False, id="a user who wants none"),
        pytest.param({"TERM": "dumb"}, (), False, id="a terminal without colours"),
        pytest.param({"TERM": "xterm"}, ("--log-format", "json"), False, id="JSON"),
    ],
)
def test_warnings_and_errors_are_coloured_on_a_terminal(
    emulator: Emulator,
    program: Program,
    environment: dict[str, str],
    flags: tuple[str, ...],
    are_warnings_coloured: bool,  # noqa: FBT001 - a column of the table
) -> None:
    add_busy(emulator)
    path = program.write(f"{PLAIN}[table: none]\n")
    own = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "-c", path, "--run-once", "--log-file", "own.log", *flags],
        env={**own, **emulator.environment(), "HOME": str(program.folder), **environment},
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = _read_terminal(ours)
    assert process.wait() == 0
    lines = {level: [line for line in shown.splitlines() if level in line] for level in ("WARNING", "INFO")}
    assert [len(each) > 0 for each in lines.values()] == [True, True]
    assert {"\x1b[33m" in line for line in lines["WARNING"]} == {are_warnings_coloured}
    assert {"\x1b" in line for line in lines["INFO"]} == {False}
    assert "\x1b" not in (program.folder / "own.log").read_text()


def test_a_log_outside_a_terminal_is_not_coloured(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    run = program.check(f"{PLAIN}[table: none]\n", TERM="xterm")
    assert run.warnings != []
    assert "\x1b" not in run.stdout


def test_json_has_one_object_per_line_with_the_numbers_of_a_target(
    emulator: Emulator, program: Program
) -> None:
    add_busy_with_index(emulator)
    emulator.add_table("idle", on_demand=True)
    run = program.check(everywhere(), "--log-format", "json", "--log-file", "own.log")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert (program.folder / "own.log").read_text() == run.stdout
    reported = [line for line in lines if line.get("event") in ("skipped", "updated")]
    assert [(line["table"], line["index"], line["event"], line["reason"]) for line in reported] == [
        ("idle", None, "skipped", "on-demand"),
        ("orders", None, "updated", None),
        ("orders", "by-date", "updated", None),
    ]
    sides = [line[side] for line in reported[1:] for side in ("reads", "writes")]
    assert [(side["provisioned"], side["proposed"], side["reasons"]) for side in sides] == [
        (100, 150, ["consumed-above-threshold"])
    ] * 4
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"]) for line in lines)
    assert [line["message"] for line in lines][-1].startswith("checked 3 targets")


def test_json_marks_a_dry_run_and_names_a_failure(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(code="AccessDenied", action="GetMetricData", times=None)
    emulator.add_fault(code="AccessDenied", action="GetMetricStatistics", times=None)
    run = program.check(PLAIN, "--log-format", "json", "--dry-run")
    (line,) = [each for each in map(json.loads, run.stdout.splitlines()) if each.get("table") == "busy"]
    assert (line["level"], line["event"], line["dry_run"]) == ("ERROR", "failed", True)
    assert line["reason"] == "metrics-failed"
    assert "cloudwatch:" in line["message"]


FORGED = "2026-01-01 00:00:00+0000 - dynamic-dynamodb - INFO - busy: unchanged"
HOSTILE = f"no\x1b[2J\x9b31m\u202e\u2028{FORGED}\n{FORGED}"
SHOWN = rf"no\x1b[2J\x9b31m\u202e {FORGED} {FORGED}"


def test_text_from_aws_neither_breaks_lines_nor_moves_the_cursor(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    emulator.add_fault(code="AccessDeniedException", action="UpdateTable", message=HOSTILE, times=None)
    run = program.check(PLAIN, "--log-file", "own.log")
    for text in (run.stdout, (program.folder / "own.log").read_text()):
        assert [line for line in text.splitlines() if not line.isprintable()] == []
        (line,) = [line for line in text.splitlines() if " - ERROR - " in line]
        assert SHOWN in line
        assert [line for line in text.splitlines() if line.startswith("2026-01-01")] == []


def test_text_from_aws_is_escaped_in_a_log_config_file_too(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(code="AccessDeniedException", action="UpdateTable", message=HOSTILE, times=None)
    run = program.check(PLAIN, "--log-config-file", program.write(EXAMPLE, "logging.conf"))
    assert [line for line in run.stdout.splitlines() if not line.isprintable()] == []
    assert SHOWN in run.stdout


def test_text_from_aws_is_escaped_in_a_recording_too(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(code="AccessDeniedException", action="ListTables", message=HOSTILE, times=None)
    emulator.add_fault(code="AccessDeniedException", action="GetMetricData", message=HOSTILE, times=None)
    run = program.run("-c", program.write(f"[table: ^busy$]\n{PLAIN}"), "--record", "kept")
    assert run.code == 1
    assert SHOWN in run.stderr
    lines = (run.stdout + run.stderr).splitlines()
    assert [line for line in lines if not line.isprintable() or line.startswith("2026")] == []


def _age(log: Path, kept: list[str]) -> None:
    """Make a log that was last written to a day ago, and older ones."""
    for day in kept:
        log.with_name(f"{log.name}.{day}").write_text("older\n")
    log.write_text("old\n")
    yesterday = time.time() - DAY_SECONDS
    os.utime(log, (yesterday, yesterday))


def _read_terminal(descriptor: int) -> str:
    """Read until the program closes its side."""
    parts = []
    try:
        while part := os.read(descriptor, 4096):
            parts.append(part)
    except OSError:  # how Linux says that the other side is closed
        pass
    finally:
        os.close(descriptor)
    return b"".join(parts).decode()
