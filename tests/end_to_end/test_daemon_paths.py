"""A daemon resolves paths relative to the directory of its start, and others cannot write its files."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import add_idle, everywhere
from tests.end_to_end.daemons import Daemon, wait_until
from tests.end_to_end.program import read_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

COUNTING = "num-read-checks-before-scale-down: 9", "num-write-checks-before-scale-down: 9"
EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(*COUNTING, with_indexes=False)


@contextmanager
def _careless() -> Iterator[None]:
    """Set the umask to 0, so that new processes create files that everyone can write."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def _writable_by_others(program: Program, names: set[str]) -> set[str]:
    made = {path for path in program.folder.rglob("*") if path.is_file() and path.suffix != ".conf"}
    assert names <= {path.name for path in made}
    return {path.name for path in made if path.stat().st_mode & 0o022}


def test_relative_paths_work_after_detaching_and_after_a_reload(emulator: Emulator, daemon: Daemon) -> None:
    add_idle(emulator)
    program, folder = daemon.program, daemon.program.folder
    program.write(EACH_SECOND + "[logging]\nlog-file: own.log\n", "own.conf")
    (folder / "pids").mkdir()
    own = ("--pid-file-dir", "pids")
    flags = ("-c", "own.conf", *own, "--state-file", "counts.json")
    assert program.run(*flags, "--daemon", "start").code == 0
    log = folder / "own.log"
    wait_until((folder / "counts.json").exists, "a state file")
    log.rename(folder / "own.log.1")
    program.write(EACH_SECOND.replace("idle", ".*") + "[logging]\nlog-file: own.log\n", "own.conf")
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(log.exists, "a new log")
    wait_until(lambda: "INFO configuration reloaded" in read_log(log.read_text()), "a reload")
    assert program.run(*own, "--daemon", "stop").code == 0
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    status = {f".local/state/dynamic-dynamodb/default.status{end}" for end in ("", ".lock")}
    assert found == {"own.conf", "own.log", "own.log.1", "counts.json", "counts.json.lock", *status}


def test_a_relative_log_config_file_works_after_a_reload(daemon: Daemon) -> None:
    program = daemon.program
    log = program.folder / "configured.log"
    program.write(
        "[loggers]\nkeys=root\n[handlers]\nkeys=file\n[formatters]\nkeys=plain\n"
        f"[logger_root]\nlevel=INFO\nhandlers=file\n[formatter_plain]\nformat=%(message)s\n"
        f"[handler_file]\nclass=FileHandler\nformatter=plain\nargs=({str(log)!r},)\n",
        "logging.conf",
    )
    daemon.must_start(EACH_SECOND, "--log-config-file", "logging.conf")
    wait_until(lambda: "checked 0 targets" in log.read_text(), "a check")
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: "configuration reloaded" in log.read_text(), "a reload")


def test_others_cannot_write_the_files_of_a_daemon(emulator: Emulator, daemon: Daemon) -> None:
    add_idle(emulator)
    with _careless():
        daemon.must_start(EACH_SECOND, "--state-file", str(daemon.program.folder / "counts.json"))
    daemon.wait_for("checked 1 target:")
    made = {"default.log", "default.pid", "counts.json", "counts.json.lock"}
    names = {name.replace("default.pid", "dynamic-dynamodb.default.pid") for name in made}
    assert _writable_by_others(daemon.program, names) == set()


def test_others_cannot_write_the_files_of_a_run(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    with _careless():
        program.check(EACH_SECOND, "--log-file", "own.log", "--state-file", "counts.json")
    made = {"own.log", "counts.json", "counts.json.lock"}
    assert _writable_by_others(program, made) == set()


@pytest.mark.parametrize("extra", [(), ("--daemon", "start")])
def test_a_log_in_a_shared_directory_does_not_follow_a_link(daemon: Daemon, extra: tuple[str, ...]) -> None:
    program = daemon.program
    shared, precious = program.folder / "shared", program.folder / "precious"
    shared.mkdir()
    shared.chmod(0o1777)
    precious.write_text("as it was\n")
    (shared / "own.log").symlink_to(precious)
    run = program.check(EACH_SECOND, *daemon.flags, *extra, "--log-file", str(shared / "own.log"))
    assert precious.read_text() == "as it was\n"
    assert (run.code, run.stdout) == (2, "")
    assert "own.log" in run.stderr


def test_a_log_follows_a_link_of_its_owner(program: Program) -> None:
    (program.folder / "own.log").symlink_to(program.folder / "elsewhere")
    assert program.check(EACH_SECOND, "--log-file", "own.log").code == 0
    assert "checked 0 targets" in (program.folder / "elsewhere").read_text()
