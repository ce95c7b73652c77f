"""Turn signals into wishes that the service looks at between its steps."""

from __future__ import annotations

import logging
import select
import signal
import socket
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
_MILLISECONDS_PER_SECOND: Final = 1000
_MANY_BYTES: Final = 4096
"""More than the signals that may have come meanwhile, at a byte each."""


class Wishes:
    """What signals have asked for: to stop (SIGTERM, SIGINT), or to read the configuration again (SIGHUP)."""

    def __init__(self) -> None:
        """Begin without a wish."""
        self._stop = False
        self._reload = False
        # A queue, because putting something into it is safe in the middle of anything.
        self._sayings: SimpleQueue[str] = SimpleQueue()
        self._alarm = select.poll()
        self._ends: tuple[socket.socket, ...] = ()

    def listen(self, end_at_once: Callable[[int], None]) -> None:
        """Take over the signals; a second SIGINT calls `end_at_once` with its number."""

        def stop(number: int, _frame: FrameType | None) -> None:
            # First, because who reads the saying may send the second one at once.
            signal.signal(signal.SIGINT, lambda again, _: end_at_once(again))
            self._stop = True
            self._sayings.put(f"{signal.Signals(number).name}: finishing the update in hand")

        def reload(_number: int, _frame: FrameType | None) -> None:
            self._reload = True

        # Python itself writes there when a signal comes, so that one in the moment before the wait, or in
        # another thread, ends it too.
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)  # noqa: FBT003 - the standard library's way
        signal.set_wakeup_fd(self._ends[0].fileno(), warn_on_full_buffer=False)
        self._alarm.register(self._ends[1], select.POLLIN)
        # Its own thread speaks, because a signal may come in the middle of another line.
        threading.Thread(target=self._speak, daemon=True).start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, reload)

    def _speak(self) -> None:
        while True:
            LOGGER.info("%s", self._sayings.get())

    def is_stopping(self) -> bool:
        """Tell whether to stop."""
        return self._stop

    def take_reload(self) -> bool:
        """Tell whether to read the configuration again, and take the wish for fulfilled."""
        wished, self._reload = self._reload, False
        return wished

    def wait(self, seconds: float) -> None:
        """Wait for the next wish, at most so long."""
        if self._alarm.poll(max(0.0, seconds) * _MILLISECONDS_PER_SECOND):
            self._ends[1].recv(_MANY_BYTES)
