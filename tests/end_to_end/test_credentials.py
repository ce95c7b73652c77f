"""Credentials may come late, change, or not be had for a while: the program looks again and goes on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, add_busy, everywhere
from tests.end_to_end.credential_sources import (
    NO_KEYS,
    SECRET,
    TOKEN,
    open_source,
    refuse_role,
    write_credentials,
    write_process_credentials,
)
from tests.end_to_end.daemons import is_running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program

TABLE = f"[table: ^busy$]\n{LIMITS}"
SOON = ("--check-interval", "1")
NONE_FOUND = "no AWS credentials were found: set AWS_PROFILE, run `aws configure`, or attach an IAM role"
FEW_SECONDS = 8.0
"""How soon a signal must end the program, on a machine that is busy."""


@pytest.fixture
def source() -> Iterator[Source]:
    with open_source() as opened:
        yield opened


def _senders(emulator: Emulator) -> set[str]:
    return {request.access_key for request in emulator.requests()}


def _use_profile(program: Program, *lines: str, name: str = "default") -> dict[str, str | None]:
    """Write AWS's configuration file with one profile, and give the environment that has nothing else."""
    header = "default" if name == "default" else f"profile {name}"
    path = program.write("\n".join((f"[{header}]", *lines, "")), "aws-config")
    return NO_KEYS | {"AWS_CONFIG_FILE": path}


def _hang(program: Program) -> str:
    """Write a credential_process that hangs with a child, whose numbers are in the file `hanging`."""
    pids = program.folder / "hanging"
    script = program.write(f'sleep 600 &\necho $! $$ >> "{pids}"\nwait\n', "hang.sh")
    return f"sh {script}"


def _find_hanging(program: Program) -> list[int]:
    path = program.folder / "hanging"
    return [int(pid) for pid in path.read_text(encoding="utf-8").split()] if path.exists() else []


def _is_gone(pid: int) -> bool:
    return not is_running(pid)


def test_a_daemon_that_starts_before_its_role_is_there_scales_once_it_is(
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
    assert _senders(emulator) == {"AKIDROLE"}
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1, "it is said once"
    assert NONE_FOUND in errors[0]


def test_keys_that_another_tool_renews_are_read_again_after_aws_has_refused_the_old_ones(
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
        wait_until(lambda: "AKIDNEW" in _senders(emulator), "a call with the new key")
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
def test_refused_credentials_end_the_check_with_the_first_call_and_one_line(
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
    assert _senders(emulator) == {"AKIDROLE"}


def test_a_reload_from_keys_in_the_file_to_no_credentials_is_refused(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)
    keys = "[global]\naws-access-key-id: AKIDFILE\naws-secret-access-key: of-the-file\n"
    with impatient.start(keys + TABLE, *SOON, **NO_KEYS) as running:
        running.wait_for("busy: updated")
        impatient.write(TABLE)
        running.send(signal.SIGHUP)
        said = running.wait_for("ERROR the configuration was not read again")
        running.wait_for("checked 1 target:", count=3)
        running.end(signal.SIGTERM)
    assert NONE_FOUND in said[0]


def test_a_reload_without_credentials_before_or_after_takes_the_new_file_at_one_look_up(
    impatient: Program, source: Source
) -> None:
    with impatient.start(TABLE, **source.as_metadata_service) as running:
        running.wait_for("checked 0 targets: nothing could be checked")
        running.send(signal.SIGHUP)
        running.wait_for("the configuration was read again")
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
def test_a_file_that_is_missing_at_a_reload_ends_nothing(
    emulator: Emulator, program: Program, lines: tuple[str, ...], gone: str
) -> None:
    add_busy(emulator)
    script = Path(program.write(f"#!/bin/sh\necho '{write_process_credentials('AKIDROLE')}'\n", "keys.sh"))
    script.chmod(0o700)
    program.write("identity", "identity")
    environment = _use_profile(program, *(line.format(folder=program.folder) for line in lines))
    with program.start(TABLE, *SOON, **environment) as running:
        running.wait_for("busy: updated")
        (program.folder / gone).unlink()
        running.send(signal.SIGHUP)
        said = running.wait_for(gone)
        running.wait_for("checked 1 target:", count=3)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert len(said) == 1


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("[default]", "credential_process = {hang}"), id="of the profile"),
        pytest.param(
            (
                "[default]",
                "role_arn = arn:aws:iam::123456789012:role/scaler",
                "source_profile = base",
                "[profile base]",
                "credential_process = {hang}",
            ),
            id="of a source_profile",
        ),
    ],
)
def test_a_credential_process_that_hangs_is_killed_with_its_children_and_named(
    emulator: Emulator, impatient: Program, lines: tuple[str, ...]
) -> None:
    hang = _hang(impatient)
    path = impatient.write("\n".join(lines).format(hang=hang), "aws-config")
    run = impatient.check(TABLE, **NO_KEYS, AWS_CONFIG_FILE=path)
    assert run.code == 1
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "credential_process sh: it did not end within 2 s and was killed" in errors[0]
    pids = _find_hanging(impatient)
    assert len(pids) == 2, "it was started once"
    wait_until(lambda: all(map(_is_gone, pids)), "the end of the process and its child")
    assert emulator.requests() == []


def test_a_credential_process_may_leave_a_child_behind_that_holds_its_output_open(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)
    pid = impatient.folder / "agent"
    keys = write_process_credentials("AKIDPROCESS")
    script = impatient.write(f"echo '{keys}'\nsleep 600 &\necho $! > '{pid}'\n", "agent.sh")
    run = impatient.check(TABLE, **_use_profile(impatient, f"credential_process = sh {script}"))
    os.kill(int(pid.read_text(encoding="utf-8")), signal.SIGKILL)
    assert run.code == 0, run.stdout
    assert _senders(emulator) == {"AKIDPROCESS"}


def test_a_daemon_goes_on_checking_when_a_credential_process_hangs_no_more(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)
    hang = _hang(impatient)
    environment = _use_profile(impatient, f"credential_process = {hang}")
    with impatient.start(TABLE, *SOON, **environment) as running:
        running.wait_for("was killed")
        impatient.write(f"echo '{write_process_credentials('AKIDPROCESS')}'\n", "hang.sh")
        running.wait_for("busy: updated")
        running.end(signal.SIGTERM)
    assert _senders(emulator) == {"AKIDPROCESS"}


@pytest.mark.parametrize(
    "flags", [pytest.param(("--run-once",), id="a run"), pytest.param((), id="a daemon")]
)
def test_a_signal_ends_a_look_up_that_hangs(program: Program, flags: tuple[str, ...]) -> None:
    environment = _use_profile(program, f"credential_process = {_hang(program)}")
    with program.start(TABLE, *flags, **environment) as running:
        wait_until(lambda: len(_find_hanging(program)) == 2, "the start of the process")
        began = time.monotonic()
        run = running.end(signal.SIGTERM)
    assert time.monotonic() - began < FEW_SECONDS
    assert [line for line in run.log if line.startswith("ERROR")] == []
    wait_until(lambda: all(map(_is_gone, _find_hanging(program))), "the end of the process and its child")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_look_up_in_the_midst_of_a_recording(
    program: Program, number: signal.Signals
) -> None:
    environment = _use_profile(program, f"credential_process = {_hang(program)}")
    flags = ("--record", str(program.folder / "recorded"))
    with program.start(TABLE, *flags, **environment) as running:
        wait_until(lambda: len(_find_hanging(program)) == 2, "the start of the process")
        began = time.monotonic()
        run = running.end(number)
    assert time.monotonic() - began < FEW_SECONDS
    assert (run.code, run.stdout, run.stderr) == (128 + number, "", "")
    wait_until(lambda: all(map(_is_gone, _find_hanging(program))), "the end of the process and its child")


def test_a_metadata_service_that_hangs_is_waited_for_no_longer_than_a_look_up_may_take(
    impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    environment = source.as_metadata_service | {"AWS_METADATA_SERVICE_TIMEOUT": "600"}
    run = impatient.check(TABLE, **environment)
    assert run.code == 1
    assert "no AWS credentials from the instance metadata service within 2 s" in run.stdout


def test_a_metadata_service_that_hangs_when_it_is_asked_for_defaults_holds_no_check_up(
    impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    environment = source.as_metadata_service | _use_profile(
        impatient, "defaults_mode = auto", "aws_access_key_id = AKIDFILE", "aws_secret_access_key = secret"
    )
    environment |= {"AWS_METADATA_SERVICE_TIMEOUT": "600", "AWS_EC2_METADATA_DISABLED": None}
    run = impatient.check(TABLE, **environment)
    assert run.code == 1
    assert "the metadata service, which defaults_mode = auto asks, took more than 0.6 s" in run.stdout


def test_a_daemon_starts_without_credentials_and_says_so(emulator: Emulator, daemon: Daemon) -> None:
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


def test_a_role_that_is_refused_is_asked_for_once_a_check_and_its_action_is_named(
    emulator: Emulator, impatient: Program, source: Source
) -> None:
    names = [f"table-{number}" for number in range(20)]
    for name in names:
        add_busy(emulator, name)
    source.answer(refuse_role("sts:AssumeRoleWithWebIdentity"), 403)
    run = impatient.check(
        "\n".join(f"[table: ^{name}$]\n{LIMITS}" for name in names),
        **NO_KEYS,
        AWS_ENDPOINT_URL_STS=source.url,
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/scaler",
        AWS_WEB_IDENTITY_TOKEN_FILE=impatient.write("identity", "identity"),
    )
    assert run.code == 1
    assert len(source.asked) == 1
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "allow sts:AssumeRoleWithWebIdentity in the role's trust policy" in errors[0]
    assert "dynamodb:ListTables" not in run.stdout


JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzY2FsZXIifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("lines", "answer", "secrets"),
    [
        pytest.param(
            ("web_identity_token_file = {folder}/identity",),
            (f"<Credentials><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</Session", 200),
            (SECRET, TOKEN),
            id="half an answer with new ones",
        ),
        pytest.param(
            ("web_identity_token_file = {folder}/identity",),
            (refuse_role(f"sts:AssumeRoleWithWebIdentity with {JWT}"), 403),
            (JWT,),
            id="the identity that was sent",
        ),
        pytest.param(
            (
                "source_profile = base",
                "[profile base]",
                "aws_access_key_id = AKIDBASE",
                "aws_secret_access_key = secret-of-the-source",
                f"aws_session_token = {TOKEN}",
            ),
            (refuse_role(f"sts:AssumeRole, signed: {TOKEN} with secret-of-the-source"), 403),
            (TOKEN, "secret-of-the-source"),
            id="those of the source_profile",
        ),
    ],
)
def test_what_sts_answers_is_shown_without_secrets(
    impatient: Program, lines: tuple[str, ...], answer: tuple[str, int], secrets: tuple[str, ...]
) -> None:
    impatient.write(JWT, "identity")
    written = (line.replace("{folder}", str(impatient.folder)) for line in lines)
    environment = _use_profile(impatient, "role_arn = arn:aws:iam::123456789012:role/scaler", *written)
    with open_source() as sts:
        sts.answer(*answer)
        run = impatient.check(TABLE, **environment, AWS_ENDPOINT_URL_STS=sts.url)
    assert [secret for secret in secrets if secret in run.stdout + run.stderr] == []
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "********" in errors[0]


def test_a_variable_before_the_command_of_a_credential_process_is_not_shown(impatient: Program) -> None:
    run = impatient.check(
        TABLE, **_use_profile(impatient, "credential_process = VAULT_TOKEN=hvs.geheimgeheim vault read keys")
    )
    assert "could not get AWS credentials from credential_process VAULT_TOKEN: FileNotFound" in run.stdout
    assert "geheimgeheim" not in run.stdout


SSO_PROFILE = (
    "sso_session = own",
    "sso_account_id = 123456789012",
    "sso_role_name = scaler",
    "[sso-session own]",
    "sso_region = us-east-1",
    "sso_start_url = https://own.awsapps.com/start",
)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        pytest.param(
            "ForbiddenException",
            "assign the profile's account and role to its user in IAM Identity Center",
            id="no assignment",
        ),
        pytest.param(
            "AccessDeniedException", "(allow sso:GetRoleCredentials in the IAM policy)", id="no permission"
        ),
    ],
)
def test_a_refusal_of_sso_is_not_taken_for_one_of_sts(
    impatient: Program, source: Source, code: str, hint: str
) -> None:
    cache = impatient.folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"accessToken": "of-the-session", "expiresAt": "2099-01-01T00:00:00Z"}
    name = hashlib.sha1(b"own", usedforsecurity=False).hexdigest()  # by which boto3 finds the session's
    (cache / f"{name}.json").write_text(json.dumps(token), encoding="utf-8")
    source.answer(json.dumps({"__type": code, "message": "No access"}), 403)
    environment = _use_profile(impatient, *SSO_PROFILE) | {"AWS_ENDPOINT_URL_SSO": source.url}
    # botocore finds the cache of SSO when it is imported.
    run = replace(impatient, can_be_forked=False).check(TABLE, **environment)
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert f"could not get AWS credentials from the profile's SSO session: {code}: No access" in errors[0]
    assert errors[0].endswith(hint)


def test_a_missing_sso_token_costs_one_line_however_many_tables_there_are(
    emulator: Emulator, impatient: Program
) -> None:
    names = [f"table-{number}" for number in range(20)]
    for name in names:
        add_busy(emulator, name)
    environment = _use_profile(impatient, *SSO_PROFILE)
    started = replace(impatient, can_be_forked=False)  # for the cache of SSO, as above
    run = started.check("\n".join(f"[table: ^{name}$]\n{LIMITS}" for name in names), **environment)
    assert run.code == 1
    assert len([line for line in run.log if not line.startswith("INFO")]) == 1
    assert "SSO" in run.stdout


SHORT_LIVED = write_process_credentials("AKIDPROCESS", seconds=-60)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            ("credential_process = sh -c 'exit 3'",),
            "credential_process sh: it ended with exit code 3",
            id="a process that fails",
        ),
        pytest.param(
            ("credential_process = /nowhere/keys",), "/nowhere/keys", id="a process that is not there"
        ),
        pytest.param(
            ("credential_process =",),
            "credential_process: it names no command",
            id="a process without a command",
        ),
        pytest.param(("credential_process = echo {{",), "JSONDecodeError", id="a process without JSON"),
        pytest.param(
            ("credential_process = cat {folder}/empty",), "have an empty", id="a process without a key"
        ),
        pytest.param(
            ("credential_process = cat {folder}/strange",), "the session token has", id="a token that is none"
        ),
        pytest.param(
            ("credential_process = yes",), "printed more than 1,000,000 bytes", id="a process without end"
        ),
        pytest.param(
            ("credential_process = cat {folder}/expired",), "still expired", id="expired when they come"
        ),
        pytest.param(
            (
                "role_arn = arn:aws:iam::123456789012:role/scaler",
                "mfa_serial = arn:aws:iam::123456789012:mfa/me",
                "source_profile = default",
                "aws_access_key_id = AKIDSOURCE",
                "aws_secret_access_key = secret",
            ),
            "mfa_serial needs a person at a terminal",
            id="a code that nobody can type",
        ),
        pytest.param(("aws_access_key_id = AKIDHALF",), "aws_secret_access_key", id="half a pair of keys"),
        pytest.param(
            ("role_arn = arn:aws:iam::123456789012:role/scaler", "source_profile = nobody"),
            "nobody",
            id="a source_profile that is not there",
        ),
    ],
)
def test_whatever_a_profile_leads_to_a_run_ends_with_1_and_a_sentence(
    impatient: Program, lines: tuple[str, ...], said: str
) -> None:
    impatient.write(SHORT_LIVED, "expired")
    impatient.write(write_process_credentials(""), "empty")
    strange = json.loads(write_process_credentials("AKIDSTRANGE")) | {"SessionToken": ["a", "b"]}
    impatient.write(json.dumps(strange), "strange")
    written = (line.replace("{folder}", str(impatient.folder)) for line in lines)
    run = impatient.check(TABLE, **_use_profile(impatient, *written))
    assert (run.code, run.stderr) == (1, "")
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert said in errors[0]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(500, "broken", "500", id="it answers 500"),
        pytest.param(403, "no", "403", id="it answers 403"),
        pytest.param(200, "<html>", "JSON", id="it answers nonsense"),
        pytest.param(200, "{}", "AccessKeyId", id="it leaves something out"),
    ],
)
def test_a_container_endpoint_in_trouble_is_no_fault_of_the_configuration(
    program: Program, source: Source, status: int, body: str, said: str
) -> None:
    source.answer(body, status)
    run = program.check(TABLE, **source.as_container_endpoint)
    assert (run.code, run.stderr) == (1, "")
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "could not get AWS credentials from the container's credentials endpoint" in errors[0]
    assert said in errors[0]


def test_a_container_endpoint_that_hangs_is_waited_for_no_longer_than_a_look_up_may_take(
    impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    run = impatient.check(TABLE, **source.as_container_endpoint)
    assert (run.code, run.stderr) == (1, "")
    assert "no AWS credentials from the container's credentials endpoint within 2 s" in run.stdout


def test_a_dead_proxy_before_the_metadata_service_is_no_fault_of_the_configuration(
    impatient: Program, source: Source
) -> None:
    source.answer(write_credentials("AKIDROLE"))
    environment = source.as_metadata_service | {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    run = impatient.check(TABLE, **environment)
    assert (run.code, run.stderr) == (1, "")
    assert len([line for line in run.log if line.startswith("ERROR")]) == 1


def test_credentials_that_end_soon_are_renewed_once_a_check_and_used_if_they_cannot_be(
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
        wait_until(lambda: "AKIDSECOND" in _senders(emulator), "a call with the new key")
        asked = len(source.asked)
        running.wait_for("checked 20 targets", count=len(running.wait_for("checked 20 targets")) + 2)
        run = running.end(signal.SIGTERM)
    assert len(kept) == 1
    assert len(source.asked) == asked, "lasting ones are not looked for again"
    assert run.code == 0
