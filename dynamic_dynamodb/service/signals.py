"""Turn signals into requests that the service looks at between its steps."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.deadlines import ALLOW_MORE

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
MOST_SECONDS_TO_END: Final = 25.0
"""How long the program may take to end by itself; `--daemon stop` and supervisors wait a little longer."""
_MANY_BYTES: Final = 4096
"""More than the signals that may have come meanwhile, at a byte each."""
_STANDARD_STREAMS: Final = (0, 1, 2)
_LOOKS_AT_TERMINAL: Final = 6
_LOOK_SECONDS: Final = 0.1
"""The kernel may send SIGHUP a moment before it takes the terminal away."""


class SignalRequests:
    """What signals have asked for.

    SIGTERM, SIGINT: to stop; SIGHUP: to read the configuration again, or to stop if the run began on a
    terminal that is gone; SIGUSR1: to open the logs again.

    A thread of its own hears of them: the main thread, where Python's handlers run, may be waiting for an
    answer of AWS at that moment, and a signal just before such a wait would be handled only after it.
    """

    def __init__(self) -> None:
        """Begin without a wish."""
        self._stop = False
        self._reload = False
        self._reopen = False
        self._has_begun_on_terminal = False
        self._alarm = threading.Event()
        self._ends: tuple[socket.socket, ...] = ()

    def listen(self, exit_now: Callable[[int], None]) -> None:
        """Take over the signals; a SIGINT after the first of SIGTERM or SIGINT calls `exit_now`.

        So it is when the program has not ended long after it was told to, whatever it waits for.
        A SIGHUP that is ignored, as nohup has it, stays ignored. Raises OSError if the system allows not even
        this thread.
        """
        self._has_begun_on_terminal = _is_on_terminal()
        # Python itself writes the number there when a signal comes, whatever any thread is doing.
        self._ends = socket.socketpair()
        self._ends[0].setblocking(False)  # noqa: FBT003 - the standard library's way
        signal.set_wakeup_fd(self._ends[0].fileno(), warn_on_full_buffer=False)
        try:
            threading.Thread(target=self._hear, args=(exit_now,), daemon=True).start()
        except RuntimeError as error:
            raise OSError(f"no thread can be started to hear signals ({error}): {ALLOW_MORE}") from error
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
            _survive(number)  # Python writes only what has a handler
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            _survive(signal.SIGHUP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGHUP,))

    def _hear(self, exit_now: Callable[[int], None]) -> None:
        told_at = 0.0
        while True:
            if self._stop:
                told_at = told_at or time.monotonic()
                self._ends[1].settimeout(max(0.001, told_at + MOST_SECONDS_TO_END - time.monotonic()))
            try:
                numbers = self._ends[1].recv(_MANY_BYTES)
            except TimeoutError:
                exit_now(signal.SIGTERM)
                return
            for number in numbers:
                if number == signal.SIGUSR2:
                    LOGGER.info("SIGUSR2 has no meaning here: ignored")
                elif number == signal.SIGUSR1:
                    self._reopen = True
                elif number == signal.SIGHUP and not self._has_lost_terminal():
                    self._reload = True
                elif number == signal.SIGINT and self._stop:
                    exit_now(number)
                else:
                    self._stop = True
                    why = "the terminal is gone" if number == signal.SIGHUP else signal.Signals(number).name
                    LOGGER.info("%s: finishing the update in hand", why)
                self._alarm.set()

    def _has_lost_terminal(self) -> bool:
        """Tell whether the terminal that this run began on is gone, rather than somebody wants a reload."""
        if not self._has_begun_on_terminal:
            return False
        for look in range(_LOOKS_AT_TERMINAL):
            time.sleep(_LOOK_SECONDS if look else 0)
            if not _is_on_terminal():
                return True
        return False

    def is_stopping(self) -> bool:
        """Tell whether to stop."""
        return self._stop

    def take_reload_request(self) -> bool:
        """Tell whether to read the configuration again, and take the wish for fulfilled."""
        wished, self._reload = self._reload, False
        return wished

    def take_reopen_request(self) -> bool:
        """Tell whether to open the logs again, and take the wish for fulfilled."""
        wished, self._reopen = self._reopen, False
        return wished

    def wait(self, seconds: float) -> None:
        """Wait for the next wish, at most so long."""
        if self._alarm.wait(max(0.0, seconds)):
            self._alarm.clear()


def survive_log_rotation() -> None:
    """Let SIGUSR1 and SIGUSR2, which log rotation sends, not end a program that does not listen yet."""
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        _survive(number)


def hold_reloads() -> None:
    """Let a SIGHUP wait until the service listens, also where whoever started this ignores it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _survive(number: signal.Signals) -> None:
    # Not SIG_IGN, which helpers that get credentials would inherit.
    signal.signal(number, lambda *_: None)


def _is_on_terminal() -> bool:
    """Tell whether there is a controlling terminal, or a standard stream on one, that is still there."""
    try:
        os.close(os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return any(map(os.isatty, _STANDARD_STREAMS))
    return True
