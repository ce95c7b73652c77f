"""A secret is masked in every form in which a message can contain it, and nothing else is."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.aws.secrets import Secrets

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY'EXAMPLE\"KEY"
FORMS = {
    "plain": str,
    "as text in code": lambda text: repr(text)[1:-1],
    "as bytes in code": lambda text: repr(text.encode())[2:-1],
    "in a path": quote,
    "in a URL": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in XML": html.escape,
    "cut off": lambda text: text[:25],
}


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_a_secret_is_masked_in_every_form(write: object) -> None:
    assert callable(write)
    secrets = Secrets({})
    secrets.add((SECRET,))
    assert secrets.mask(f"before {write(SECRET)} after") == "before ******** after"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=80), st.text())
def test_no_text_shows_a_known_secret(secret: str, around: str) -> None:
    secrets = Secrets({"AWS_SECRET_ACCESS_KEY": secret})
    shown = secrets.mask(f"{around} {secret} {around}")
    assert secret not in shown or set(secret) == {"*"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param(
            'Could not connect to "http://me:geheim@host:80/"',
            'Could not connect to "http://********@host:80/"',
            id="a password in a URL",
        ),
        pytest.param(
            'Could not connect to "http://host:80/aws?token=geheim"',
            'Could not connect to "http://host:80/aws?token=********"',
            id="a parameter of a URL",
        ),
        pytest.param("Invalid header value b'abc\\ndef'", "Invalid header value ********", id="a header"),
        pytest.param(
            "b'<SecretAccessKey>abc/def+ghi=</SecretAccessKey><SessionToken>abcdefghijk'",
            "b'<SecretAccessKey>********</SecretAccessKey><SessionToken>********'",
            id="half an answer of STS",
        ),
        pytest.param(
            '{"SecretAccessKey": "abc/def+ghi=", "Token":"abcdefghijk\\nlmn"}',
            '{"SecretAccessKey": "********", "Token":"********"}',
            id="an answer in JSON",
        ),
        pytest.param(
            "'POST / x-amz-security-token:abc/def+ghi= x-amz-target'",
            "'POST / x-amz-security-token:******** x-amz-target'",
            id="a header that was signed",
        ),
        pytest.param(
            "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-_ is old",
            "token ******** is old",
            id="a web identity token",
        ),
        pytest.param(
            "ExpiredToken: The security token included in the request is expired",
            "ExpiredToken: The security token included in the request is expired",
            id="a sentence about a token",
        ),
        pytest.param("user test may not", "user test may not", id="a key too short to be one"),
        pytest.param("secret geheimgeheim", "secret ********", id="a password in a URL of the environment"),
        pytest.param(
            "arn:aws:sns:us-east-1:123456789012:topic",
            "arn:aws:sns:us-east-1:123456789012:topic",
            id="an ARN",
        ),
    ],
)
def test_secrets_known_from_elsewhere_are_masked_too(said: str, shown: str) -> None:
    environment = {"AWS_SESSION_TOKEN": "test", "AWS_ENDPOINT_URL": "http://me:geheimgeheim@host/"}
    assert Secrets(environment).mask(said) == shown


def test_secrets_of_temporary_credentials_are_masked_until_several_others_have_been_issued() -> None:
    """Otherwise a daemon that renews many roles would keep each token, and search for it, for ever."""
    secrets = Secrets({"AWS_SECRET_ACCESS_KEY": "of-the-environment"})
    tokens = [f"token-number-{number}" for number in range(6)]
    for token in tokens:
        secrets.add_issued((token, "a-secret-key"))
    shown = secrets.mask(" ".join((*tokens, "a-secret-key", "of-the-environment")))
    assert shown.split() == [*tokens[:2], *["********"] * 6]


def test_secrets_of_the_program_are_masked_for_its_roles_too() -> None:
    program = Secrets({})
    role = Secrets({}, program)
    program.add(("of-the-program",))
    role.add_issued(("of-the-role",))
    said = "of-the-program of-the-role"
    assert (role.mask(said), program.mask(said)) == ("******** ********", "******** of-the-role")
