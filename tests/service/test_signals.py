"""Requests made by signals: each is taken once, a stop stays, and a wait ends at the next one."""

from __future__ import annotations

import threading
import time

import pytest

from dynamic_dynamodb.service.signals import Request, SignalRequests

PATIENCE_SECONDS = 30


def take_all(requests: SignalRequests) -> tuple[bool, bool, bool]:
    return requests.is_stopping(), requests.take_reload_request(), requests.take_reopen_request()


@pytest.mark.parametrize(
    ("made", "first", "second"),
    [
        pytest.param([], (False, False, False), (False, False, False), id="none"),
        pytest.param([Request.STOP], (True, False, False), (True, False, False), id="a stop stays"),
        pytest.param([Request.RELOAD], (False, True, False), (False, False, False), id="a reload"),
        pytest.param(
            [Request.RELOAD] * 3, (False, True, False), (False, False, False), id="three reloads are one"
        ),
        pytest.param([Request.REOPEN_LOGS], (False, False, True), (False, False, False), id="reopened logs"),
        pytest.param(list(Request), (True, True, True), (True, False, False), id="all at the same time"),
    ],
)
def test_a_request_is_taken_once(
    made: list[Request], first: tuple[bool, bool, bool], second: tuple[bool, bool, bool]
) -> None:
    requests = SignalRequests()
    for request in made:
        requests.add(request)
    assert (take_all(requests), take_all(requests)) == (first, second)


def test_a_wait_ends_at_once_if_there_is_a_request() -> None:
    requests = SignalRequests()
    requests.add(Request.RELOAD)
    began = time.monotonic()
    requests.wait(PATIENCE_SECONDS)
    assert time.monotonic() - began < PATIENCE_SECONDS / 2


def test_a_request_ends_the_wait_of_another_thread() -> None:
    requests = SignalRequests()
    waiting = threading.Thread(target=requests.wait, args=(PATIENCE_SECONDS,), daemon=True)
    waiting.start()
    requests.add(Request.STOP)
    waiting.join(PATIENCE_SECONDS / 2)
    assert not waiting.is_alive()


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.01])
def test_a_wait_without_a_request_ends_in_time(seconds: float) -> None:
    SignalRequests().wait(seconds)
