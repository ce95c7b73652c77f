"""Decide what the log says about the targets of a check, and at which level.

What an operator may have to act on is logged at INFO or above when it begins, changes or ends. What only
goes on is logged at DEBUG.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport, find_missed
from dynamic_dynamodb.config.sections import MOST_NAMED
from dynamic_dynamodb.config.text import clip
from dynamic_dynamodb.options import DEFAULT_DOLLARS, PRICED_REGION, PRICES_AS_OF
from dynamic_dynamodb.scaling.costs import ChangeCost, TableClass, price_change, read_prices
from dynamic_dynamodb.scaling.model import Target, value
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.conditions import Notice
    from dynamic_dynamodb.scaling.costs import Prices
    from dynamic_dynamodb.scaling.model import Description
    from dynamic_dynamodb.scaling.usage import CapacitySeries

DEBUG: Final = 10
"""As in Python's logging; a check has no such level."""
REPEAT_SECONDS: Final = 3600.0
"""How often to repeat what needs attention while it lasts."""
_JITTER_SECONDS: Final = 60.0
"""A check may take less time than the one an hour ago; what is due must not wait for the next."""
_CHANGED: Final = (Outcome.UPDATED, Outcome.WOULD_UPDATE)
_PRICE_FLAGS: Final = {"read_capacity": "--price-read-capacity", "write_capacity": "--price-write-capacity"}
_NEEDS_ATTENTION: Final = frozenset(
    {
        Code.CAPPED_AT_MAXIMUM,
        Code.STILL_THROTTLED,
        Code.DECREASE_BUDGET,
        Code.REFUSED,
        Code.LIMIT_EXCEEDED,
        Code.CIRCUIT_BREAKER,
    }
)
Codes = tuple[str, ...]
"""The codes of a target's reasons, reads before writes, which of them are throttled, and AWS's error code."""


@value
class Recovery:
    """What had failed and is well again: targets, or the notice of what concerns all of them."""

    targets: tuple[Target, ...] = ()
    notice: Notice | None = None

    def __str__(self) -> str:
        """Return one line."""
        if self.notice is not None:
            what, _, _ = self.notice.sentence.partition("; ")  # what follows is what it led to
            return f"recovered from: {what}"
        return f"recovered: {_list_names(self.targets)}"


@value
class SectionTargets:
    """The targets that a section applies to."""

    section: str
    targets: tuple[Target, ...]

    def __str__(self) -> str:
        """Return one line."""
        return f"[{clip(self.section)}] applies to {_list_names(self.targets)}"


@value
class Evidence:
    """What a target's decision follows from: its section, its window, and the sums of its metrics there."""

    report: TargetReport

    def __str__(self) -> str:
        """Return one line, with times in UTC."""
        return self.describe(lambda moment: moment)

    def describe(self, to_zone: Callable[[datetime], datetime]) -> str:
        """Return the same line with times in another zone."""
        section, window, series = self.report.section, self.report.window, self.report.series
        parts = [f"{self.report.target}: section [{clip(section.title) if section else ''}]"]
        if window is not None and series is not None:
            parts.append(f"window of {window.minutes} min from {to_zone(window.start):%Y-%m-%d %H:%M%z}")
            parts += (f"reads {_describe_sums(series.reads)}", f"writes {_describe_sums(series.writes)}")
        return "; ".join(parts)


@value
class ChangePrices:
    """The prices that changes are shown with, in dollars by the keys of `PRICE_KEYS`."""

    dollars: Mapping[str, float]

    @property
    def source(self) -> str:
        """Return where the prices of capacity are from."""
        default = f"prices of {PRICED_REGION}, {PRICES_AS_OF}"
        flags = [flag for key, flag in _PRICE_FLAGS.items() if self.dollars[key] != DEFAULT_DOLLARS[key]]
        if not flags:
            return default
        given = f"prices of {' and '.join(flags)}"
        return given if len(flags) == len(_PRICE_FLAGS) else f"{default}, and {given}"

    def find(self, description: Description | None) -> Prices:
        """Return the prices of a table's class; an unknown class counts as Standard."""
        name = description.table_class if description else ""
        is_infrequent = name == TableClass.INFREQUENT_ACCESS.value
        return read_prices(
            self.dollars, TableClass.INFREQUENT_ACCESS if is_infrequent else TableClass.STANDARD
        )


@value
class CheckSummary:
    """The result of a check, with its duration and the prices of changes; `place` is that of its targets."""

    report: CheckReport
    seconds: float
    prices: ChangePrices = field(default_factory=lambda: ChangePrices(DEFAULT_DOLLARS))
    place: str = ""

    @property
    def cost(self) -> ChangeCost:
        """Return what the changes of the check add and save an hour."""
        costs = [
            price_change(one.decision.provisioned, one.decision.proposed, self.prices.find(one.description))
            for one in self.report.targets
            if one.outcome in _CHANGED and one.decision is not None
        ]
        return ChangeCost(sum(one.added for one in costs), sum(one.saved for one in costs))

    def __str__(self) -> str:
        """Return one line; that of a dry run has the cost of its changes."""
        line = f"{f'{self.place}: ' if self.place else ''}{self.report}, in {self.seconds:.1f} s"
        if not self.report.counts[Outcome.WOULD_UPDATE]:
            return line
        hour, month = self.cost, self.cost.month
        return (
            f"{line}; the changes add ${hour.added:.4f} and save ${hour.saved:.4f} an hour,"
            f" ${month.added:,.2f} and ${month.saved:,.2f} in 30 days ({self.prices.source})"
        )


@value
class Said:
    """What was last logged about a target.

    `codes` are those of the last check in which it did not fail, and `failure` those of a failure that goes
    on; each is None if there is none. `at` is the second at which a line was last logged above DEBUG.
    """

    codes: Codes | None
    failure: Codes | None
    at: float


@value
class Line:
    """A line to log; its text is that of its subject."""

    level: int
    subject: TargetReport | Recovery


@dataclass(slots=True)
class TargetLog:
    """Decides what to log about targets, by what was logged about them before.

    It remembers only targets that a check reports or may have missed.
    """

    said: dict[Target, Said] = field(default_factory=dict)

    def choose_lines(self, report: CheckReport, now: float, *, shows_all: bool) -> Iterator[Line]:
        """Return the lines about the targets of a check; `now` is in seconds on a clock that never goes back.

        With `shows_all`, each target has a line at its own level, except when all fail just as before: an
        outage is logged once.
        """
        recovered: list[Target] = []
        levels: list[int] = []
        repeated = 0
        said: dict[Target, Said] = {}
        for one in report.targets:
            before = self.said.get(one.target)
            is_news, is_failed = _is_news(before, one, now), one.outcome is Outcome.FAILED
            levels.append(one.level if is_news else DEBUG)
            repeated += not is_news and is_failed and one.decision is None
            if before is not None and before.failure is not None and not is_failed:
                recovered.append(one.target)
            codes, at = _find_codes(one), now if is_news or before is None else before.at
            if is_failed:
                said[one.target] = Said(before.codes if before else None, codes, at)
            else:
                said[one.target] = Said(codes, None, at)
        is_outage = bool(repeated) and repeated == len(report.targets) and not report.left_out
        self.said = said | {target: self.said[target] for target in find_missed(report, self.said)}
        if recovered:
            yield Line(Level.INFO, Recovery(tuple(recovered)))
        for one, level in zip(report.targets, levels, strict=True):
            yield Line(one.level if shows_all and not is_outage else level, one)


def group_by_section(report: CheckReport) -> list[SectionTargets]:
    """Return the sections that apply to targets of a check, by the names of their targets."""
    found: dict[str, list[Target]] = {}
    for one in report.targets:
        if one.section is not None:
            found.setdefault(one.section.title, []).append(one.target)
    return [SectionTargets(title, tuple(targets)) for title, targets in found.items()]


def _is_news(before: Said | None, report: TargetReport, now: float) -> bool:
    """Return whether a report is worth a line above DEBUG."""
    if before is None or report.outcome in _CHANGED:
        return True
    known = before.failure if report.outcome is Outcome.FAILED else before.codes
    if known != _find_codes(report):
        return True
    return now - before.at >= REPEAT_SECONDS - _JITTER_SECONDS and _needs_attention(report)


def _find_codes(report: TargetReport) -> Codes:
    error = (report.error.code,) if report.error else ()
    if report.decision is None:
        reason = report.skipped
        # Without an error, only the sentence says what has changed, such as what a circuit breaker answers.
        return error if reason is None else (reason.code, *(error or (reason.sentence,)))
    reads, writes = report.decision.capacities
    # Codes are equal to their texts: a comma belongs to no code.
    return (
        *(one.code for one in reads.reasons),
        ",",
        *(one.code for one in writes.reasons),
        *(f"throttled {name}" for name in _find_throttled(report)),
        *error,
    )


def _find_throttled(report: TargetReport) -> list[str]:
    """Return which capacities had throttled events."""
    if report.usage is None:
        return []
    names = (("reads", report.usage.reads), ("writes", report.usage.writes))
    return [name for name, usage in names if usage.throttled_events]


def _needs_attention(report: TargetReport) -> bool:
    """Return whether to repeat what was logged about a target while it lasts."""
    if report.outcome is Outcome.FAILED or (report.skipped and report.skipped.code in _NEEDS_ATTENTION):
        return True
    if report.decision is None:
        return False
    if _find_throttled(report):
        return True
    return any(one.code in _NEEDS_ATTENTION for side in report.decision.capacities for one in side.reasons)


def _list_names(targets: Sequence[Target]) -> str:
    """Return all names, or how many there are and the first ones."""
    names = ", ".join(map(str, targets[:MOST_NAMED]))
    if len(targets) <= MOST_NAMED:
        return names
    return f"{len(targets):,} targets: {names} and {len(targets) - MOST_NAMED:,} more"


def _describe_sums(series: CapacitySeries) -> str:
    parts = [
        f"{name} {float(one.total):g} in the first {one.reach} min"
        for name, one in (("consumed", series.consumed), ("throttled", series.throttled))
        if one is not None
    ]
    return ", ".join(parts) or "not requested"
