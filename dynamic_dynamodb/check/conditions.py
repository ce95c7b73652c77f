"""Conditions that last from check to check, such as a section that matches nothing."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.model import value

if TYPE_CHECKING:
    from dynamic_dynamodb.errors import AwsError


class Level(IntEnum):
    """How serious something is, in the numbers of Python's logging."""

    INFO = 20
    WARNING = 30
    ERROR = 40


@value
class Notice:
    """A condition in force; `error` is what caused it, if an error did."""

    topic: str
    sentence: str
    level: Level = Level.WARNING
    error: AwsError | None = None


class Conditions:
    """The conditions in force, at most one for each topic.

    Discovery and the adapters set and clear them, from any thread; a check reports those in force.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._notices: dict[str, Notice] = {}

    def set(
        self,
        topic: str,
        sentence: str | None,
        *,
        level: Level = Level.WARNING,
        error: AwsError | None = None,
    ) -> None:
        """Put a condition in force in place of the topic's last one; clear the topic if there is none."""
        if sentence is None:
            self._notices.pop(topic, None)
        else:
            self._notices[topic] = Notice(topic, sentence, level, error)

    @property
    def in_force(self) -> tuple[Notice, ...]:
        """Return the notices in the order in which their topics came up."""
        return tuple(self._notices.copy().values())
