"""No key, token or password appears in any output, whatever goes wrong with it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, add_busy
from tests.end_to_end.credential_sources import NO_KEYS, open_source, write_credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program, Run

TABLE = f"[table: ^busy$]\n{LIMITS}"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN/0123456789abcdef+ghijklmnopqrstuvwxyz=="
PASSWORD = "geheimGEHEIMgeheim"
HALVES = (TOKEN[:32], TOKEN[32:])
OUTPUTS: dict[str, tuple[str, ...]] = {
    "text": (),
    "JSON": ("--log-format", "json"),
    "debug": ("--log-level", "debug"),
}

Environment = dict[str, str | None]


def _by_environment(_: Program, secret: str, token: str) -> Environment:
    return {
        "AWS_ACCESS_KEY_ID": "AKIDKEYS",
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }


def _by_file(program: Program, secret: str, token: str) -> Environment:
    # A line that is indented goes on with the one before.
    lines = [
        "[default]",
        "aws_access_key_id = AKIDKEYS",
        f"aws_secret_access_key = {secret}",
        f"aws_session_token = {token}",
        "",
    ]
    text = "\n".join(line.replace("\n", "\n    ") for line in lines)
    return NO_KEYS | {"AWS_SHARED_CREDENTIALS_FILE": program.write(text, "credentials")}


def _by_process(program: Program, secret: str, token: str) -> Environment:
    keys = {"AccessKeyId": "AKIDKEYS", "SecretAccessKey": secret, "SessionToken": token}
    path = program.write(json.dumps({"Version": 1, **keys}), "keys")
    script = program.write(f"echo '{SECRET} {TOKEN}' >&2\ncat '{path}'\n", "process.sh")
    return _use_process(program, script)


def _use_process(program: Program, script: str) -> Environment:
    config = program.write(f"[default]\ncredential_process = sh {script}\n", "aws-config")
    return NO_KEYS | {"AWS_CONFIG_FILE": config}


SOURCES: dict[str, Callable[[Program, str, str], Environment]] = {
    "environment": _by_environment,
    "file": _by_file,
    "process": _by_process,
}


def _read_everything(program: Program, run: Run) -> str:
    log = program.folder / "own.log"
    return run.stdout + run.stderr + (log.read_text(encoding="utf-8") if log.exists() else "")


def _assert_nothing_is_shown(program: Program, run: Run, *secrets: str) -> None:
    shown = _read_everything(program, run)
    for secret in (SECRET, *HALVES, *secrets):
        assert secret not in shown
        assert secret[:20] not in shown


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_line_break_after_a_key_or_token_is_ignored(
    emulator: Emulator,
    impatient: Program,
    source: Callable[[Program, str, str], Environment],
    output: tuple[str, ...],
) -> None:
    add_busy(emulator)
    environment = source(impatient, f"{SECRET}\n", f"{TOKEN}\n")
    run = impatient.check(TABLE, *output, "--log-file", "own.log", **environment)
    assert run.code == 0
    assert {request.access_key for request in emulator.requests()} == {"AKIDKEYS"}
    _assert_nothing_is_shown(impatient, run)


BROKEN = {
    "a broken token": (SECRET, "\n".join(HALVES), "the session token contains a line break"),
    "a broken key": (f"{SECRET[:20]}\n{SECRET[20:]}", TOKEN, "the secret access key contains a line break"),
    "a letter that no token has": (
        SECRET,
        f"{TOKEN}é",
        "the session token contains a line break, a space or",
    ),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_an_invalid_key_or_token_is_named_but_neither_shown_nor_sent(
    emulator: Emulator,
    impatient: Program,
    source: Callable[[Program, str, str], Environment],
    output: tuple[str, ...],
    broken: tuple[str, str, str],
) -> None:
    secret, token, said = broken
    environment = source(impatient, secret, token)
    run = impatient.check(TABLE, *output, "--log-file", "own.log", **environment)
    assert run.code == 1
    assert said in run.stdout
    assert emulator.requests() == []
    _assert_nothing_is_shown(impatient, run, SECRET[20:])


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_a_refusal_that_quotes_the_request_is_shown_without_the_token(
    emulator: Emulator, impatient: Program, output: tuple[str, ...]
) -> None:
    said = f"The Canonical String should have been 'POST / x-amz-security-token:{TOKEN} host'"
    emulator.add_fault(code="InvalidSignatureException", message=said, times=None)
    environment = _by_environment(impatient, SECRET, TOKEN)
    run = impatient.check(TABLE, *output, "--log-file", "own.log", **environment)
    assert run.code == 1
    assert "x-amz-security-token:********" in run.stdout
    _assert_nothing_is_shown(impatient, run)


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        pytest.param(f"http://scaler:{PASSWORD}@127.0.0.1:9", "@127.0.0.1:9", id="without a listener"),
        pytest.param(f"http://scaler:{PASSWORD}@127.0.0.1:port", "'port'", id="without a port"),
        pytest.param(f"http://{PASSWORD}@127.0.0.1:9", "@127.0.0.1:9", id="with a token"),
        pytest.param(f"http://scaler:{PASSWORD}/and more@127.0.0.1:9", "Port could not", id="invalid"),
    ],
)
def test_a_password_in_the_endpoint_is_not_shown(
    impatient: Program, endpoint: str, said: str, output: tuple[str, ...]
) -> None:
    run = impatient.check(TABLE, *output, "--log-file", "own.log", AWS_ENDPOINT_URL=endpoint)
    assert run.code == 1
    assert said in run.stdout
    _assert_nothing_is_shown(impatient, run, PASSWORD)


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_output_of_a_failed_credential_process_is_not_shown(
    impatient: Program, output: tuple[str, ...]
) -> None:
    script = impatient.write(f"echo '{SECRET}' >&2\necho '{TOKEN}'\nexit 7\n", "process.sh")
    environment = _use_process(impatient, script)
    run = impatient.check(TABLE, *output, "--log-file", "own.log", **environment)
    assert run.code == 1
    assert "exit code 7" in run.stdout
    _assert_nothing_is_shown(impatient, run)


def test_a_recording_shows_no_secret(emulator: Emulator, program: Program) -> None:
    emulator.add_fault(code="InvalidSignatureException", message=f"{TOKEN} {SECRET}", times=None)
    environment = _by_environment(program, SECRET, TOKEN)
    run = program.run("-c", program.write(TABLE), "--record", "recorded", **environment)
    assert run.code == 1
    assert (
        "nothing was recorded: dynamodb:ListTables failed: InvalidSignatureException: ********" in run.stderr
    )
    _assert_nothing_is_shown(program, run)


def test_a_renewed_token_is_not_shown(emulator: Emulator, impatient: Program) -> None:
    add_busy(emulator)
    with open_source() as source:
        environment = source.as_container_endpoint
        flags = ("--check-interval", "1", "--log-level", "debug")
        with impatient.start(TABLE, *flags, **environment) as running:
            source.wait_until_asked(1)
            given = json.loads(write_credentials("AKIDLATE")) | {"Token": TOKEN, "SecretAccessKey": SECRET}
            source.answer(json.dumps(given))
            running.wait_for("busy: updated")
            emulator.add_fault(code="ExpiredTokenException", message=f"{TOKEN} has expired", times=None)
            running.wait_for("******** has expired")
            run = running.end(signal.SIGTERM)
    _assert_nothing_is_shown(impatient, run)


@pytest.mark.parametrize(
    "key",
    [pytest.param(f"{SECRET[:20]} {SECRET[20:]}", id="a space"), pytest.param(f"{SECRET}é", id="a letter")],
)
def test_an_invalid_key_in_the_file_is_a_fault(program: Program, key: str) -> None:
    keys = f"aws-access-key-id: AKIDFILE\naws-secret-access-key: {key}\n"
    run = program.check(f"[global]\n{keys}{TABLE}")
    assert run.code == 2
    assert "aws-secret-access-key contains a line break, a space or another character" in run.stderr
    _assert_nothing_is_shown(program, run, SECRET[20:])
