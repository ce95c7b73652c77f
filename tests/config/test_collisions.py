"""A file configured for two purposes is a fault, found before anything is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.replay.recordings.rows import GOOD_HEADER

if TYPE_CHECKING:
    from pathlib import Path

RULES = "[table: ^orders$]\nmax-provisioned-reads: 9\nmax-provisioned-writes: 9\n"


def find_faults(folder: Path, flags: dict[str, str], environment: dict[str, str] | None = None) -> list[str]:
    """Return the faults of a run with these flags, whose paths are in a folder."""
    path = folder / "dd.conf"
    path.write_text(RULES)
    given = {name.replace("_", "-"): text for name, text in flags.items()}
    return list(ConfigSources({"config": str(path), **given}, environment or {}, folder).examine().faults)


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        pytest.param(
            {"state_file": "dd.conf"},
            "state-file {}/dd.conf is the same file as the configuration",
            id="state",
        ),
        pytest.param(
            {"log_file": "dd.conf"}, "log-file {}/dd.conf is the same file as the configuration", id="log"
        ),
        pytest.param(
            {"log_file": "x", "state_file": "sub/../x"},
            "state-file {}/sub/../x is the same file as log-file",
            id="log and state",
        ),
        pytest.param(
            {"state_file": "x", "status_file": "x"},
            "status-file {}/x is the same file as state-file",
            id="state and status",
        ),
        pytest.param(
            {"log_config_file": "ini", "log_file": "ini"},
            "log-file {}/ini is the same file as log-config-file",
            id="settings",
        ),
        pytest.param(
            {"log_config_file": "ini", "state_file": "ini"},
            "state-file {}/ini is the same file as log-config-file",
            id="log settings and state",
        ),
        pytest.param(
            {"state_file": "dynamic-dynamodb.a.pid", "pid_file_dir": ".", "daemon": "start", "instance": "a"},
            "the pid file {}/dynamic-dynamodb.a.pid is the same file as state-file",
            id="pid",
        ),
        pytest.param(
            {"state_file": "link"},
            "state-file {}/link is the same file as the configuration",
            id="link",
        ),
        pytest.param(
            {"state_file": "hard"},
            "state-file {}/hard is the same file as the configuration",
            id="through a hard link",
        ),
        pytest.param(
            {"log_file": "orders.csv"},
            "log-file {}/orders.csv is a recording: use another file for the log",
            id="log in a recording",
        ),
    ],
)
def test_one_file_for_two_purposes_is_a_fault(tmp_path: Path, flags: dict[str, str], fault: str) -> None:
    (tmp_path / "ini").write_text("[loggers]\n")
    (tmp_path / "orders.csv").write_text(f"{GOOD_HEADER}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "dd.conf").touch()
    (tmp_path / "link").symlink_to("dd.conf")
    os.link(tmp_path / "dd.conf", tmp_path / "hard")
    (found,) = find_faults(tmp_path, flags)
    assert found.startswith(fault.format(tmp_path))


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(
            {"log_file": "log", "state_file": "state", "status_file": "status"}, id="files of their own"
        ),
        pytest.param({"log_file": "/dev/null", "state_file": "/dev/null"}, id="a device"),
        pytest.param({"state_file": "dynamic-dynamodb.default.pid", "pid_file_dir": "."}, id="no pid file"),
    ],
)
def test_separate_files_and_devices_are_not_a_fault(tmp_path: Path, flags: dict[str, str]) -> None:
    assert find_faults(tmp_path, flags) == []


def test_an_unreadable_link_is_not_a_fault(tmp_path: Path) -> None:
    log_file = "/proc/1/fd/1"  # unreadable even for root in containers with few rights
    find_faults(tmp_path, {"log_file": log_file})


def test_the_default_state_file_is_checked_too(tmp_path: Path) -> None:
    log = str(tmp_path / "default.json")
    environment = {"STATE_DIRECTORY": str(tmp_path)}
    (found,) = find_faults(tmp_path, {"log_file": log}, environment)
    assert found == f"state-file {log} is the same file as log-file: use a file of its own for each"
