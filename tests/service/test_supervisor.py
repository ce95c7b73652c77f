"""systemd's watchdog is notified for as long as the program moves."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.supervisor import Watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFTEN = "20000"
"""Microseconds."""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        yield listener


@contextmanager
def watch(listener: socket.socket, pulse: Pulse, **environment: str) -> Iterator[None]:
    """Run a watchdog that notifies this listener, unless the environment says otherwise."""
    watchdog = Watchdog({"NOTIFY_SOCKET": listener.getsockname(), **environment}, pulse)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.end()


def resting(seconds: float) -> Pulse:
    """Return the pulse of a program that is to wake up after some seconds, or was to."""
    pulse = Pulse()
    pulse.rest(seconds)
    return pulse


def is_silent(listener: socket.socket, seconds: float) -> bool:
    """Return whether nothing arrives within some seconds."""
    listener.settimeout(seconds)
    try:
        listener.recv(100)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize("pid", [{}, {"WATCHDOG_PID": str(os.getpid())}], ids=["any process", "this process"])
def test_the_watchdog_is_notified_again_and_again(listener: socket.socket, pid: dict[str, str]) -> None:
    with watch(listener, resting(3600), WATCHDOG_USEC=OFTEN, **pid):
        assert [listener.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3


def test_a_program_that_hangs_does_not_notify_and_says_why_once(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    with watch(listener, resting(-3600), WATCHDOG_USEC=OFTEN):
        assert is_silent(listener, 0.2)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith(
        "the program hangs, so systemd will restart it: it should have woken up 3600 s ago"
    )


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="no watchdog"),
        pytest.param({"WATCHDOG_USEC": OFTEN, "WATCHDOG_PID": "1"}, id="another process"),
        pytest.param({"WATCHDOG_USEC": "often"}, id="no number"),
        pytest.param({"WATCHDOG_USEC": "0"}, id="zero"),
    ],
)
def test_nothing_is_sent_unless_systemd_watches_this_process(
    listener: socket.socket, environment: dict[str, str]
) -> None:
    with watch(listener, resting(3600), **environment):
        assert is_silent(listener, 0.1)


def test_a_socket_that_fails_is_a_warning_once_and_tried_again(
    tmp_path: Path, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "later"
    with watch(listener, resting(3600), WATCHDOG_USEC=OFTEN, NOTIFY_SOCKET=str(other)):
        assert is_silent(listener, 0.2)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as late:
            late.settimeout(30)
            late.bind(str(other))
            assert late.recv(100) == b"WATCHDOG=1"
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("cannot notify systemd's watchdog, which may restart the program: ")
