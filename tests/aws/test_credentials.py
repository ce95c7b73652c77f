"""Only one look-up of credentials runs at a time, and all waiting calls share its result."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.credential_lookup import CredentialLookup
from dynamic_dynamodb.aws.credentials import Credentials
from dynamic_dynamodb.check.resilience import Timeouts, never
from dynamic_dynamodb.errors import CredentialsError
from tests.end_to_end.credential_sources import open_source, write_credentials
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.credential_sources import Source

CALLERS = 8
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
NOTHING_YET = r"no AWS credentials from the container's credentials endpoint within 0\.5 s"


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """Yield a container's endpoint, the only place where this process finds credentials."""
    with open_source() as opened:
        for name, text in opened.as_container_endpoint.items():
            if text is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, text)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield opened


@pytest.fixture
def hanging_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a pipe as the endpoint's token file: reading it waits until a test writes to it."""
    path = tmp_path / "token"
    os.mkfifo(path)
    monkeypatch.setenv(TOKEN_FILE, str(path))
    return path


def _make(seconds: float) -> Credentials:
    lookup = partial(CredentialLookup, "us-east-1", Timeouts(credentials=seconds), None)
    return Credentials(None, lookup, is_stopping=never)


def _ask(credentials: Credentials) -> str:
    try:
        return str(credentials.get_frozen_credentials().access_key)
    except CredentialsError as error:
        return error.code


def test_concurrent_calls_share_one_look_up(source: Source) -> None:
    source.answer(write_credentials("AKIDSHARED"))
    credentials = _make(30)
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(_ask, [credentials] * CALLERS))
    assert found == ["AKIDSHARED"] * CALLERS
    assert len(source.asked) == 1


def test_a_failed_look_up_fails_for_all_calls_until_the_next_check(source: Source) -> None:
    source.answer("{}")
    credentials = _make(30)
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(_ask, [credentials] * CALLERS))
    assert found == ["KeyError"] * CALLERS
    assert len(source.asked) == 1
    source.answer(write_credentials("AKIDLATER"))
    assert _ask(credentials) == "KeyError"
    credentials.reset()
    assert _ask(credentials) == "AKIDLATER"


def test_a_look_up_that_the_network_holds_up_ends_in_time_with_its_own_message(source: Source) -> None:
    source.is_hanging = True
    credentials = _make(0.5)
    with pytest.raises(CredentialsError, match=f"^{NOTHING_YET}$"):
        credentials.reset()
    wait_until(lambda: not _find_look_ups(), "its end")


def test_a_look_up_that_a_file_holds_up_is_awaited_again_and_no_second_one_starts(
    source: Source, hanging_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.answer(write_credentials("AKIDLATER"))
    credentials = _make(0.5)
    for _ in range(2):
        with pytest.raises(CredentialsError, match=f"^{NOTHING_YET}$"):
            credentials.reset()
    assert len(_find_look_ups()) == 1
    monkeypatch.delenv(TOKEN_FILE)
    hanging_file.write_text("Bearer", encoding="utf-8")
    wait_until(lambda: _is_renewed(credentials), "the end of the look-up")
    assert _ask(credentials) == "AKIDLATER"
    assert len(source.asked) == 1


def test_after_a_long_time_a_second_look_up_starts_although_the_first_one_hangs(
    source: Source, hanging_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.answer(write_credentials("AKIDSECOND"))
    credentials = _make(0.1)
    assert not _is_renewed(credentials)
    monkeypatch.delenv(TOKEN_FILE)
    wait_until(lambda: _is_renewed(credentials), "another look-up")
    assert _ask(credentials) == "AKIDSECOND"
    hanging_file.write_text("Bearer", encoding="utf-8")
    wait_until(lambda: not _find_look_ups(), "the end of the first")


def _find_look_ups() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "credentials"]


def _is_renewed(credentials: Credentials) -> bool:
    try:
        credentials.reset()
    except CredentialsError:
        return False
    return True
