"""Tell systemd that the program is ready, and that it moves; the protocol is sd_notify(3)."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.deadlines import ALLOW_MORE
from dynamic_dynamodb.service import LOGGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.service.pulse import Pulse

MOST_SECONDS_TO_NOTIFY: Final = 2.0
"""How long to wait for a busy supervisor: it must not delay the first check."""
_MICROSECONDS: Final = 1_000_000
_SHARE: Final = 0.4
"""Of the time that systemd allows between two notifications: one may be lost."""


def notify_ready(environment: Mapping[str, str]) -> None:
    """Send READY=1 to the socket in $NOTIFY_SOCKET, if there is one; a failure is a warning."""
    try:
        _notify(environment, b"READY=1")
    except OSError as error:
        LOGGER.warning("cannot notify the supervisor that the service is ready: %s", error)


@dataclass(slots=True)
class Watchdog:
    """Notifies systemd from a thread for as long as the program moves; systemd restarts one that does not."""

    environment: Mapping[str, str]
    pulse: Pulse
    _ended: Event = field(default_factory=Event)

    def start(self) -> None:
        """Notify systemd as often as $WATCHDOG_USEC asks for, if it does.

        Raises OSError if the system allows no further thread.
        """
        seconds = self._find_interval_seconds()
        if seconds is None:
            return
        try:
            Thread(target=self._run, args=(seconds,), name="watchdog", daemon=True).start()
        except RuntimeError as error:
            raise OSError(f"cannot start the thread of the watchdog ({error}): {ALLOW_MORE}") from error

    def end(self) -> None:
        """Stop notifying: systemd waits for the end of the program from now on."""
        self._ended.set()

    def _find_interval_seconds(self) -> float | None:
        """Return how often to notify; None if systemd does not watch this process."""
        if self.environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
            return None
        text = self.environment.get("WATCHDOG_USEC", "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and int(text)):
            LOGGER.warning("WATCHDOG_USEC is not a number of microseconds: the watchdog is not notified")
            return None
        return int(text) / _MICROSECONDS * _SHARE

    def _run(self, seconds: float) -> None:
        stall = failure = ""
        while not self._ended.wait(seconds):
            before, stall = stall, self.pulse.find_stall()
            if stall:
                if not before:
                    LOGGER.error("the program hangs, so systemd will restart it: %s", stall)
                continue
            said, failure = failure, self._notify()
            if failure and failure != said:
                LOGGER.warning("cannot notify systemd's watchdog, which may restart the program: %s", failure)

    def _notify(self) -> str:
        """Return why a notification failed; empty if it did not."""
        try:
            _notify(self.environment, b"WATCHDOG=1")
        except OSError as error:
            return str(error)
        return ""


def _notify(environment: Mapping[str, str], state: bytes) -> None:
    """Send a state to the socket in $NOTIFY_SOCKET, if there is one; raise OSError."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket, which is not a file
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
        client.settimeout(MOST_SECONDS_TO_NOTIFY)
        client.sendto(state, address)
