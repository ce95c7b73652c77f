"""Know whether the program moves: it waits for its next check, or its check makes progress."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.check.resilience import CallBudget

GRACE_SECONDS: Final = 30.0
"""How much later than planned a wait may end before the program counts as hanging."""


@dataclass(slots=True)
class Pulse:
    """Each thread that works says here what it does; any thread asks whether all of them move.

    How long a check may take depends on the number of its calls, but each call has an end. So a check moves
    as long as calls begin, fail and end; a failing AWS is no reason to restart the program.
    """

    clock: Callable[[], float] = time.monotonic
    _states: dict[str, tuple[CallBudget | None, float]] = field(default_factory=dict)
    """By the label of a place, which is empty for the main thread.

    The budget of the work under way and when it began, or None and when the wait ends. A state is replaced as
    a whole, because other threads read it.
    """

    def work(self, budget: CallBudget, label: str = "") -> None:
        """Begin a check or a reload, whose calls are counted by this budget."""
        self._states[label] = budget, self.clock()

    def rest(self, seconds: float) -> None:
        """Begin a wait of the main thread of at most some seconds."""
        self._states[""] = None, self.clock() + seconds

    def end(self, label: str) -> None:
        """End the check of a place that has a thread of its own; the main thread goes on to wait."""
        if label:
            self._states.pop(label, None)

    def find_stall(self) -> str:
        """Return why the program does not move; empty if it does."""
        stalls = ((label, self._find_stall(*state)) for label, state in self._states.copy().items())
        return "; ".join(f"{label}: {stall}" if label else stall for label, stall in stalls if stall)

    def _find_stall(self, budget: CallBudget | None, since: float) -> str:
        now = self.clock()
        if budget is None:
            late = now - since
            return f"it should have woken up {late:.0f} s ago" if late > GRACE_SECONDS else ""
        still = now - max(since, budget.progressed, budget.longest_until)
        most = budget.timeouts.hanging
        return f"no call of the check has begun or ended for {still:.0f} s" if still > most else ""
