"""Follow failures from check to check, and write the messages about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.failure_messages import write_notification
from dynamic_dynamodb.check.failures import (
    NOTHING_FAILS,
    Delivery,
    Plan,
    note_deliveries,
    plan_notifications,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dynamic_dynamodb.check.failure_messages import Sender
    from dynamic_dynamodb.check.failures import FailureMemory, Rules
    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.report import CheckReport, Unpublished
    from dynamic_dynamodb.service.state_file import StateFile


@dataclass(slots=True)
class FailureWatch:
    """Remembers what is failing, and keeps it in the state file; a dry run does not change the file.

    `stored` is what the file has. Another run may change the file, so it is read again as long as anything
    fails. Without a usable file, failures are remembered as long as the process runs.
    """

    file: StateFile
    rules: Rules
    sender: Sender
    is_dry_run: bool
    memory: FailureMemory = NOTHING_FAILS
    stored: FailureMemory | None = None
    plan: Plan = field(default_factory=Plan)
    messages: tuple[Message, ...] = ()

    def continue_from(self, before: FailureWatch) -> None:
        """Keep what is known of the same region, as after a reload."""
        if before.file.region == self.file.region and before.is_dry_run == self.is_dry_run:
            self.memory = self.file.name_targets(before.memory)
            stored = before.stored if before.file.path == self.file.path else NOTHING_FAILS
            self.stored = stored and self.file.name_targets(stored)

    def prepare(self, report: CheckReport, now: datetime) -> tuple[Message, ...]:
        """Return the messages to publish after a check; `note` then remembers what became of them."""
        self.plan, self.messages = Plan(self.memory), ()
        is_first = self.stored is None
        if is_first or (self._is_saved and (report.failures or self.memory != NOTHING_FAILS)):
            stored = self.file.read_failures()
            if stored is not None:
                self.memory = stored
            self.stored = stored or NOTHING_FAILS
        self.plan = plan_notifications(self.memory, report, self.rules, now, is_first=is_first)
        self.messages = tuple(write_notification(one, self.sender) for one in self.plan.notifications)
        return self.messages

    def note(self, unpublished: Iterable[Unpublished], now: datetime) -> None:
        """Remember which messages were published, and save what has changed."""
        results = {one.message: _classify(one) for one in unpublished}
        deliveries = [results.get(message, Delivery.PUBLISHED) for message in self.messages]
        self.memory = note_deliveries(self.plan, deliveries, now)
        stored = self.stored or NOTHING_FAILS
        if self.is_dry_run or self.memory == stored:
            return
        if self.file.write_failures(stored, self.memory):
            self.stored = self.memory

    @property
    def _is_saved(self) -> bool:
        return self.memory == self.stored


def _classify(unpublished: Unpublished) -> Delivery:
    """Return what became of a message; one that a dry run does not send counts as published."""
    if unpublished.error is None:
        return Delivery.PUBLISHED
    is_uncertain = unpublished.is_uncertain or unpublished.error.is_answer_lost
    return Delivery.UNCERTAIN if is_uncertain else Delivery.FAILED
