"""Missing or refused credentials are one error that says where they were looked for and what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, add_busy
from tests.end_to_end.credential_sources import (
    NO_KEYS,
    SECRET,
    SSO_PROFILE,
    TOKEN,
    open_source,
    refuse_role,
    use_profile,
    write_credentials,
    write_process_credentials,
    write_sso_token,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source
    from tests.end_to_end.program import Program


TABLE = f"[table: ^busy$]\n{LIMITS}"


def test_a_refused_role_is_requested_once_a_check_and_its_action_is_named(
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
def test_errors_from_sts_are_shown_without_secrets(
    impatient: Program, lines: tuple[str, ...], answer: tuple[str, int], secrets: tuple[str, ...]
) -> None:
    impatient.write(JWT, "identity")
    written = (line.replace("{folder}", str(impatient.folder)) for line in lines)
    environment = use_profile(impatient, "role_arn = arn:aws:iam::123456789012:role/scaler", *written)
    with open_source() as sts:
        sts.answer(*answer)
        run = impatient.check(TABLE, **environment, AWS_ENDPOINT_URL_STS=sts.url)
    assert [secret for secret in secrets if secret in run.stdout + run.stderr] == []
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "********" in errors[0]


def test_a_variable_before_the_command_of_a_credential_process_is_not_shown(impatient: Program) -> None:
    run = impatient.check(
        TABLE, **use_profile(impatient, "credential_process = VAULT_TOKEN=hvs.geheimgeheim vault read keys")
    )
    assert "could not get AWS credentials from credential_process VAULT_TOKEN: FileNotFound" in run.stdout
    assert "geheimgeheim" not in run.stdout


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
def test_a_refusal_by_sso_is_not_reported_as_one_by_sts(
    impatient: Program, source: Source, code: str, hint: str
) -> None:
    write_sso_token(impatient)
    source.answer(json.dumps({"__type": code, "message": "No access"}), 403)
    environment = use_profile(impatient, *SSO_PROFILE) | {"AWS_ENDPOINT_URL_SSO": source.url}
    # botocore finds the cache of SSO when it is imported.
    run = replace(impatient, can_be_forked=False).check(TABLE, **environment)
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert f"could not get AWS credentials from the profile's SSO session: {code}: No access" in errors[0]
    assert errors[0].endswith(hint)


def test_a_missing_sso_token_is_one_error_for_all_tables(emulator: Emulator, impatient: Program) -> None:
    names = [f"table-{number}" for number in range(20)]
    for name in names:
        add_busy(emulator, name)
    environment = use_profile(impatient, *SSO_PROFILE)
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
            ("credential_process = cat {folder}/strange",),
            "the session token contains",
            id="a token that is none",
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
            "mfa_serial requires a code from a terminal",
            id="a code without a terminal",
        ),
        pytest.param(("aws_access_key_id = AKIDHALF",), "aws_secret_access_key", id="half a pair of keys"),
        pytest.param(
            ("role_arn = arn:aws:iam::123456789012:role/scaler", "source_profile = nobody"),
            "nobody",
            id="a source_profile that is not there",
        ),
    ],
)
def test_a_profile_without_usable_credentials_is_one_error_and_exit_code_1(
    impatient: Program, lines: tuple[str, ...], said: str
) -> None:
    impatient.write(SHORT_LIVED, "expired")
    impatient.write(write_process_credentials(""), "empty")
    strange = json.loads(write_process_credentials("AKIDSTRANGE")) | {"SessionToken": ["a", "b"]}
    impatient.write(json.dumps(strange), "strange")
    written = (line.replace("{folder}", str(impatient.folder)) for line in lines)
    run = impatient.check(TABLE, **use_profile(impatient, *written))
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
def test_an_error_from_the_container_endpoint_is_not_a_configuration_fault(
    program: Program, source: Source, status: int, body: str, said: str
) -> None:
    source.answer(body, status)
    run = program.check(TABLE, **source.as_container_endpoint)
    assert (run.code, run.stderr) == (1, "")
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "could not get AWS credentials from the container's credentials endpoint" in errors[0]
    assert said in errors[0]


def test_an_unreachable_proxy_is_not_a_configuration_fault(impatient: Program, source: Source) -> None:
    source.answer(write_credentials("AKIDROLE"))
    environment = source.as_metadata_service | {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    run = impatient.check(TABLE, **environment)
    assert (run.code, run.stderr) == (1, "")
    assert len([line for line in run.log if line.startswith("ERROR")]) == 1
