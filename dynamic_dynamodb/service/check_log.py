"""Write the log of checks: what each one reports, and what is in force only when it changes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.conditions import Level, Notice
from dynamic_dynamodb.check.report import TargetReport, find_causes
from dynamic_dynamodb.options import DEFAULT_DOLLARS, Capacity
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.log_lines import (
    ChangePrices,
    CheckSummary,
    Evidence,
    Recovery,
    TargetLog,
    group_by_section,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.check.report import CheckReport, Unpublished
    from dynamic_dynamodb.config.loader import Configuration

_ERROR: Final = "error of the check"


@dataclass(slots=True)
class ChangeLog:
    """Logs a notice when it begins or changes, and not while it stays the same."""

    notices: dict[str, Notice] = field(default_factory=dict)

    def update(self, topic: str, sentence: str | None, *, level: Level = Level.WARNING) -> None:
        """Log the sentence unless it is the topic's last one; None ends the topic.

        The end of an error is logged too.
        """
        before = self.notices.pop(topic, None)
        if sentence is not None:
            notice = self.notices[topic] = Notice(topic, sentence, level)
            if before is None or before.sentence != sentence:
                _log(level, notice)
        elif before is not None and before.level >= Level.ERROR:
            _log(logging.INFO, Recovery(notice=before))

    def keep_only(self, topics: set[str]) -> None:
        """End all other topics."""
        for topic in self.notices.keys() - topics:
            self.update(topic, None)


@dataclass(frozen=True, slots=True)
class LogChoices:
    """How much to log about each check.

    `shows_all` is True for a line about each target; `introduces` for the sections of the targets at INFO.
    """

    is_daemon: bool = True
    shows_all: bool = False
    introduces: bool = True
    prices: ChangePrices = field(default_factory=lambda: ChangePrices(DEFAULT_DOLLARS))

    @classmethod
    def of(cls, configuration: Configuration) -> LogChoices:
        """Return the choices of a configuration: who looks at a single run or a dry run wants to see all."""
        options = configuration.global_options
        is_once, is_dry_run = options["run_once"], options["dry_run"]
        is_always = configuration.logging_options["log_unchanged"] == "always"
        given = {f"{one.singular}_capacity": options[f"price_{one.singular}_capacity"] for one in Capacity}
        prices = ChangePrices({**DEFAULT_DOLLARS, **given})
        return cls(not is_once, is_always or is_once or is_dry_run, not is_once or is_dry_run, prices)


@dataclass(slots=True)
class CheckLog:
    """Writes the log of the checks by one configuration.

    `targets` decides what is worth a line, and outlives the configuration.
    """

    choices: LogChoices = LogChoices()
    targets: TargetLog = field(default_factory=TargetLog)
    changes: ChangeLog = field(default_factory=ChangeLog)
    clock: Callable[[], float] = time.monotonic
    is_introduced: bool = False

    def write(self, report: CheckReport) -> None:
        """Log a report except for its last line."""
        self._write_notices(report.notices)
        self._write_error(report)
        self._introduce(report)
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
        _log(logging.INFO, CheckSummary(report, seconds, self.choices.prices))

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
            then = "; the next check looks again" if self.choices.is_daemon else ""
            is_unexpected = report.error.__cause__ is not None
            sentence = f"{report.error}" if is_unexpected else f"nothing can be checked: {report.error}{then}"
            self.changes.update(_ERROR, sentence, level=Level.ERROR)

    def _introduce(self, report: CheckReport) -> None:
        """Log which targets each section applies to, once they are known."""
        if self.is_introduced or report.error is not None or report.is_cut_short:
            return
        self.is_introduced = True
        level = logging.INFO if self.choices.introduces else logging.DEBUG
        for one in group_by_section(report):
            _log(level, one)

    def _write_targets(self, report: CheckReport) -> None:
        """Log the targets, and at DEBUG what their decisions follow from."""
        is_debugging = LOGGER.isEnabledFor(logging.DEBUG)
        for line in self.targets.choose_lines(report, self.clock(), shows_all=self.choices.shows_all):
            subject = line.subject
            if is_debugging and isinstance(subject, TargetReport) and subject.section is not None:
                _log(logging.DEBUG, Evidence(subject))
            _log(line.level, subject, report.now)


@dataclass(frozen=True, slots=True)
class _LocalText:
    """The text of a subject, with times of the day in the zone of the machine, as those of log lines are."""

    subject: object

    def __str__(self) -> str:
        if isinstance(self.subject, TargetReport | Evidence):
            return self.subject.describe(datetime.astimezone)
        return self.subject.sentence if isinstance(self.subject, Notice) else str(self.subject)


def _log(level: int, subject: object, now: datetime | None = None) -> None:
    """Log a subject; a JSON line has its fields."""
    LOGGER.log(level, "%s", _LocalText(subject), extra={"subject": subject, "now": now})


def log_attempt(attempt: Attempt) -> None:
    """Log an attempt of a call to AWS at DEBUG."""
    _log(logging.DEBUG, attempt)


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
