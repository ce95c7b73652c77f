"""Write the log of checks: what each one reports, and what is in force only when it changes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
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
    from collections.abc import Callable, Iterable, Sequence

    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.check.report import CheckReport, Unpublished
    from dynamic_dynamodb.config.loader import Configuration

_ERROR: Final = "error of the check"


@dataclass(slots=True)
class PlaceLog:
    """Logs lines about a place; a JSON line has its name where there are several.

    `name` is the label of the place, and `account` the id of its account; None if it is not known.
    """

    name: str = ""
    region: str = ""
    account: str | None = None

    def log(self, level: int, subject: object, now: datetime | None = None) -> None:
        """Log a subject; a JSON line has its fields."""
        place = {"place": self.name, "account": self.account, "region": self.region} if self.name else {}
        LOGGER.log(level, "%s", _LocalText(subject), extra={"subject": subject, "now": now, "place": place})

    def log_attempt(self, attempt: Attempt) -> None:
        """Log an attempt of a call to AWS at DEBUG."""
        self.log(logging.DEBUG, replace(attempt, place=self.name) if self.name else attempt)

    def begin_with_name(self, text: str) -> str:
        """Return a text that begins with the place if there are several; names of targets do so already."""
        return f"{self.name}: {text}" if self.name else text


@dataclass(slots=True)
class ChangeLog:
    """Logs a notice when it begins or changes, and not while it stays the same."""

    place: PlaceLog = field(default_factory=PlaceLog)
    notices: dict[str, Notice] = field(default_factory=dict)

    def update(self, topic: str, sentence: str | None, *, level: Level = Level.WARNING) -> None:
        """Log the sentence unless it is the topic's last one; None ends the topic.

        The end of an error is logged too.
        """
        before = self.notices.pop(topic, None)
        if sentence is not None:
            notice = self.notices[topic] = Notice(topic, sentence, level)
            if before is None or before.sentence != sentence:
                self.place.log(level, notice)
        elif before is not None and before.level >= Level.ERROR:
            self.place.log(logging.INFO, Recovery(notice=before))

    def update_all(self, notices: Sequence[Notice], *kept: str) -> None:
        """Log what is new among all notices in force, and end the other topics but those that are kept."""
        for topic in self.notices.keys() - {*kept, *(one.topic for one in notices)}:
            self.update(topic, None)
        self.add(notices)

    def add(self, notices: Iterable[Notice]) -> None:
        """Log what is new among some notices."""
        for one in notices:
            self.update(one.topic, one.sentence, level=one.level)


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
    place: PlaceLog = field(default_factory=PlaceLog)
    clock: Callable[[], float] = time.monotonic
    is_introduced: bool = False
    changes: ChangeLog = field(init=False)

    def __post_init__(self) -> None:
        """Log changes of the same place."""
        self.changes = ChangeLog(self.place)

    def write(self, report: CheckReport) -> None:
        """Log a report except for its last line."""
        self.changes.update_all(report.notices, _ERROR)
        self._write_error(report)
        self._introduce(report)
        self._write_targets(report)
        if report.metrics_requested:
            requested = f"requested {report.metrics_requested:,} metrics from CloudWatch"
            self.place.log(logging.DEBUG, self.place.begin_with_name(requested))
        for doubt in report.doubts:
            self.place.log(logging.WARNING, str(doubt))
        _write_unexpected(report.unexpected)

    def write_end(
        self,
        report: CheckReport,
        unpublished: Sequence[Unpublished],
        seconds: float,
        new: Sequence[Notice] = (),
    ) -> None:
        """Log unpublished messages, new notices, and the last line with the duration of the check."""
        self._write_unpublished(unpublished)
        _write_unexpected(find_causes(one.error for one in unpublished))
        self.changes.add(new)
        # The last line of every check begins alike: programs wait for it.
        self.place.log(logging.INFO, CheckSummary(report, seconds, self.choices.prices, self.place.name))

    def _write_error(self, report: CheckReport) -> None:
        """Log why nothing could be checked, unless the program is stopping, which may be why."""
        if report.error is None:
            self.changes.update(_ERROR, None)
        elif not report.is_cut_short:
            then = "; the next check looks again" if self.choices.is_daemon else ""
            is_unexpected = report.error.__cause__ is not None
            sentence = f"{report.error}" if is_unexpected else f"nothing can be checked: {report.error}{then}"
            self.changes.update(_ERROR, self.place.begin_with_name(sentence), level=Level.ERROR)

    def _introduce(self, report: CheckReport) -> None:
        """Log which targets each section applies to, once they are known."""
        if self.is_introduced or report.error is not None or report.is_cut_short:
            return
        self.is_introduced = True
        level = logging.INFO if self.choices.introduces else logging.DEBUG
        for one in group_by_section(report):
            self.place.log(level, one)

    def _write_targets(self, report: CheckReport) -> None:
        """Log the targets, and at DEBUG what their decisions follow from."""
        is_debugging = LOGGER.isEnabledFor(logging.DEBUG)
        for line in self.targets.choose_lines(report, self.clock(), shows_all=self.choices.shows_all):
            subject = line.subject
            if is_debugging and isinstance(subject, TargetReport) and subject.section is not None:
                self.place.log(logging.DEBUG, Evidence(subject))
            self.place.log(line.level, subject, report.now)

    def _write_unpublished(self, unpublished: Sequence[Unpublished]) -> None:
        uncertain = [one for one in unpublished if one.is_uncertain]
        for one in unpublished:
            if not one.is_uncertain:
                self.place.log(logging.WARNING if one.error else logging.INFO, str(one))
        if uncertain:
            counted = "1 message" if len(uncertain) == 1 else f"{len(uncertain)} messages"
            sentence = f"{counted} may not have been published: {uncertain[0].error}"
            self.place.log(logging.WARNING, self.place.begin_with_name(sentence))


@dataclass(frozen=True, slots=True)
class _LocalText:
    """The text of a subject, with times of the day in the zone of the machine, as those of log lines are."""

    subject: object

    def __str__(self) -> str:
        if isinstance(self.subject, TargetReport | Evidence):
            return self.subject.describe(datetime.astimezone)
        return self.subject.sentence if isinstance(self.subject, Notice) else str(self.subject)


def _write_unexpected(errors: Sequence[BaseException]) -> None:
    for error in errors:
        LOGGER.debug("an unexpected error", exc_info=error)
