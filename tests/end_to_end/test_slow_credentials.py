"""Credentials that do not come hold a check up no longer than a service that does not answer."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.credential_sources import NO_KEYS, open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.end_to_end.credential_sources import Source
    from tests.end_to_end.program import Program

    Environment = dict[str, str | None]

RULES = "[table: ^orders$]\nmax-provisioned-reads: 5\nmax-provisioned-writes: 5\n"


@contextmanager
def open_place(*, is_listening: bool) -> Iterator[str]:
    """Give an address that takes connections and never answers, or that resets them."""
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
def test_sts_without_an_answer_ends_the_check_soon_and_without_a_traceback(
    impatient: Program,
    is_listening: bool,  # noqa: FBT001 - a case
    error: str,
) -> None:
    with open_place(is_listening=is_listening) as place:
        run = impatient.check(
            RULES,
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
def test_credentials_that_drip_in_are_waited_for_in_the_bound_and_said_to_be_late(
    impatient: Program, arrange: Callable[[Source, Program], Environment], place: str
) -> None:
    with open_source() as source:
        source.is_dripping = True
        run = impatient.check(RULES, **arrange(source, impatient))
    assert run.code == 1
    errors = [line for line in run.log if line.startswith("ERROR")]
    assert errors == [f"ERROR nothing can be checked: no AWS credentials from {place} within 2 s"]
