"""Record SIGTERM, SIGINT, SIGHUP and SIGUSR1 as requests that the service polls between its steps."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.deadlines import ALLOW_MORE
from dynamic_dynamodb.service import LOGGER

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS_TO_END: Final = 25.0
"""How long the program may take to stop. `--daemon stop` and supervisors wait a little longer."""
_MANY_BYTES: Final = 4096
"""Python writes one byte for each signal."""
_STANDARD_STREAMS: Final = (0, 1, 2)
_TERMINAL_LOOKS: Final = 6
_TERMINAL_LOOK_SECONDS: Final = 0.1
"""The kernel may send SIGHUP a moment before it takes the terminal away."""


class Request(Enum):
    """What a signal asks the service to do."""

    STOP = auto()
    RELOAD = auto()
    REOPEN_LOGS = auto()


class SignalRequests:
    """The requests that have not been handled yet; a request made twice is one, and STOP stays for good.

    SIGTERM and SIGINT request a stop. SIGHUP requests a reload, or a stop if the program was started on a
    terminal that has been closed. SIGUSR1 requests that the logs are reopened.

    Signals are received in a thread. Python runs signal handlers in the main thread, which may be waiting
    for an answer from AWS: it would run them only after that answer.
    """

    def __init__(self) -> None:
        """Start without a request."""
        self._pending: set[Request] = set()
        self._is_woken = False
        self._changed = threading.Condition()
        self._was_on_terminal = False

    def listen(self, exit_now: Callable[[int], None]) -> None:
        """Receive signals from now on.

        `exit_now` is called with the number of the signal to exit by: at a SIGINT when a stop has already
        been requested, and when the program has not ended `MOST_SECONDS_TO_END` after that request.
        SIGHUP stays ignored if the parent process ignores it, as `nohup` does.
        Raises OSError if the system allows no further thread.
        """
        self._was_on_terminal = _is_on_terminal()
        receiver, sender = socket.socketpair()
        sender.setblocking(False)  # noqa: FBT003 - the standard library's way
        # The interpreter writes the signal's number there at once, whatever any thread is doing.
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        self._sender = sender  # it closes when nothing refers to it
        try:
            threading.Thread(target=self._receive, args=(receiver, exit_now), daemon=True).start()
        except RuntimeError as error:
            raise OSError(f"cannot start the thread that receives signals ({error}): {ALLOW_MORE}") from error
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
            _survive(number)  # only a signal with a Python handler is written
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            _survive(signal.SIGHUP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGHUP,))

    def add(self, request: Request) -> None:
        """Add a request, and end the current wait."""
        with self._changed:
            self._pending.add(request)
            self._changed.notify_all()

    def is_stopping(self) -> bool:
        """Return whether a stop has been requested."""
        return Request.STOP in self._pending

    def take_reload_request(self) -> bool:
        """Return whether a reload is requested, and remove the request."""
        return self._take(Request.RELOAD)

    def take_reopen_request(self) -> bool:
        """Return whether the logs are to be reopened, and remove the request."""
        return self._take(Request.REOPEN_LOGS)

    def wake(self) -> None:
        """End the current wait, or the next one, from any thread."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until there is a request, until `wake` is called, or until the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._is_woken, max(0.0, seconds))
            self._is_woken = False

    def _take(self, request: Request) -> bool:
        with self._changed:
            is_requested = request in self._pending
            self._pending.discard(request)
        return is_requested

    def _receive(self, receiver: socket.socket, exit_now: Callable[[int], None]) -> None:
        stopping_since = 0.0
        while True:
            if self.is_stopping():
                stopping_since = stopping_since or time.monotonic()
                left = stopping_since + MOST_SECONDS_TO_END - time.monotonic()
                receiver.settimeout(max(0.001, left))
            try:
                numbers = receiver.recv(_MANY_BYTES)
            except TimeoutError:
                exit_now(signal.SIGTERM)
                return
            for number in numbers:
                if number == signal.SIGINT and self.is_stopping():
                    exit_now(number)
                else:
                    self._handle(signal.Signals(number))

    def _handle(self, number: signal.Signals) -> None:
        if number == signal.SIGUSR2:
            LOGGER.info("SIGUSR2 received: ignored")
        elif number == signal.SIGUSR1:
            self.add(Request.REOPEN_LOGS)
        elif number == signal.SIGHUP and not self._has_lost_terminal():
            self.add(Request.RELOAD)
        else:
            event = "terminal closed" if number == signal.SIGHUP else f"{number.name} received"
            LOGGER.info("%s: stopping", event)
            self.add(Request.STOP)

    def _has_lost_terminal(self) -> bool:
        """Return whether the terminal of the start is gone: then SIGHUP is its end, and no reload request."""
        if not self._was_on_terminal:
            return False
        for look in range(_TERMINAL_LOOKS):
            time.sleep(_TERMINAL_LOOK_SECONDS if look else 0)
            if not _is_on_terminal():
                return True
        return False


def hold_reloads() -> None:
    """Keep a SIGHUP pending until the service listens, even if the parent process ignores SIGHUP."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _survive(number: signal.Signals) -> None:
    # Not SIG_IGN: the programs that we start, such as a credential_process, would inherit it.
    signal.signal(number, lambda *_: None)


def _is_on_terminal() -> bool:
    """Return whether there is a controlling terminal, or a standard stream on a terminal."""
    try:
        os.close(os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return any(map(os.isatty, _STANDARD_STREAMS))
    return True
