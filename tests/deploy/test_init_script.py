"""`service dynamic-dynamodb …` on a host without systemd, and what the script passes on to systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deploy.contrib import INIT_SCRIPT, read
from tests.end_to_end.account import ALL, RAISED, add_busy
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.deploy.host import Host
    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

CONFIGURATION = "/etc/dynamic-dynamodb/dynamic-dynamodb.conf"
LOG = "/var/log/dynamic-dynamodb/dynamic-dynamodb.log"
FLAGS = "/run/dynamic-dynamodb-flags/flags"
PID_FILE = "/run/dynamic-dynamodb/dynamic-dynamodb.default.pid"
EACH_SECOND = "[global]\ncheck-interval: 1\n" + ALL
BAD = f"{ALL}reads-upper-threshold: lots\n"


@pytest.fixture
def sysv(installed: Host) -> Host:
    """Return a host with the init script and a configuration."""
    installed.write("/etc/init.d/dynamic-dynamodb", read(INIT_SCRIPT), 0o755)
    installed.write(CONFIGURATION, EACH_SECOND)
    return installed


def service(host: Host, *words: str) -> Run:
    return host.run("service", "dynamic-dynamodb", *words)


def prints(run: Run, *texts: str, code: int = 0) -> bool:
    output = run.stdout + run.stderr
    return run.code == code and all(text in output for text in texts)


def test_a_service_starts_shows_its_status_and_stops(sysv: Host, emulator: Emulator) -> None:
    add_busy(emulator)
    assert prints(service(sysv, "status"), "not running", code=3)
    assert prints(service(sysv, "start"), "started with pid")
    pid = sysv.read(PID_FILE).strip()
    assert prints(service(sysv, "status"), f"running with pid {pid}")
    assert sysv.must_run("ps", "-o", "user:20=", "-p", pid).stdout.strip() == "dynamic-dynamodb"
    emulator.wait_for_requests("UpdateTable")
    assert prints(service(sysv, "stop"), f"stopped (pid {pid})")
    assert prints(service(sysv, "status"), "not running", code=3)
    assert emulator.capacities() == {("busy", None): RAISED}
    assert "busy: updated: reads 100 -> 150" in sysv.read(LOG)
    assert sysv.must_run("ls", "/var/lib/dynamic-dynamodb").stdout.split()[0] == "default.json"


def test_starting_a_running_service_succeeds_and_leaves_it_alone(sysv: Host) -> None:
    service(sysv, "start")
    pid = sysv.read(PID_FILE).strip()
    assert prints(service(sysv, "start"), f"running with pid {pid}")
    assert sysv.read(PID_FILE).strip() == pid


def test_stopping_a_stopped_service_succeeds(sysv: Host) -> None:
    assert prints(service(sysv, "stop"), "not running")


def test_restart_replaces_the_daemon(sysv: Host) -> None:
    service(sysv, "start")
    old = sysv.read(PID_FILE).strip()
    assert prints(service(sysv, "restart"), f"stopped (pid {old})", "started with pid")
    assert sysv.read(PID_FILE).strip() != old
    assert prints(service(sysv, "try-restart"), "started with pid")


def test_restart_starts_a_stopped_service_and_try_restart_does_not(sysv: Host) -> None:
    assert prints(service(sysv, "try-restart"))
    assert prints(service(sysv, "status"), code=3)
    assert prints(service(sysv, "restart"), "started with pid")


def test_a_dry_run_changes_nothing(sysv: Host, emulator: Emulator) -> None:
    add_busy(emulator)
    assert prints(service(sysv, "start", "--dry-run"), "started with pid")
    wait_until(lambda: "would be updated" in sysv.read(LOG), "a check")
    service(sysv, "stop")
    assert " - dryrun - " in sysv.read(LOG)
    assert (emulator.requests("UpdateTable"), emulator.capacities()) == ([], {("busy", None): (100, 100)})


@pytest.mark.parametrize("command", ["start", "restart", "reload"])
def test_errors_are_printed_and_a_running_service_is_left_alone(sysv: Host, command: str) -> None:
    if command != "start":
        service(sysv, "start")
    sysv.write(CONFIGURATION, BAD)
    assert prints(service(sysv, command), "reads-upper-threshold", "lots", code=6)
    assert service(sysv, "status").code == (3 if command == "start" else 0)


@pytest.mark.parametrize("command", ["reload", "force-reload"])
def test_a_reload_reads_the_configuration_again(sysv: Host, command: str) -> None:
    assert prints(service(sysv, command), "not running", code=7)
    service(sysv, "start")
    sysv.write(CONFIGURATION, EACH_SECOND + "lookback-period: 6\n")
    assert prints(service(sysv, command))
    wait_until(lambda: "configuration reloaded" in sysv.read(LOG), "a reload")


def test_the_log_file_of_the_configuration_is_used(sysv: Host) -> None:
    own = "/var/log/dynamic-dynamodb/own.log"
    sysv.write(CONFIGURATION, f"[logging]\nlog-file: {own}\n{EACH_SECOND}")
    service(sysv, "start")
    service(sysv, "stop")
    assert "stopped" in sysv.read(own)
    assert sysv.run("test", "-e", LOG).code == 1


def test_flags_for_every_start_are_used(sysv: Host) -> None:
    settings = sysv.read("/etc/default/dynamic-dynamodb")
    flags = "--log-file /var/log/dynamic-dynamodb/own.log --log-level debug"
    sysv.write("/etc/default/dynamic-dynamodb", f'{settings}FLAGS="{flags}"\n')
    service(sysv, "start")
    service(sysv, "stop")
    assert "stopped" in sysv.read("/var/log/dynamic-dynamodb/own.log")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("FLAGS=--dry-run --log-level debug", "quote values with spaces"),
        ('FLAGS="--instance eu"', "FLAGS cannot set --instance or --pid-file-dir"),
    ],
)
def test_invalid_settings_prevent_the_start(sysv: Host, flags: str, sentence: str) -> None:
    settings = sysv.read("/etc/default/dynamic-dynamodb")
    sysv.write("/etc/default/dynamic-dynamodb", f"{settings}{flags}\n")
    assert prints(service(sysv, "start"), sentence, code=6)


def test_a_missing_program_is_named(sysv: Host) -> None:
    sysv.must_run("rm", "/usr/local/bin/dynamic-dynamodb")
    assert prints(service(sysv, "start"), "/usr/local/bin/dynamic-dynamodb does not exist", code=5)


def test_a_copy_with_another_name_controls_another_daemon(sysv: Host) -> None:
    sysv.must_run("cp", "/etc/init.d/dynamic-dynamodb", "/etc/init.d/dynamic-dynamodb-eu")
    sysv.must_run("cp", "/etc/default/dynamic-dynamodb", "/etc/default/dynamic-dynamodb-eu")
    sysv.must_run("cp", CONFIGURATION, "/etc/dynamic-dynamodb/dynamic-dynamodb-eu.conf")
    service(sysv, "start")
    assert prints(sysv.run("service", "dynamic-dynamodb-eu", "start"), "started with pid")
    service(sysv, "stop")
    assert prints(sysv.run("service", "dynamic-dynamodb-eu", "status"), "running with pid")
    assert sysv.run("test", "-e", "/var/log/dynamic-dynamodb-eu/dynamic-dynamodb-eu.log").code == 0


def test_a_runlevel_link_controls_the_same_service(sysv: Host) -> None:
    sysv.must_run("ln", "-s", "../init.d/dynamic-dynamodb", "/etc/rc2.d/S95dynamic-dynamodb")
    assert prints(sysv.run("/etc/rc2.d/S95dynamic-dynamodb", "start"), "started with pid")
    assert prints(service(sysv, "status"), "running with pid")


@pytest.mark.parametrize("words", [(), ("dance",)], ids=str)
def test_an_unknown_action_prints_the_usage(sysv: Host, words: tuple[str, ...]) -> None:
    assert prints(sysv.run("/etc/init.d/dynamic-dynamodb", *words), "Usage:", "--dry-run", code=2)


@pytest.fixture
def systemd(sysv: Host) -> Host:
    """Return a host where systemd seems to run, with the unit, and a `systemctl` that does nothing."""
    sysv.write("/etc/systemd/system/dynamic-dynamodb.service", "")
    sysv.must_run("mkdir", "-p", "/run/systemd/system")
    sysv.stub("systemctl", 'case $* in *is-active*) exit "${INACTIVE-3}" ;; esac\n')
    return sysv


@pytest.mark.parametrize("command", ["start", "stop", "restart", "reload", "status", "try-restart"])
def test_an_action_is_passed_on_to_systemd_if_it_has_the_unit(systemd: Host, command: str) -> None:
    assert prints(systemd.run("/etc/init.d/dynamic-dynamodb", command))
    assert systemd.calls()[-1] == f"systemctl {command} dynamic-dynamodb"


@pytest.mark.parametrize("command", ["start", "restart", "reload", "try-restart", "force-reload"])
def test_errors_are_printed_before_systemd_is_called(systemd: Host, command: str) -> None:
    systemd.write(CONFIGURATION, BAD)
    assert prints(systemd.run("/etc/init.d/dynamic-dynamodb", command), "lots", code=6)
    assert [call for call in systemd.calls() if "is-active" not in call] == []


def test_a_unit_that_systemd_generated_from_the_script_is_not_used(systemd: Host) -> None:
    systemd.must_run("rm", "/etc/systemd/system/dynamic-dynamodb.service")
    assert prints(systemd.run("/etc/init.d/dynamic-dynamodb", "start"), "started with pid")
    assert systemd.calls() == []


def test_a_dry_run_of_the_unit_has_its_flag_for_one_run(systemd: Host) -> None:
    systemd.must_run("mkdir", "/run/dynamic-dynamodb-flags")  # as dynamic-dynamodb-flags.service makes it
    assert prints(systemd.run("/etc/init.d/dynamic-dynamodb", "start", "--dry-run"))
    assert systemd.calls()[-2:] == [
        "systemctl start dynamic-dynamodb-flags",
        "systemctl start dynamic-dynamodb",
    ]
    assert systemd.read(FLAGS) == "RUN_FLAGS=--dry-run\n"
    assert prints(systemd.run("/etc/init.d/dynamic-dynamodb", "restart"))
    assert systemd.run("test", "-e", FLAGS).code == 1


def test_flags_that_cannot_be_written_prevent_the_start(systemd: Host) -> None:
    run = systemd.run("/etc/init.d/dynamic-dynamodb", "start", "--dry-run")
    assert (run.code, systemd.calls()[-1]) == (1, "systemctl start dynamic-dynamodb-flags")


def test_starting_a_running_unit_does_not_make_it_a_dry_run(systemd: Host) -> None:
    systemd.variables["INACTIVE"] = "0"
    run = systemd.run("/etc/init.d/dynamic-dynamodb", "start", "--dry-run")
    assert prints(run, "already running without --dry-run: stop it first")
    assert systemd.run("test", "-e", FLAGS).code == 1
    assert not [call for call in systemd.calls() if " start " in call]
