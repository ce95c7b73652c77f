"""A `log-config-file` in the format of Python's logging replaces all other logging."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import add_busy, everywhere
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import COMMAND, Program, read_log

if TYPE_CHECKING:
    from tests.emulator import Emulator

PLAIN = everywhere(with_indexes=False)
DAY_SECONDS = 24 * 3600
EXAMPLE = """\
[loggers]
keys=root

[logger_root]
handlers=console,file
level=NOTSET

[formatters]
keys=default

[formatter_default]
format=%(asctime)s - %(name)s - %(levelname)s - %(message)s

[handlers]
keys=file,console

[handler_file]
class=handlers.TimedRotatingFileHandler
interval=midnight
backupCount=7
formatter=default
level=DEBUG
args=('configured.log', 'midnight', 1, 7)

[handler_console]
class=StreamHandler
formatter=default
level=INFO
args=(sys.stdout,)
"""


@pytest.mark.parametrize("place", ["flag", "option"])
def test_the_example_in_the_manual_logs_to_file_and_console(
    emulator: Emulator, program: Program, place: str
) -> None:
    add_busy(emulator)
    path = program.write(EXAMPLE, "logging.conf")
    if place == "flag":
        run = program.check(PLAIN, "--log-config-file", path)
    else:
        run = program.check(
            f"[logging]\nlog-config-file: {path}\nlog-level: error\nlog-file: no.log\n{PLAIN}"
        )
    assert run.code == 0
    assert "updated: reads 100 -> 150" in run.line_of("busy")
    in_file = (program.folder / "configured.log").read_text()
    assert [line for line in read_log(in_file) if not line.startswith("DEBUG")] == run.log
    assert "botocore" not in in_file
    assert not (program.folder / "no.log").exists()


def test_the_example_in_the_manual_rotates_its_file(program: Program) -> None:
    log = program.folder / "configured.log"
    for day in range(1, 10):
        log.with_name(f"configured.log.2020-01-0{day}").write_text("older\n")
    log.write_text("old\n")
    yesterday = time.time() - DAY_SECONDS
    os.utime(log, (yesterday, yesterday))
    program.check(PLAIN, "--log-config-file", program.write(EXAMPLE, "logging.conf"))
    assert sorted(path.name for path in program.folder.glob("configured.log*")) == [
        "configured.log",
        *(f"configured.log.2020-01-0{day}" for day in range(4, 10)),
        f"configured.log.{time.strftime('%Y-%m-%d', time.localtime(yesterday))}",
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("no section\n", id="no section"),
        pytest.param(EXAMPLE.replace("keys=file,console", "keys=file"), id="a handler that is not there"),
        pytest.param(EXAMPLE.replace("handlers.Timed", "handlers.Tired"), id="a class that is not there"),
        pytest.param(EXAMPLE.replace("'configured.log'", "'no/such/x.log'"), id="no folder for its file"),
        pytest.param(EXAMPLE.replace("(sys.stdout,)", "(sys.stdout"), id="arguments that are no Python"),
        pytest.param(EXAMPLE.replace("level=INFO", "level=LOUD"), id="a level that is not there"),
        pytest.param("\0\ufffe", id="no text"),
    ],
)
def test_a_logging_configuration_that_cannot_be_used_is_refused(
    emulator: Emulator, program: Program, content: str | None
) -> None:
    path = str(program.folder / "logging.conf") if content is None else program.write(content, "logging.conf")
    run = program.check(PLAIN, "--log-config-file", path)
    assert (run.code, run.stdout) == (2, "")
    assert f"log-config-file {path} cannot be used" in run.stderr
    assert emulator.requests() == []


def test_a_logging_configuration_that_became_invalid_is_reported_in_the_old_log(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    soon = f"[global]\ncheck-interval: 1\n{PLAIN}"
    path = program.write(EXAMPLE, "logging.conf")
    log = program.folder / "configured.log"
    with program.start(soon + f"[logging]\nlog-config-file: {path}\n") as running:
        running.wait_for("busy: updated")
        program.write(EXAMPLE.replace("handlers.Timed", "handlers.Tired"), "logging.conf")
        running.send(signal.SIGHUP)
        running.wait_for("ERROR reload failed, keeping the old configuration")
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0
    assert any(
        "ERROR reload failed, keeping the old configuration" in line for line in read_log(log.read_text())
    )


def test_a_reload_fails_if_the_working_directory_was_deleted(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    log = program.folder / "configured.log"
    path = program.write(EXAMPLE.replace("configured.log", str(log)), "logging.conf")
    gone = program.folder / "gone"
    gone.mkdir()
    there = Program(emulator, program.folder, ("sh", "-c", f'cd {gone} && exec "$@"', "sh", *COMMAND))
    with there.start(f"[global]\ncheck-interval: 1\n{PLAIN}[logging]\nlog-config-file: {path}\n") as running:
        running.wait_for("busy: updated")
        shutil.rmtree(gone)  # from which relative paths in the file would count
        running.send(signal.SIGHUP)
        running.wait_for(f"log-config-file {path} cannot be used: FileNotFoundError: ")
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0


def test_a_replaced_logging_configuration_stops_logging(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    own = EXAMPLE.replace("keys=root", "keys=root,own").replace("handlers=console,file", "handlers=console")
    own += "[logger_own]\nqualname=dynamic-dynamodb\nhandlers=file\nlevel=INFO\npropagate=0\n"
    soon = f"[global]\ncheck-interval: 1\n{PLAIN}"
    log = program.folder / "configured.log"
    path = program.write(own, "logging.conf")
    with program.start(f"{soon}[logging]\nlog-config-file: {path}\n") as running:
        wait_until(lambda: log.exists() and "busy: updated" in log.read_text(), "a check")
        program.write(soon)
        running.send(signal.SIGHUP)
        running.wait_for("checked 1 target: 1 unchanged", seconds=5)
        size = log.stat().st_size
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0
    assert log.stat().st_size == size
