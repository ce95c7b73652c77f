"""Credentials may come late, change or be refused: the program looks for them again and goes on."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, SOON, add_busy, everywhere, find_senders
from tests.end_to_end.credential_sources import (
    NO_KEYS,
    use_profile,
    write_credentials,
    write_process_credentials,
)
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program


TABLE = f"[table: ^busy$]\n{LIMITS}"


NONE_FOUND = "no AWS credentials were found: set AWS_PROFILE, run `aws configure`, or attach an IAM role"


def test_a_daemon_started_before_its_role_exists_scales_once_it_does(
    emulator: Emulator, impatient: Program, source: Source
) -> None:
    add_busy(emulator)
    with impatient.start(TABLE, *SOON, **source.as_metadata_service) as running:
        source.wait_until_asked(2)
        assert emulator.requests() == []
        source.answer(write_credentials("AKIDROLE"))
        running.wait_for("busy: updated")
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert find_senders(emulator) == {"AKIDROLE"}
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1, "it is said once"
    assert NONE_FOUND in errors[0]


def test_keys_renewed_by_another_tool_are_read_after_aws_refuses_the_old_ones(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)

    def write_keys(key: str) -> str:
        keys = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = of-the-file\n"
        return impatient.write(keys, "credentials")

    environment = NO_KEYS | {"AWS_SHARED_CREDENTIALS_FILE": write_keys("AKIDOLD")}
    with impatient.start(TABLE, *SOON, **environment) as running:
        running.wait_for("busy: updated")
        emulator.add_fault(code="ExpiredTokenException", times=None)
        said = running.wait_for("ERROR nothing can be checked")
        write_keys("AKIDNEW")
        emulator.clear_faults()
        wait_until(lambda: "AKIDNEW" in find_senders(emulator), "a call with the new key")
        running.end(signal.SIGTERM)
    assert "ExpiredTokenException" in said[0]


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "InvalidSignatureException",
    ],
)
def test_refused_credentials_end_a_check_after_one_call_with_one_error(
    emulator: Emulator, impatient: Program, code: str
) -> None:
    names = [f"table-{number}" for number in range(20)]
    for name in names:
        add_busy(emulator, name)
    emulator.add_fault(code=code, message="refused", times=None, status=400)
    run = impatient.check("\n".join(f"[table: ^{name}$]\n{LIMITS}" for name in names))
    assert run.code == 1
    assert [line for line in run.log if code in line] == [line for line in run.log if "ERROR" in line]
    assert len([line for line in run.log if code in line]) == 1
    assert len(emulator.requests()) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(500, "", id="it answers 500"),
        pytest.param(404, "", id="the role is gone"),
        pytest.param(200, "<html>", id="it answers nonsense"),
    ],
)
def test_a_reload_that_finds_no_credentials_keeps_those_that_work(
    emulator: Emulator, impatient: Program, source: Source, status: int, body: str
) -> None:
    add_busy(emulator)
    source.answer(write_credentials("AKIDROLE"))
    with impatient.start(TABLE, *SOON, **source.as_metadata_service) as running:
        running.wait_for("busy: updated")
        source.answer(body, status)
        impatient.write(f"{TABLE}min-provisioned-reads: 200\n")
        running.send(signal.SIGHUP)
        kept = running.wait_for("the current credentials stay in use")
        running.wait_for("busy: updated", count=2)
        running.wait_for("checked 1 target:", count=4)
        run = running.end(signal.SIGTERM)
    assert len(kept) == 1
    assert [line for line in run.log if line.startswith("ERROR")] == []
    assert find_senders(emulator) == {"AKIDROLE"}


def test_a_reload_that_removes_the_only_keys_is_refused(emulator: Emulator, impatient: Program) -> None:
    add_busy(emulator)
    keys = "[global]\naws-access-key-id: AKIDFILE\naws-secret-access-key: of-the-file\n"
    with impatient.start(keys + TABLE, *SOON, **NO_KEYS) as running:
        running.wait_for("busy: updated")
        impatient.write(TABLE)
        running.send(signal.SIGHUP)
        said = running.wait_for("ERROR reload failed, keeping the old configuration")
        running.wait_for("checked 1 target:", count=3)
        running.end(signal.SIGTERM)
    assert NONE_FOUND in said[0]


def test_a_reload_without_credentials_uses_the_new_file_after_one_look_up(
    impatient: Program, source: Source
) -> None:
    with impatient.start(TABLE, **source.as_metadata_service) as running:
        running.wait_for("checked 0 targets: nothing could be checked")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        running.wait_for("checked 0 targets: nothing could be checked", count=2)
        assert running.end(signal.SIGTERM).code == 0
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        pytest.param(
            ("credential_process = {folder}/keys.sh",), "keys.sh", id="the command of a credential_process"
        ),
        pytest.param(
            (
                "role_arn = arn:aws:iam::123456789012:role/scaler",
                "web_identity_token_file = {folder}/identity",
            ),
            "identity",
            id="a token file",
        ),
    ],
)
def test_a_missing_credential_file_at_a_reload_does_not_stop_checks(
    emulator: Emulator, program: Program, lines: tuple[str, ...], gone: str
) -> None:
    add_busy(emulator)
    script = Path(program.write(f"#!/bin/sh\necho '{write_process_credentials('AKIDROLE')}'\n", "keys.sh"))
    script.chmod(0o700)
    program.write("identity", "identity")
    environment = use_profile(program, *(line.format(folder=program.folder) for line in lines))
    with program.start(TABLE, *SOON, **environment) as running:
        running.wait_for("busy: updated")
        (program.folder / gone).unlink()
        running.send(signal.SIGHUP)
        said = running.wait_for(gone)
        running.wait_for("checked 1 target:", count=3)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert len(said) == 1


def test_a_daemon_starts_without_credentials_and_reports_it(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    path = daemon.program.write(TABLE, "default.conf")
    flags = ("-c", path, "--log-file", str(daemon.log_file), *SOON)
    keys = daemon.program.folder / "keys"
    environment = NO_KEYS | {"AWS_SHARED_CREDENTIALS_FILE": str(keys)}
    run = daemon.control("start", *flags, **environment)
    assert run.code == 0
    assert f"started with pid {daemon.pid}, but nothing can be checked yet: {NONE_FOUND}" in run.stdout
    daemon.program.write("[default]\naws_access_key_id = AKIDKEYS\naws_secret_access_key = secret\n", "keys")
    daemon.wait_for("busy: updated")


def test_expiring_credentials_are_renewed_once_a_check_and_used_until_they_expire(
    emulator: Emulator, impatient: Program, source: Source
) -> None:
    for number in range(20):
        add_busy(emulator, f"table-{number}")
    source.answer(write_credentials("AKIDFIRST", seconds=300))
    with impatient.start(everywhere(), *SOON, **source.as_container_endpoint) as running:
        running.wait_for("checked 20 targets")
        source.answer("", 500)
        kept = running.wait_for("the current credentials stay in use")
        running.wait_for("checked 20 targets", count=3)
        source.answer(write_credentials("AKIDSECOND", seconds=7200))
        wait_until(lambda: "AKIDSECOND" in find_senders(emulator), "a call with the new key")
        asked = len(source.asked)
        running.wait_for("checked 20 targets", count=len(running.wait_for("checked 20 targets")) + 2)
        run = running.end(signal.SIGTERM)
    assert len(kept) == 1
    assert len(source.asked) == asked, "lasting ones are not looked for again"
    assert run.code == 0
