"""Credentials that do not arrive hold up a check for a limited time."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, SOON, add_busy, find_senders
from tests.end_to_end.credential_sources import NO_KEYS, use_profile, write_process_credentials
from tests.end_to_end.daemons import is_running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source
    from tests.end_to_end.program import Program

    Environment = dict[str, str | None]

TABLE = f"[table: ^busy$]\n{LIMITS}"
FEW_SECONDS = 8.0
"""How soon a signal must end the program, on a busy machine."""


@contextmanager
def open_place(*, is_listening: bool) -> Iterator[str]:
    """Yield an address that accepts connections and never answers, or that resets them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if is_listening:
            listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("is_listening", "error"),
    [
        pytest.param(False, "EndpointConnectionError", id="cannot be reached"),
        # With boto3's own minutes the run would outlast the test's patience.
        pytest.param(True, "ReadTimeoutError", id="never answers"),
    ],
)
def test_an_unanswered_call_to_sts_ends_the_check_with_an_error(
    impatient: Program,
    is_listening: bool,  # noqa: FBT001 - a case
    error: str,
) -> None:
    with open_place(is_listening=is_listening) as place:
        run = impatient.check(
            TABLE,
            AWS_ACCESS_KEY_ID=None,
            AWS_SECRET_ACCESS_KEY=None,
            AWS_ENDPOINT_URL_STS=place,
            AWS_ROLE_ARN="arn:aws:iam::123456789012:role/scaler",
            AWS_WEB_IDENTITY_TOKEN_FILE=impatient.write("token", "token"),
            AWS_EC2_METADATA_DISABLED="true",
        )
    assert run.code == 1
    assert error in run.stdout
    assert place in run.stdout


def _as_metadata_service(source: Source, _: Program) -> Environment:
    return source.as_metadata_service


def _as_container_endpoint(source: Source, _: Program) -> Environment:
    return source.as_container_endpoint


def _as_sts(source: Source, program: Program) -> Environment:
    return NO_KEYS | {
        "AWS_ENDPOINT_URL_STS": source.url,
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/scaler",
        "AWS_WEB_IDENTITY_TOKEN_FILE": program.write("token", "token"),
    }


@pytest.mark.parametrize(
    ("arrange", "place"),
    [
        pytest.param(_as_metadata_service, "the instance metadata service", id="metadata service"),
        pytest.param(_as_container_endpoint, "the container's credentials endpoint", id="container"),
        pytest.param(_as_sts, "the web identity token", id="STS"),
    ],
)
def test_credentials_that_drip_in_are_given_up_after_the_look_up_limit(
    impatient: Program, source: Source, arrange: Callable[[Source, Program], Environment], place: str
) -> None:
    source.is_dripping = True
    run = impatient.check(TABLE, **arrange(source, impatient))
    assert run.code == 1
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert errors == [f"ERROR nothing can be checked: no AWS credentials from {place} within 2 s"]


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
def test_a_credential_process_that_hangs_is_named_and_killed_with_its_children(
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


def test_a_credential_process_may_leave_a_child_that_holds_its_output_open(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)
    pid = impatient.folder / "agent"
    keys = write_process_credentials("AKIDPROCESS")
    script = impatient.write(f"echo '{keys}'\nsleep 600 &\necho $! > '{pid}'\n", "agent.sh")
    run = impatient.check(TABLE, **use_profile(impatient, f"credential_process = sh {script}"))
    os.kill(int(pid.read_text(encoding="utf-8")), signal.SIGKILL)
    assert run.code == 0, run.stdout
    assert find_senders(emulator) == {"AKIDPROCESS"}


def test_a_daemon_scales_once_its_credential_process_no_longer_hangs(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)
    hang = _hang(impatient)
    environment = use_profile(impatient, f"credential_process = {hang}")
    with impatient.start(TABLE, *SOON, **environment) as running:
        running.wait_for("was killed")
        impatient.write(f"echo '{write_process_credentials('AKIDPROCESS')}'\n", "hang.sh")
        running.wait_for("busy: updated")
        running.end(signal.SIGTERM)
    assert find_senders(emulator) == {"AKIDPROCESS"}


@pytest.mark.parametrize(
    "flags", [pytest.param(("--run-once",), id="a run"), pytest.param((), id="a daemon")]
)
def test_a_signal_ends_a_credential_look_up_that_hangs(program: Program, flags: tuple[str, ...]) -> None:
    environment = use_profile(program, f"credential_process = {_hang(program)}")
    with program.start(TABLE, *flags, **environment) as running:
        wait_until(lambda: len(_find_hanging(program)) == 2, "the start of the process")
        began = time.monotonic()
        run = running.end(signal.SIGTERM)
    assert time.monotonic() - began < FEW_SECONDS
    assert [line for line in run.log if line.startswith("ERROR")] == []
    wait_until(lambda: all(map(_is_gone, _find_hanging(program))), "the end of the process and its child")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_credential_look_up_of_a_recording(
    program: Program, number: signal.Signals
) -> None:
    environment = use_profile(program, f"credential_process = {_hang(program)}")
    flags = ("--record", str(program.folder / "recorded"))
    with program.start(TABLE, *flags, **environment) as running:
        wait_until(lambda: len(_find_hanging(program)) == 2, "the start of the process")
        began = time.monotonic()
        run = running.end(number)
    assert time.monotonic() - began < FEW_SECONDS
    assert (run.code, run.stdout, run.stderr) == (128 + number, "", "")
    wait_until(lambda: all(map(_is_gone, _find_hanging(program))), "the end of the process and its child")


def test_a_metadata_service_that_hangs_is_given_up_after_the_look_up_limit(
    impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    environment = source.as_metadata_service | {"AWS_METADATA_SERVICE_TIMEOUT": "600"}
    run = impatient.check(TABLE, **environment)
    assert run.code == 1
    assert "no AWS credentials from the instance metadata service within 2 s" in run.stdout


def test_a_metadata_service_that_hangs_on_defaults_mode_does_not_hold_up_a_check(
    impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    environment = source.as_metadata_service | use_profile(
        impatient, "defaults_mode = auto", "aws_access_key_id = AKIDFILE", "aws_secret_access_key = secret"
    )
    environment |= {"AWS_METADATA_SERVICE_TIMEOUT": "600", "AWS_EC2_METADATA_DISABLED": None}
    run = impatient.check(TABLE, **environment)
    assert run.code == 1
    assert "the metadata service, which defaults_mode = auto asks, took more than 0.6 s" in run.stdout


def test_a_container_endpoint_that_hangs_is_given_up_after_the_look_up_limit(
    impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    run = impatient.check(TABLE, **source.as_container_endpoint)
    assert (run.code, run.stderr) == (1, "")
    assert "no AWS credentials from the container's credentials endpoint within 2 s" in run.stdout
