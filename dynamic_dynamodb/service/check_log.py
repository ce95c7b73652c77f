"""Write the log of checks: what each one reports, and what is in force only when it changes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.report import Outcome, find_causes
from dynamic_dynamodb.service import LOGGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.check.conditions import Notice
    from dynamic_dynamodb.check.report import CheckReport, Unpublished

_ERROR: Final = "error of the check"


@dataclass(slots=True)
class ChangeLog:
    """Logs a sentence when it begins or changes, and not while it stays the same."""

    sentences: dict[str, str] = field(default_factory=dict)

    def update(self, topic: str, sentence: str | None, *, level: int = logging.WARNING) -> None:
        """Log the sentence unless it is the topic's last one; None ends the topic without a line."""
        if self.sentences.get(topic) == sentence:
            return
        if sentence is None:
            del self.sentences[topic]
        else:
            self.sentences[topic] = sentence
            LOGGER.log(level, "%s", sentence)

    def keep_only(self, topics: set[str]) -> None:
        """End all other topics."""
        self.sentences = {topic: one for topic, one in self.sentences.items() if topic in topics}


@dataclass(slots=True)
class CheckLog:
    """Writes the log of the checks by one configuration."""

    is_daemon: bool
    changes: ChangeLog = field(default_factory=ChangeLog)
    lost_before: list[str] = field(default_factory=list)

    def write(self, report: CheckReport) -> None:
        """Log a report except for its last line."""
        self._write_notices(report.notices)
        self._write_error(report)
        self._write_targets(report)
        if report.metrics_requested:
            LOGGER.debug("requested %s metrics from CloudWatch", f"{report.metrics_requested:,}")
        for doubt in report.doubts:
            LOGGER.warning("%s", doubt)
        _write_unexpected(report.unexpected)

    def write_end(
        self,
        report: CheckReport,
        unpublished: Sequence[Unpublished],
        seconds: float,
        new: Sequence[Notice] = (),
    ) -> None:
        """Log unpublished messages, new notices, and the last line with the duration of the check."""
        _write_unpublished(unpublished)
        _write_unexpected(find_causes(one.error for one in unpublished))
        self._update(new)
        # The last line of every check begins alike: programs wait for it.
        LOGGER.info("%s, in %.1f s", report, seconds, extra={"report": report})

    def _write_notices(self, notices: Sequence[Notice]) -> None:
        self.changes.keep_only({_ERROR, *(notice.topic for notice in notices)})
        self._update(notices)

    def _update(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self.changes.update(notice.topic, notice.sentence, level=notice.level)

    def _write_error(self, report: CheckReport) -> None:
        """Log why nothing could be checked, unless the program is stopping, which may be why."""
        if report.error is None:
            self.changes.update(_ERROR, None)
        elif not report.is_cut_short:
            then = "; the next check looks again" if self.is_daemon else ""
            is_unexpected = report.error.__cause__ is not None
            sentence = f"{report.error}" if is_unexpected else f"nothing can be checked: {report.error}{then}"
            self.changes.update(_ERROR, sentence, level=logging.ERROR)

    def _write_targets(self, report: CheckReport) -> None:
        """Log a line for each target; at DEBUG if all failed before a decision, just as the last time.

        Quiet targets that were left out did not fail.
        """
        lost = [str(one) for one in report.targets if one.outcome is Outcome.FAILED and one.decision is None]
        is_all_lost = bool(lost) and len(lost) == len(report.targets) and not report.left_out
        is_repeated = is_all_lost and lost == self.lost_before
        self.lost_before = lost
        for one in report.targets:
            LOGGER.log(logging.DEBUG if is_repeated else one.level, "%s", one, extra={"report": one})


def log_attempt(attempt: Attempt) -> None:
    """Log an attempt of a call to AWS at DEBUG."""
    LOGGER.debug("%s", attempt)


def _write_unpublished(unpublished: Sequence[Unpublished]) -> None:
    uncertain = [one for one in unpublished if one.is_uncertain]
    for one in unpublished:
        if not one.is_uncertain:
            LOGGER.log(logging.WARNING if one.error else logging.INFO, "%s", one)
    if uncertain:
        counted = "1 message" if len(uncertain) == 1 else f"{len(uncertain)} messages"
        LOGGER.warning("%s may not have been published: %s", counted, uncertain[0].error)


def _write_unexpected(errors: Sequence[BaseException]) -> None:
    for error in errors:
        LOGGER.debug("an unexpected error", exc_info=error)
