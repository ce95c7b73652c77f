"""A look-up of credentials is one at a time, and its answer is for all who wait for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.credentials import Credentials
from dynamic_dynamodb.errors import CredentialsError
from dynamic_dynamodb.patience import Timeouts
from tests.end_to_end.credential_sources import open_source, write_credentials
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.credential_sources import Source

CALLERS = 8


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """Give a container's endpoint, which is the only place where this process finds credentials."""
    with open_source() as opened:
        for name, text in opened.as_container_endpoint.items():
            if text is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, text)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield opened


def _make(seconds: float) -> Credentials:
    return Credentials("us-east-1", None, timeouts=Timeouts(credentials=seconds), is_stopping=lambda: False)


def _ask(credentials: Credentials) -> str:
    try:
        return str(credentials.get_frozen_credentials().access_key)
    except CredentialsError as error:
        return error.code


def test_all_who_need_credentials_at_once_share_one_look_up(source: Source) -> None:
    source.answer(write_credentials("AKIDSHARED"))
    credentials = _make(30)
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(_ask, [credentials] * CALLERS))
    assert found == ["AKIDSHARED"] * CALLERS
    assert len(source.asked) == 1


def test_a_look_up_that_fails_has_failed_for_all_until_the_next_check(source: Source) -> None:
    source.answer("{}")
    credentials = _make(30)
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(_ask, [credentials] * CALLERS))
    assert found == ["KeyError"] * CALLERS
    assert len(source.asked) == 1
    source.answer(write_credentials("AKIDLATER"))
    assert _ask(credentials) == "KeyError"
    credentials.renew()
    assert _ask(credentials) == "AKIDLATER"


def test_a_look_up_that_hangs_is_waited_for_again_and_none_begun_beside_it(source: Source) -> None:
    source.answer(write_credentials("AKIDSLOW"))
    source.is_hanging = True
    credentials = _make(0.5)
    for _ in range(2):
        with pytest.raises(CredentialsError, match="the container's credentials endpoint within"):
            credentials.renew()
    assert len(source.asked) == 1
    source.ended.set()
    wait_until(lambda: _is_renewed(credentials), "the end of the look-up")
    assert _ask(credentials) == "AKIDSLOW"
    assert len(source.asked) == 1


def test_after_a_long_time_another_look_up_begins_beside_one_that_hangs(source: Source) -> None:
    source.answer(write_credentials("AKIDSECOND"))
    source.is_hanging = True
    credentials = _make(0.1)
    assert not _is_renewed(credentials)
    source.wait_until_asked(1)
    source.is_hanging = False
    wait_until(lambda: _is_renewed(credentials), "another look-up")
    assert _ask(credentials) == "AKIDSECOND"


def _is_renewed(credentials: Credentials) -> bool:
    try:
        credentials.renew()
    except CredentialsError:
        return False
    return True
