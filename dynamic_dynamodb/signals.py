"""Turn signals into wishes that the service looks at between its steps."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
_MANY_BYTES: Final = 4096
"""More than the signals that may have come meanwhile, at a byte each."""


class Wishes:
    """What signals have asked for: to stop (SIGTERM, SIGINT), or to read the configuration again (SIGHUP).

    A thread of its own hears of them: the main thread, where Python's handlers run, may be waiting for an
    answer of AWS at that moment, and a signal just before such a wait would be handled only after it.
    """

    def __init__(self) -> None:
        """Begin without a wish."""
        self._stop = False
        self._reload = False
        self._alarm = threading.Event()
        self._ends: tuple[socket.socket, ...] = ()

    def listen(self, end_at_once: Callable[[int], None]) -> None:
        """Take over the signals; a SIGINT after the first of SIGTERM or SIGINT calls `end_at_once`."""
        # Python itself writes the number there when a signal comes, whatever any thread is doing.
        self._ends = socket.socketpair()
        self._ends[0].setblocking(False)  # noqa: FBT003 - the standard library's way
        signal.set_wakeup_fd(self._ends[0].fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._hear, args=(end_at_once,), daemon=True).start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # Python writes only what has a handler

    def _hear(self, end_at_once: Callable[[int], None]) -> None:
        while True:
            for number in self._ends[1].recv(_MANY_BYTES):
                if number == signal.SIGHUP:
                    self._reload = True
                elif number == signal.SIGINT and self._stop:
                    end_at_once(number)
                else:
                    self._stop = True
                self._alarm.set()
                if number != signal.SIGHUP:
                    # In yet another thread, because whoever reads the log may have stopped reading.
                    said = ("%s: finishing the update in hand", signal.Signals(number).name)
                    threading.Thread(target=LOGGER.info, args=said, daemon=True).start()

    def is_stopping(self) -> bool:
        """Tell whether to stop."""
        return self._stop

    def take_reload(self) -> bool:
        """Tell whether to read the configuration again, and take the wish for fulfilled."""
        wished, self._reload = self._reload, False
        return wished

    def wait(self, seconds: float) -> None:
        """Wait for the next wish, at most so long."""
        if self._alarm.wait(max(0.0, seconds)):
            self._alarm.clear()
