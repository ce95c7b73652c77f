"""Root trusts nothing that the service's user can write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.deploy.contrib import INIT_SCRIPT, read
from tests.deploy.test_init_script import CONFIGURATION, PID_FILE, service
from tests.deploy.test_instance import EACH_SECOND, instance, running, systemd
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.deploy.host import Host

__all__ = ["instance", "running", "systemd"]  # fixtures

USER = "dynamic-dynamodb"
TRAPS = "/srv/traps"
SPRUNG = f"{TRAPS}/sprung"
TERMINALS = "/srv/terminals"
WRITABLE = "/srv/writable"
FIND = f"find / -xdev -type d -writable 2>/dev/null >{WRITABLE}"
PLANT = f"""\
for folder in $(cat {WRITABLE}; find /run /var -xdev -type d -writable 2>/dev/null) /run/{USER}-flags; do
    [ "$folder" = {TRAPS} ] || printf 'PATH={TRAPS}\\nLD_PRELOAD={TRAPS}/none.so\\n' >"$folder/flags"
done
for command in aws cat cp env id install kill rm sed sh systemctl timeout; do
    printf '#!/bin/bash\\n{{ PATH=/usr/bin; echo "%s $(id -un)"; }} >>{SPRUNG}\\n' $command >{TRAPS}/$command
    chmod 755 {TRAPS}/$command
done
"""
LINKER = f"""runuser -u {USER} -- {sys.executable} -c '
import glob, os
while True:
    for folder in glob.glob("/run/*/"):
        try:
            os.symlink("/etc/precious", folder + "flags")
        except OSError:
            pass
'"""


def as_user(host: Host, script: str, *words: str) -> str:
    return host.run("runuser", "-u", USER, "--", "sh", "-c", script, "sh", *words).stdout


def test_root_runs_nothing_that_the_service_user_has_planted(running: Host) -> None:
    running.must_run("install", "-d", "-o", USER, TRAPS)
    running.must_run("install", "-o", USER, "/dev/null", WRITABLE)
    as_user(running, FIND)  # it takes long; what is made later is below /run and /var
    for words in (("reload",), ("restart",), ("stop",), ("start", "--dry-run"), ("reload",), ("stop",)):
        as_user(running, PLANT)
        assert running.run("test", "-e", f"/var/lib/{USER}/flags").code == 0  # it could plant something
        assert service(running, *words).code == 0
    assert running.run("cat", SPRUNG).stdout == ""


def test_the_aws_cli_runs_as_the_service_user(running: Host) -> None:
    running.stub("aws", 'PATH=/usr/bin; echo "$(id -un) $HOME" >>/callers\n')
    running.must_run("sh", "-c", "touch /callers && chmod 666 /callers")
    for command in ("restart", "reload"):
        assert service(running, command).code == 0
    assert running.read("/callers").splitlines() == [f"{USER} /var/lib/{USER}"] * 2


def test_root_follows_no_link_of_the_service_user(running: Host) -> None:
    running.write("/etc/precious", "as before\n")
    service(running, "stop")
    running.must_run("sh", "-c", f"{LINKER} >/dev/null 2>&1 & echo $! >/linker")
    for _ in range(5):
        service(running, "start", "--dry-run")
        service(running, "stop")
    running.must_run("pkill", "-u", USER, "python")
    assert running.read("/etc/precious") == "as before\n"


@pytest.fixture
def sysv(installed: Host) -> Host:
    """Return a host without systemd, with the service running."""
    installed.write("/etc/init.d/dynamic-dynamodb", read(INIT_SCRIPT), 0o755)
    installed.write(CONFIGURATION, EACH_SECOND)
    assert service(installed, "start").code == 0
    return installed


def test_a_reload_signals_no_process_of_another_user(sysv: Host) -> None:
    sysv.must_run("sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $! >/victim")
    victim = sysv.read("/victim").strip()
    as_user(sysv, 'echo "$1" >"$2"', victim, PID_FILE)
    service(sysv, "reload")
    state = sysv.run("ps", "-o", "stat=", "-p", victim).stdout.strip()
    assert state.startswith("S")


@pytest.mark.parametrize("command", ["status", "reload", "restart"])
def test_the_program_does_not_share_the_terminal_of_root(sysv: Host, command: str) -> None:
    launcher = sysv.read("/usr/local/bin/dynamic-dynamodb").splitlines()[-1]
    spy = f"ps -o tty= -p $$ >>{TERMINALS}; {launcher}"
    sysv.write("/usr/local/bin/dynamic-dynamodb", f"#!/bin/sh\n{spy}\n", 0o755)
    sysv.must_run("sh", "-c", f"touch {TERMINALS} && chmod 666 {TERMINALS}")
    sysv.run("script", "--quiet", "--return", "--command", f"service dynamic-dynamodb {command}", "/dev/null")
    wait_until(lambda: sysv.read(TERMINALS) != "", "a call of the program")
    assert set(sysv.read(TERMINALS).split()) == {"?"}
