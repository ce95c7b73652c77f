"""Turn signals into wishes that the service looks at between its steps."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

LOGGER: Final = logging.getLogger("dynamic-dynamodb")


class Wishes:
    """What signals have asked for: to stop (SIGTERM, SIGINT), or to read the configuration again (SIGHUP)."""

    def __init__(self) -> None:
        """Begin without a wish."""
        self._stop = False
        self._reload = False
        # A queue, because putting something into it is safe in the middle of anything, an Event's set is not.
        self._woken: SimpleQueue[None] = SimpleQueue()
        self._sayings: SimpleQueue[str] = SimpleQueue()

    def listen(self, end_at_once: Callable[[int], None]) -> None:
        """Take over the signals; a second SIGINT calls `end_at_once` with its number."""

        def stop(number: int, _frame: FrameType | None) -> None:
            # First, because who reads the saying may send the second one at once.
            signal.signal(signal.SIGINT, lambda again, _: end_at_once(again))
            self._stop = True
            self._woken.put(None)
            self._sayings.put(f"{signal.Signals(number).name}: finishing the update in hand")

        def reload(_number: int, _frame: FrameType | None) -> None:
            self._reload = True
            self._woken.put(None)

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
        with suppress(Empty):
            self._woken.get(timeout=max(0.0, seconds))
