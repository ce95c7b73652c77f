"""systemd accepts the unit, and the unit has few privileges."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.deploy.contrib import CONTRIB, UNIT, read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.host import Host

INSTALLED = "/etc/systemd/system/dynamic-dynamodb.service"
MOST_EXPOSURE = 4.0
SLOW_MACHINE_SECONDS = 60
"""A shorter watchdog would restart a program that is only starved."""


@pytest.fixture
def systemd(installed: Host) -> Host:
    """Return a host with the unit; systemd-analyze reads it, nothing is started."""
    run = installed.run("systemd-analyze", "--version")
    assert run.code == 0, "systemd-analyze is needed to check the unit: apt-get install systemd"
    installed.write(INSTALLED, read(UNIT))
    return installed


def verify(systemd: Host) -> str:
    """Return systemd's complaints about the unit and its drop-in."""
    run = systemd.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", INSTALLED)
    assert run.code == 0 or run.stderr, run
    return run.stdout + run.stderr


def test_systemd_accepts_the_unit(systemd: Host) -> None:
    assert verify(systemd) == ""


def test_systemd_accepts_the_unit_of_the_flags(systemd: Host) -> None:
    flags = read(UNIT.with_name("dynamic-dynamodb-flags.service"))
    place = INSTALLED.replace(".service", "-flags.service")
    systemd.write(place, flags)
    assert systemd.run("systemd-analyze", "verify", "--man=no", place).stderr == ""
    systemd.write(place, flags.replace("PartOf=", "PratOf="))
    assert "PratOf" in systemd.run("systemd-analyze", "verify", "--man=no", place).stderr


def test_systemd_accepts_the_drop_in_of_the_stack(systemd: Host) -> None:
    systemd.write(f"{INSTALLED}.d/s3.conf", read(CONTRIB / "ec2" / "s3.conf"))
    assert verify(systemd) == ""


@pytest.mark.parametrize(
    ("path", "setting", "misspelled"),
    [(UNIT, "ProtectHome=", "ProtectHouse="), (CONTRIB / "ec2" / "s3.conf", "ExecReload=", "ExecRelaod=")],
    ids=["unit", "drop-in"],
)
def test_a_misspelled_setting_is_found(systemd: Host, path: Path, setting: str, misspelled: str) -> None:
    place = INSTALLED if path == UNIT else f"{INSTALLED}.d/s3.conf"
    systemd.write(place, read(path).replace(setting, misspelled))
    assert misspelled.removesuffix("=") in verify(systemd)


def test_systemd_analyze_finds_little_exposure(systemd: Host) -> None:
    run = systemd.must_run("systemd-analyze", "security", "--no-pager", "--offline=true", INSTALLED)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", run.stdout)
    assert exposure, run.stdout
    assert float(exposure[1]) <= MOST_EXPOSURE


def test_a_configuration_with_errors_is_not_retried() -> None:
    settings = read(UNIT).splitlines()
    assert {"Type=notify", "Restart=on-failure", "RestartPreventExitStatus=2"} <= set(settings)
    # RestartPreventExitStatus= ignores the exit code of ExecStartPre=: systemd.service(5).
    assert not [line for line in settings if line.startswith("ExecStartPre=")]


def test_a_program_that_hangs_is_restarted() -> None:
    (seconds,) = re.findall(r"^WatchdogSec=(\d+)$", read(UNIT), re.MULTILINE)
    assert int(seconds) >= SLOW_MACHINE_SECONDS


def test_root_reads_no_settings_that_the_service_can_write() -> None:
    settings = [line.partition("=") for line in read(UNIT).splitlines()]
    writable = [
        f"{root}/{text}"
        for kind, root in (("State", "/var/lib"), ("Logs", "/var/log"), ("Runtime", "/run"))
        for name, _, text in settings
        if name == f"{kind}Directory"
    ]
    read_by_systemd = [text.lstrip("-") for name, _, text in settings if name == "EnvironmentFile"]
    assert len(writable) == len(read_by_systemd) == 2
    assert not [path for path in read_by_systemd for folder in writable if path.startswith(f"{folder}/")]
