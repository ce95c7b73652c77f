"""A stand-in for `systemctl` on a host where systemd does not run: it starts the processes that a unit names.

It supports what our unit uses, except sandboxing and restarts.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from string import Template

UNITS = Path("/etc/systemd/system")
PATIENCE_SECONDS = 30
JOURNAL = Path("/journal")
MAIN_PID = Path("/main-pid")
NOTIFY_SOCKET = "/notify"
ROOTS = {"State": "/var/lib", "Logs": "/var/log", "Runtime": "/run"}
"""Where the directories are that a unit asks for, by the kind of them."""


def main() -> int:
    """Run a command."""
    command, *names = (word for word in sys.argv[1:] if not word.startswith("-"))
    if command in ("daemon-reload", "enable"):
        return 0
    unit = read_unit(names[0])
    commands = {"start": start, "stop": stop, "reload": reload, "is-active": is_active, "status": is_active}
    if command == "restart":
        end(unit)
        command = "start"
    return commands[command](unit)


def read_unit(name: str) -> dict[str, list[str]]:
    """Read the settings of a unit and its drop-ins; an empty one clears earlier ones."""
    settings: dict[str, list[str]] = {}
    for path in (UNITS / f"{name}.service", *sorted((UNITS / f"{name}.service.d").glob("*.conf"))):
        for line in path.read_text(encoding="utf-8").splitlines():
            key, is_setting, text = line.partition("=")
            if is_setting and not line.startswith("#"):
                settings[key] = [*settings.get(key, []), text] if text else []
    return settings


def start(unit: dict[str, list[str]]) -> int:
    """Start the main process and wait until it is ready; return 1 if it ends before that."""
    for folder in list_folders(unit).values():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, find_user(unit), unit.get("Group", ["root"])[0])
    if unit["Type"] == ["oneshot"]:
        return 0 if run_all(unit, "ExecStart") else 1
    if not run_all(unit, "ExecStartPre"):
        return 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        Path(NOTIFY_SOCKET).unlink(missing_ok=True)
        listener.bind(NOTIFY_SOCKET)
        Path(NOTIFY_SOCKET).chmod(0o777)
        listener.settimeout(0.1)
        process = launch(unit, unit["ExecStart"][0])
        MAIN_PID.write_text(str(process.pid), encoding="utf-8")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(TimeoutError):
                if listener.recv(100) == b"READY=1":
                    return 0
    print(f"the main process has ended with {process.poll()}", file=sys.stderr)  # noqa: T201 - as systemctl does
    return 1


def list_folders(unit: dict[str, list[str]]) -> dict[str, Path]:
    """Return the directories that a unit requires, by kind."""
    return {
        kind: Path(root, unit[f"{kind}Directory"][0])
        for kind, root in ROOTS.items()
        if f"{kind}Directory" in unit
    }


def find_user(unit: dict[str, list[str]]) -> str:
    return unit.get("User", ["root"])[0]


def stop(unit: dict[str, list[str]]) -> int:
    """End the main process and the units that are part of it, and remove their run-time directories."""
    end(unit)
    for path in UNITS.glob("*.service"):
        part = read_unit(path.stem)
        if "dynamic-dynamodb.service" in part.get("PartOf", []):
            shutil.rmtree(list_folders(part)["Runtime"], ignore_errors=True)
    return 0


def end(unit: dict[str, list[str]]) -> None:
    """End the main process."""
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(MAIN_PID.read_text(encoding="utf-8")), signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_active(unit) == 0 and time.monotonic() < deadline:
        time.sleep(0.02)


def reload(unit: dict[str, list[str]]) -> int:
    """Run the commands of ExecReload=."""
    return 0 if run_all(unit, "ExecReload") else 1


def is_active(_unit: dict[str, list[str]]) -> int:
    """Return 0 if the main process runs, else 3."""
    try:
        state = Path("/proc", MAIN_PID.read_text(encoding="utf-8"), "stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return 3
    return 3 if state.rpartition(")")[2].split()[0] in "ZX" else 0


def run_all(unit: dict[str, list[str]], setting: str) -> bool:
    """Run the commands of a setting in order, until one fails that must not."""
    return all(
        launch(unit, line.lstrip("-+"), as_root="+" in line.split("/")[0]).wait() == 0 or line[0] == "-"
        for line in unit.get(setting, [])
    )


def launch(unit: dict[str, list[str]], line: str, *, as_root: bool = False) -> subprocess.Popen[bytes]:
    """Start a command as the unit's user or as root, in the unit's environment."""
    variables = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": NOTIFY_SOCKET}
    for kind, folder in list_folders(unit).items():
        variables[f"{kind.upper()}_DIRECTORY"] = str(folder)
    if MAIN_PID.exists():
        variables["MAINPID"] = MAIN_PID.read_text(encoding="utf-8")
    lines = [word for text in unit.get("Environment", []) for word in shlex.split(text)]
    for path in unit.get("EnvironmentFile", []):
        with suppress(FileNotFoundError):
            lines += Path(path.removeprefix("-")).read_text(encoding="utf-8").splitlines()
    variables |= dict(each.split("=", 1) for each in lines if "=" in each)
    words = shlex.split(Template(line).safe_substitute({"FLAGS": "", "RUN_FLAGS": "", **variables}))
    account = pwd.getpwnam("root" if as_root else find_user(unit))
    with JOURNAL.open("ab") as journal:
        return subprocess.Popen(
            words,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            start_new_session=True,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            cwd="/",
        )


if __name__ == "__main__":
    sys.exit(main())
