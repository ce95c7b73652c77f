"""Say something lasting once, and again only when it changes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

LOGGER: Final = logging.getLogger("dynamic-dynamodb")


@dataclass(slots=True)
class Announcer:
    """Remember by topic what was said last."""

    said: dict[str, str] = field(default_factory=dict)

    def say(self, topic: str, sentence: str, *, level: int = logging.WARNING) -> None:
        """Log a sentence, unless it is the one that this topic had before; an empty one ends the topic."""
        if self.said.get(topic, "") == sentence:
            return
        self.said[topic] = sentence
        if sentence:
            LOGGER.log(level, "%s", sentence)
