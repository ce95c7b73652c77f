"""The program writes the files, with the modes, that the security page lists."""

from __future__ import annotations

import re
import stat
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from tests.docs.pages import DOCS, read
from tests.end_to_end.account import ALL, add_busy
from tests.end_to_end.program import COMMAND, Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon

EVERY_MINUTE = "[global]\ncheck-interval: 60\n" + ALL
_ROW = re.compile(r"^\| `([^`]+)` \| [^|]+ \| ([0-7]{3}) \|", re.MULTILINE)
_STAND_IN = re.compile(r"[A-Z]{3,}")


def list_documented() -> dict[str, str]:
    """Return the modes that the page names, by patterns of file names; the most special ones come first."""
    rows = {_STAND_IN.sub("*", name): mode for name, mode in _ROW.findall(read(DOCS / "security.md"))}
    return dict(sorted(rows.items(), key=lambda row: -len(row[0])))


def find_modes(folder: Path, *, without: set[str]) -> dict[str, str]:
    """Return the mode of every file, by its name."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in without]
    return {path.name: f"{stat.S_IMODE(path.stat().st_mode):o}" for path in files}


def test_written_files_have_the_modes_on_the_security_page(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    lax = ("sh", "-c", 'umask 0; exec "$@"', "sh", *COMMAND)
    program = Program(emulator, daemon.program.folder, lax)
    path = program.write(EVERY_MINUTE, "own.conf")
    started = program.run("--daemon", "start", "-c", path, *daemon.flags)
    assert started.code == 0, started
    logged = (*daemon.flags, "--instance", "logged", "--log-file", str(program.folder / "the.log"))
    once = program.run("-c", path, "--run-once", *logged)
    assert once.code == 0, once
    tried = program.run("-c", path, "--run-once", "--dry-run")
    assert tried.code == 0, tried
    recorded = program.run("-c", path, "--record", "recordings", "--days", "1")
    assert recorded.code == 0, recorded
    replayed = program.run("-c", path, "--replay", "recordings", "--report", "report.html")
    assert replayed.code == 0, replayed
    documented = list_documented() | {"the.log": list_documented()["*"]}
    del documented["*"]
    found = find_modes(program.folder, without={"own.conf"})
    named = {name: next((pattern for pattern in documented if fnmatch(name, pattern)), "") for name in found}
    assert {name: documented.get(pattern) for name, pattern in named.items()} == found
    assert set(named.values()) == set(documented)
    assert daemon.control("stop").code == 0
