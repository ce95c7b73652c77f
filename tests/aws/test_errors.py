"""An error of AWS includes what to do about it."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.errors import AwsError, CredentialsError

USER = "User: arn:aws:iam::123456789012:user/scaler is not authorized to perform:"
TABLE = "on resource: arn:aws:dynamodb:us-east-1:123456789012:table/*"


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        pytest.param(
            "EndpointConnectionError",
            'Could not connect to the endpoint URL: "http://127.0.0.1:9/"',
            "AWS cannot be reached: check region, proxy, security group and DNS",
            id="a dead network",
        ),
        pytest.param(
            "AccessDeniedException", "", "allow dynamodb:ListTables in the IAM policy", id="no text"
        ),
        pytest.param(
            "AccessDeniedException",
            f"{USER} dynamodb:ListTables {TABLE} because no identity-based policy allows it",
            "allow dynamodb:ListTables in the IAM policy",
            id="the action that was called",
        ),
        pytest.param(
            "AccessDenied",
            f"{USER} kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/own",
            "allow kms:Decrypt in the IAM policy",
            id="another action",
        ),
        pytest.param(
            "AuthorizationError",
            f"{USER} SNS:Publish on resource: arn:aws:sns:us-east-1:444455556666:alerts"
            " because no resource-based policy allows the SNS:Publish action",
            "allow SNS:Publish to this caller in the policy of the resource itself",
            id="a topic of another account",
        ),
        pytest.param(
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "allow sts:AssumeRoleWithWebIdentity in the role's trust policy",
            id="a role for a token",
        ),
        pytest.param(
            "AccessDenied",
            f"{USER} sts:AssumeRole on resource: arn:aws:iam::123456789012:role/scaler",
            "allow sts:AssumeRole in the caller's IAM policy and in the role's trust policy",
            id="a role",
        ),
        pytest.param(
            "AccessDeniedException",
            f"{USER} dynamodb:ListTables {TABLE} with an explicit deny in a service control policy",
            "remove the explicit deny of dynamodb:ListTables from a service control policy",
            id="a deny",
        ),
        pytest.param(
            "AccessDeniedException",
            f"{USER} dynamodb:ListTables {TABLE} with an explicit deny",
            "remove the explicit deny of dynamodb:ListTables from the policy that has it",
            id="a deny somewhere",
        ),
        pytest.param("ValidationException", "not authorized to perform: a:B", None, id="no refusal"),
    ],
)
def test_the_hint_names_the_refused_action(code: str, message: str, hint: str | None) -> None:
    said = str(AwsError("dynamodb:ListTables", code, message))
    assert said.startswith(f"dynamodb:ListTables failed: {code}")
    assert said.endswith(f" ({hint})") if hint else "(" not in said


def test_a_refused_role_is_not_a_missing_permission_of_the_call_that_needed_it() -> None:
    refused = "Not authorized to perform sts:AssumeRole"
    error = CredentialsError("sts:AssumeRole", "AccessDenied", f"no credentials: {refused}")
    assert not error.is_denied
    assert error.is_about_credentials
    hint = "(allow sts:AssumeRole in the caller's IAM policy and in the role's trust policy)"
    assert str(error) == f"no credentials: {refused} {hint}"
