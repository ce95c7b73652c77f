"""Read what CloudWatch knows about all targets of a check, with as few metrics as their rules need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from dynamic_dynamodb.check.ports import ALL_METRICS, MetricRequest
from dynamic_dynamodb.check.silence import SEVERAL_TABLES, MetricsAnswer
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.usage import UsageEstimator, find_freshest, find_history, find_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from dynamic_dynamodb.check.discovered import MatchedTarget
    from dynamic_dynamodb.check.ports import Answers, Metrics, TargetSeries
    from dynamic_dynamodb.check.state import AccountMemory
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.target_options import CapacityOptions
    from dynamic_dynamodb.scaling.usage import CapacitySeries

    _Found: TypeAlias = tuple[MetricRequest, TargetSeries]


_GROWTH: Final = 4
"""How many times as many quiet targets are asked for next, while CloudWatch still looks late."""


@value
class Measured:
    """CloudWatch's answers for all targets.

    `freshest` is the youngest minute with a datapoint of any series; None if there is no datapoint.
    `metrics` counts the metrics that were requested.
    """

    answers: Answers
    freshest: datetime | None
    metrics: int


@dataclass(frozen=True, slots=True)
class MetricReader:
    """Reads the metrics of one account and region, check after check."""

    metrics: Metrics
    memory: AccountMemory

    def read(
        self,
        matched: Sequence[MatchedTarget],
        lost: frozenset[str] | None,
        now: datetime,
        left_out: Sequence[MatchedTarget] = (),
    ) -> Measured:
        """Fetch the series that the rules of each target need.

        Before one of them counts as late, the series that no rule needs are fetched too: one of those may be
        up to date, and then CloudWatch is not late. `lost` are the tables whose metrics cannot be fetched in
        this check; None if they are not known.
        Likewise, quiet targets that the check has `left_out` are fetched if their table had datapoints when
        it was last asked for: a few of them first, then four times as many, and so on.
        """
        requests = [_write_request(one, now) for one in matched]
        answers = self.metrics.fetch(requests)
        for one in matched:
            options, series = one.section.typed, answers[one.target]
            if options.has_target_utilization and not isinstance(series, AwsError):
                answers[one.target] = series.combine(_keep_minutes, options.capacities)
        own = _leave_out_errors(requests, answers)
        found = [*own]
        silence, count = self.memory.silence, sum(one.metrics for one in requests)
        failed = frozenset(one.table for one, answer in answers.items() if isinstance(answer, AwsError))
        summary = _sum_up(found, lost, failed)
        is_any_late = self._is_any_late(found, silence.assume_freshest(summary), now)
        others = [one.others for one, _ in found if one.metrics < ALL_METRICS] if is_any_late else []
        if others:
            found += _leave_out_errors(others, self.metrics.fetch(others))
            count += sum(one.metrics for one in others)
            summary = _sum_up(found, lost, failed)
        witnesses = [one for one in left_out if one.target.table in silence.tables]
        most = SEVERAL_TABLES
        while witnesses and self._is_any_doubtful(own, summary, now):
            asked = [_write_request(one, now) for one in witnesses[:most]]
            witnesses, most = witnesses[most:], _GROWTH * most
            found += _leave_out_errors(asked, self.metrics.fetch(asked))
            count += sum(one.metrics for one in asked)
            summary = _sum_up(found, lost, failed)
        summary = _count_as_lost(summary, left_out, {request.target for request, _ in found})
        return Measured(answers, silence.find_freshest(summary, now), count)

    def _is_any_doubtful(self, found: Sequence[_Found], summary: MetricsAnswer, now: datetime) -> bool:
        """Return whether other tables must show if CloudWatch is late: a series is late, or fell silent."""
        silence = self.memory.silence
        if summary.freshest is None and any(one.target.table in silence.tables for one, _ in found):
            return True
        return self._is_any_late(found, silence.assume_freshest(summary), now)

    def _is_any_late(self, found: Sequence[_Found], freshest: datetime | None, now: datetime) -> bool:
        estimators = {
            window: UsageEstimator(window, now=now, freshest=freshest)
            for window in {request.window for request, _ in found}
        }
        return any(
            estimator.may_be_late and any(map(estimator.is_late, series, self.memory.get(request.target)))
            for request, series in found
            for estimator in (estimators[request.window],)
        )


def _write_request(matched: MatchedTarget, now: datetime) -> MetricRequest:
    options = matched.section.typed
    return MetricRequest(
        matched.target, find_window(options, now), find_history(options, now), options.needed_series
    )


def _keep_minutes(series: CapacitySeries, options: CapacityOptions) -> CapacitySeries:
    """Return the series of a capacity with its minutes only if it is scaled to a target utilization."""
    return series if options.target_utilization is not None else replace(series, minutes=None)


def _leave_out_errors(requests: Iterable[MetricRequest], answers: Answers) -> list[_Found]:
    return [
        (request, answer)
        for request in requests
        if not isinstance(answer := answers[request.target], AwsError)
    ]


def _count_as_lost(
    summary: MetricsAnswer, left_out: Iterable[MatchedTarget], asked: AbstractSet[Target]
) -> MetricsAnswer:
    """Return the summary with the tables of which a target was not asked for: it may have datapoints."""
    unknown = frozenset(one.target.table for one in left_out if one.target not in asked)
    if not unknown or summary.lost is None:
        return summary
    return replace(summary, answered=summary.answered - unknown, lost=summary.lost | unknown)


def _sum_up(found: Iterable[_Found], lost: frozenset[str] | None, failed: frozenset[str]) -> MetricsAnswer:
    """Sum up CloudWatch's answers for all targets; `failed` are the tables with an error among them."""
    answered, busy = set(), set()
    freshest: datetime | None = None
    for request, series in found:
        if not request.metrics:
            continue
        table = request.target.table
        answered.add(table)
        last = find_freshest(request.window, series)
        if last is not None:
            busy.add(table)
            freshest = last if freshest is None else max(last, freshest)
    lost = None if lost is None else lost | failed
    return MetricsAnswer(freshest, frozenset(busy), frozenset(answered - (lost or failed)), lost)
