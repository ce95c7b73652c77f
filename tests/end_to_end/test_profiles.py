"""Credentials can come from a profile of AWS's configuration files, which a flag or the file names."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, SOON, add_busy, find_senders
from tests.end_to_end.credential_sources import NO_KEYS, SSO_PROFILE, grant_role, write_sso_token
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source
    from tests.end_to_end.program import Program

TABLE = f"[table: busy]\n{LIMITS}"
KEYS = "aws-access-key-id: AKIDFILE\naws-secret-access-key-id: of-the-file\n"
PROFILES = """\
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = secret
[profile own]
region = eu-west-1
aws_access_key_id = AKIDOWN
aws_secret_access_key = secret
[profile other]
aws_access_key_id = AKIDOTHER
aws_secret_access_key = secret
"""


@pytest.mark.parametrize(
    ("file", "flags", "environment", "expected"),
    [
        pytest.param("", ("--profile", "other"), {}, "AKIDOTHER", id="a flag"),
        pytest.param("aws-profile: other\n", (), {}, "AKIDOTHER", id="the file"),
        pytest.param("aws-profile: own\n", ("--profile", "other"), {}, "AKIDOTHER", id="the flag wins"),
        pytest.param(
            "aws-profile: other\n", (), {"AWS_PROFILE": "own"}, "AKIDOTHER", id="before the environment"
        ),
        pytest.param("", (), NO_KEYS | {"AWS_PROFILE": "other"}, "AKIDOTHER", id="the environment"),
        pytest.param("", (), {"AWS_PROFILE": "other"}, "AKIDEMULATOR", id="after keys in the environment"),
    ],
)
def test_a_profile_comes_from_flag_file_and_environment(  # noqa: PLR0913 - each source is a parameter
    emulator: Emulator,
    program: Program,
    *,
    file: str,
    flags: tuple[str, ...],
    environment: dict[str, str | None],
    expected: str,
) -> None:
    add_busy(emulator)
    profiles = program.write(PROFILES, "profiles")
    run = program.check(f"[global]\n{file}{TABLE}", *flags, AWS_CONFIG_FILE=profiles, **environment)
    assert (run.code, run.warnings) == (0, [])
    assert find_senders(emulator) == {expected}


@pytest.mark.parametrize(
    ("file", "warned"),
    [
        pytest.param("aws-profile: own\n", True, id="a region that is not used"),
        pytest.param("aws-profile: own\nregion: sa-east-1\n", False, id="a region in the file"),
        pytest.param("aws-profile: other\n", False, id="a profile without a region"),
    ],
)
def test_the_region_of_a_profile_is_not_used_and_warned_of(
    emulator: Emulator, program: Program, *, file: str, warned: bool
) -> None:
    add_busy(emulator)
    profiles = program.write(PROFILES, "profiles")
    region = {"AWS_CONFIG_FILE": profiles, "AWS_DEFAULT_REGION": None}
    run = program.check(f"[global]\n{file}{TABLE}", **region)
    assert "eu-west-1" not in {request.region for request in emulator.requests()}
    said = "region is us-east-1; region eu-west-1 of the profile 'own' is ignored: set --region, or region"
    assert [said in warning for warning in run.warnings] == [True] * warned


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("othr", "there is no profile 'othr': {where}; did you mean other?", id="a near name"),
        pytest.param(
            "nobody",
            "there is no profile 'nobody': {where}; there are default, other, own in AWS's configuration"
            " files",
            id="no near name",
        ),
    ],
)
@pytest.mark.parametrize(
    ("is_configured", "where"),
    [(True, "correct --profile, or aws-profile in [global]"), (False, "correct AWS_PROFILE")],
    ids=["configured", "of the environment"],
)
def test_a_profile_that_does_not_exist_is_named_with_those_that_do(  # noqa: PLR0913 - two tables of cases
    emulator: Emulator, program: Program, *, name: str, said: str, is_configured: bool, where: str
) -> None:
    flags = ("--profile", name) if is_configured else ()
    named = {} if is_configured else {"AWS_PROFILE": name}
    run = program.check(TABLE, *flags, AWS_CONFIG_FILE=program.write(PROFILES, "profiles"), **named)
    assert run.code == 1
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert said.format(where=where) in errors[0]
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("file", "flags"),
    [
        pytest.param(f"{KEYS}aws-profile: own\n", (), id="both in the file"),
        pytest.param(KEYS, ("--profile", "own"), id="a profile in a flag"),
    ],
)
def test_a_profile_and_keys_exclude_each_other(program: Program, file: str, flags: tuple[str, ...]) -> None:
    run = program.check(f"[global]\n{file}{TABLE}", *flags)
    assert run.code == 2
    assert "aws-profile and AWS keys exclude each other: leave out the profile or both keys" in run.stderr


def test_a_reload_to_another_profile_uses_its_credentials_or_keeps_the_old_configuration(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    profiles = program.write(PROFILES, "profiles")
    written = f"[global]\naws-profile: {{}}\n{TABLE}"
    with program.start(written.format("own"), *SOON, AWS_CONFIG_FILE=profiles) as running:
        running.wait_for("busy: updated")
        program.write(written.format("nobody"))
        running.send(signal.SIGHUP)
        assert "there is no profile 'nobody'" in running.wait_for("ERROR reload failed, keeping")[0]
        assert find_senders(emulator) == {"AKIDOWN"}
        program.write(written.format("other"))
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        wait_until(lambda: "AKIDOTHER" in find_senders(emulator), "a call as the new profile")
        assert running.end(signal.SIGTERM).code == 0


def test_a_profile_can_assume_a_role(emulator: Emulator, program: Program, source: Source) -> None:
    add_busy(emulator)
    profiles = program.write(
        f"{PROFILES}[profile role]\nrole_arn = arn:aws:iam::123456789012:role/scaler\nsource_profile = own\n",
        "profiles",
    )
    source.answer(grant_role("AKIDROLE"))
    run = program.check(TABLE, "--profile", "role", AWS_CONFIG_FILE=profiles, AWS_ENDPOINT_URL_STS=source.url)
    assert (run.code, find_senders(emulator)) == (0, {"AKIDROLE"})


def test_a_profile_can_use_a_session_of_sso(emulator: Emulator, program: Program, source: Source) -> None:
    add_busy(emulator)
    write_sso_token(program)
    lines = "\n".join(("[profile sso]", *SSO_PROFILE, ""))
    source.answer(
        json.dumps(
            {
                "roleCredentials": {
                    "accessKeyId": "AKIDSSO",
                    "secretAccessKey": "secret",
                    "sessionToken": "token",
                    "expiration": 4102444800000,
                }
            }
        )
    )
    # botocore finds the cache of SSO when it is imported.
    run = replace(program, can_be_forked=False).check(
        TABLE,
        "--profile",
        "sso",
        AWS_CONFIG_FILE=program.write(lines, "profiles"),
        AWS_ENDPOINT_URL_SSO=source.url,
    )
    assert (run.code, find_senders(emulator)) == (0, {"AKIDSSO"})
