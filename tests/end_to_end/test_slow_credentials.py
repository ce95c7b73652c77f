"""Credentials that do not come hold a check up no longer than a service that does not answer."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.program import Program

RULES = "[table: ^orders$]\nmax-provisioned-reads: 5\nmax-provisioned-writes: 5\n"


@pytest.fixture
def closed_place() -> Iterator[str]:
    """Give an address that resets every connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_sts_that_cannot_be_reached_is_named_without_a_traceback(program: Program, closed_place: str) -> None:
    run = program.check(
        RULES,
        AWS_ACCESS_KEY_ID=None,
        AWS_SECRET_ACCESS_KEY=None,
        AWS_ENDPOINT_URL_STS=closed_place,
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/scaler",
        AWS_WEB_IDENTITY_TOKEN_FILE=program.write("token", "token"),
        AWS_EC2_METADATA_DISABLED="true",
    )
    assert run.code == 1
    assert "EndpointConnectionError" in run.stdout
    assert closed_place in run.stdout
