"""Render the status and the counters in Prometheus's text format."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from dynamic_dynamodb.options import DEFAULT_DOLLARS, PRICED_REGION
from dynamic_dynamodb.scaling.costs import read_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.service.status.snapshot import (
        CapacityStatus,
        CheckStatus,
        ProgramStatus,
        Status,
        TargetStatus,
    )
    from dynamic_dynamodb.service.web.counters import Counters, TargetSums

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX: Final = "dynamic_dynamodb_"
_PERCENT: Final = 100
_ESCAPED: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_PRICES: Final = read_prices(DEFAULT_DOLLARS).capacity_hour
_DOLLARS: Final = {"reads": _PRICES.reads, "writes": _PRICES.writes}

_OF_CAPACITIES: Final[tuple[tuple[str, str, Callable[[str, CapacityStatus], float | None]], ...]] = (
    ("provisioned_units", "Provisioned capacity units.", lambda _, side: side.provisioned),
    ("minimum_units", "The least that capacity is lowered to.", lambda _, side: side.minimum),
    (
        "maximum_units",
        "The most that capacity is raised to; absent without a limit.",
        lambda _, side: side.maximum,
    ),
    ("low_checks", "Low checks in a row, counted for a decrease.", lambda _, side: side.low_checks),
    (
        "provisioned_dollars_per_hour",
        f"What the provisioned units cost, by the prices of {PRICED_REGION} for the standard table class.",
        lambda capacity, side: side.provisioned * _DOLLARS[capacity],
    ),
)
"""For each capacity of a target: name, help, and value; None is absent."""

_MEASURED: Final[tuple[tuple[str, str, Callable[[str, CapacityStatus], float | None]], ...]] = (
    (
        "consumed_units",
        "Consumed capacity units a second, on average in the look-back window.",
        lambda _, side: side.consumed,
    ),
    (
        "utilization_ratio",
        "Consumed units as a share of the provisioned ones.",
        lambda _, side: None if side.consumed_percent is None else side.consumed_percent / _PERCENT,
    ),
    (
        "throttled_events",
        "Throttled events in the look-back window; absent if no option needs them.",
        lambda _, side: side.throttled_events,
    ),
)
"""The same of what CloudWatch measures; absent for a target that the last check could not decide on."""

_OF_TARGETS: Final[tuple[tuple[str, str, Callable[[TargetStatus], float | None]], ...]] = (
    (
        "decreases_left",
        "Decreases that AWS allows until midnight UTC besides one an hour.",
        lambda one: one.free_decreases_left,
    ),
    (
        "failing_checks",
        "Checks in a row in which the target failed.",
        lambda one: one.failing.checks if one.failing is not None else 0,
    ),
)


def render_targets(status: Status, sums: Iterable[TargetSums] = ()) -> bytes:
    """Return the metrics of the targets."""
    gauges = "".join(_write_gauges(status)).encode()
    return gauges + _render(_describe_target_counters(status, sums))


def render_program(
    program: ProgramStatus | None, status: Status | None, counters: Mapping[str, Counters]
) -> bytes:
    """Return the metrics of the program, its checks and its calls; no status before the first check.

    The counters are those of each place, by its label, which is empty for the only place. Of the program
    itself, if there are several places, only the calls are counted.
    """
    described = _describe_program(program, counters) if program is not None else ()
    checked = _describe_checks(status) if status is not None else ()
    return _render((*described, *checked, *_describe_counters(counters)))


class _Given(Collector):
    """Metrics that are there already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _render(metrics: Iterable[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    given = _Given(tuple(metrics))
    registry.register(given)
    return generate_latest(registry)


def _write_gauges(status: Status) -> Iterator[str]:
    """Yield the figures of the targets as prometheus_client writes them, in a sixth of the time."""
    places, checks = _label_places(status), _list_checks(status)
    targets = [(one, _label(places, one.target)) for one in status.targets if (one.place or "") in checks]
    every = [
        (one.target, capacity, side, _write_labels({**labels, "capacity": capacity}))
        for one, labels in targets
        for capacity, side in one.capacities
    ]
    recent = _find_recent(status, checks)
    measured = [one for one in every if one[0] in recent]
    for metrics, sides in ((_OF_CAPACITIES, every), (_MEASURED, measured)):
        for name, text, read in metrics:
            yield _write_head(name, text)
            for _, capacity, side, written in sides:
                if (found := read(capacity, side)) is not None:
                    yield f"{_PREFIX}{name}{written} {_write_number(found)}\n"
    written_targets = [(one, _write_labels(labels)) for one, labels in targets]
    for name, text, read_target in _OF_TARGETS:
        yield _write_head(name, text)
        for one, written in written_targets:
            if (found := read_target(one)) is not None:
                yield f"{_PREFIX}{name}{written} {_write_number(found)}\n"


def _find_recent(status: Status, checks: Mapping[str, CheckStatus]) -> set[Target]:
    """Return the targets whose consumption is of the last check; of quiet ones, of their last look."""
    failing = {one.target for one in status.targets if one.failing is not None and one.index is None}
    recent = set()
    for one in status.targets:
        check, target = checks.get(one.place or ""), one.target
        if check is None or check.failing is not None or one.decided != one.checked:
            continue
        # A check does not report the indexes of a table that it cannot describe, nor quiet targets.
        if one.checked == check.started or target.table_target not in failing:
            recent.add(target)
    return recent


def _list_checks(status: Status) -> Mapping[str, CheckStatus]:
    """Return the last check of each place by its label; a check of an earlier process does not count."""
    if not status.places:
        return {"": status.check}
    began = status.program.started.replace(microsecond=0)
    checks = {one.name: one.check for one in status.places if one.check is not None}
    return {name: check for name, check in checks.items() if check.started >= began}


@lru_cache(maxsize=4096)
def _write_number(number: float) -> str:
    """Return a number as the library writes it; most targets have the same few."""
    written: str = floatToGoString(number)  # type: ignore[no-untyped-call]
    return written


def _write_head(name: str, text: str) -> str:
    return f"# HELP {_PREFIX}{name} {text}\n# TYPE {_PREFIX}{name} gauge\n"


def _write_labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join([f'{name}="{text.translate(_ESCAPED)}"' for name, text in sorted(labels.items())])
    return f"{{{pairs}}}"


def _describe_program(program: ProgramStatus, counters: Mapping[str, Counters]) -> Iterator[Metric]:
    facts = {
        "version": program.version,
        "instance_name": program.instance,
        "region": program.region,
        "dry_run": str(program.dry_run).lower(),
    }
    yield InfoMetricFamily(f"{_PREFIX}build", "Version and way of running.", facts)
    # By place, as the last checks are: a place that a reload has added began later than the program.
    begun = {label: one.began for label, one in counters.items() if label}
    begun = begun or {"": program.started.timestamp()}
    yield _gauge("start_time_seconds", "When the program began its work.", begun)
    if program.interval_seconds is not None:
        intervals = dict.fromkeys(begun, program.interval_seconds)
        yield _gauge("check_interval_seconds", "Interval between two checks.", intervals)


def _describe_checks(status: Status) -> Iterator[Metric]:
    checks = _list_checks(status)
    targets = Counter(one.place or "" for one in status.targets)
    begun = {label: one.started.timestamp() for label, one in checks.items()}
    yield _gauge("last_check_timestamp_seconds", "When the last check began.", begun)
    failed = {label: one.failing.checks if one.failing is not None else 0 for label, one in checks.items()}
    yield _gauge("consecutive_failed_checks", "Checks in a row in which nothing could be checked.", failed)
    known = {label: targets[label] for label in checks}
    yield _gauge("targets", "Tables and indexes that the last check knows.", known)


def _describe_counters(counters: Mapping[str, Counters]) -> Iterator[Metric]:
    names = ("place",) if any(counters) else ()
    checks = CounterMetricFamily(f"{_PREFIX}checks", "Checks by result.", labels=(*names, "result"))
    durations = HistogramMetricFamily(
        f"{_PREFIX}check_duration_seconds", "How long checks took.", labels=names
    )
    successes = dict[str, float]()
    requested = CounterMetricFamily(
        f"{_PREFIX}cloudwatch_metrics_requested", "Metrics that CloudWatch bills.", labels=names
    )
    calls = HistogramMetricFamily(
        f"{_PREFIX}aws_call_duration_seconds",
        "How long attempts of AWS calls took, by AWS's error code or success.",
        labels=(*names, "action", "result"),
    )
    for label, one in counters.items():
        values = (label,) if names else ()
        for action, code, buckets, seconds in one.copy_calls():
            calls.add_metric((*values, action, code or "success"), buckets, seconds)
        if names and not label:
            continue
        with one.lock:
            results = tuple(one.checks.items())
            buckets, seconds = one.check_seconds.accumulate(), one.check_seconds.total
        for result, count in results:
            checks.add_metric((*values, result), count)
        durations.add_metric(values, buckets, seconds)
        if one.last_success is not None:
            successes[label] = one.last_success
        requested.add_metric(values, one.metrics_requested)
    yield from (checks, durations)
    if successes:
        help_text = "When the last check ended in which nothing failed."
        yield _gauge("last_success_timestamp_seconds", help_text, successes)
    yield from (requested, calls)


def _describe_target_counters(status: Status, sums: Iterable[TargetSums]) -> Iterator[Metric]:
    changes = CounterMetricFamily(
        f"{_PREFIX}changes", "Changes that AWS applied, by the code of their reason."
    )
    refusals = CounterMetricFamily(f"{_PREFIX}refusals", "Updates that AWS refused in part, by error code.")
    failures = CounterMetricFamily(f"{_PREFIX}target_failures", "Checks in which the target failed, by code.")
    places = _label_places(status)
    for one in sums:
        if one.target.place not in places:  # a reload is just adding the place
            continue
        labels = _label(places, one.target)
        for (capacity, direction, code), count in one.changes:
            more = {"capacity": capacity, "direction": direction, "reason": code}
            changes.add_sample(f"{_PREFIX}changes_total", {**labels, **more}, count)
        for family, codes in ((refusals, one.refusals), (failures, one.failures)):
            for code, count in codes:
                family.add_sample(f"{family.name}_total", {**labels, "code": code}, count)
    yield from (changes, refusals, failures)


def _gauge(name: str, text: str, numbers: Mapping[str, float]) -> Metric:
    """Return a gauge with a number for each place by its label; an empty one adds no label."""
    gauge = GaugeMetricFamily(_PREFIX + name, text, labels=("place",) if any(numbers) else ())
    for label, number in numbers.items():
        gauge.add_metric((label,) if label else (), number)
    return gauge


def _label_places(status: Status) -> Mapping[str, Mapping[str, str]]:
    """Return the Prometheus labels of each place, by its own label; the only place has no name."""
    program = status.program
    if not status.places:
        return {"": {"account": program.account or "", "region": program.region}}
    return {
        one.name: {"account": one.account or "", "region": one.region, "place": one.name}
        for one in status.places
    }


def _label(places: Mapping[str, Mapping[str, str]], target: Target) -> dict[str, str]:
    return {**places[target.place], "table": target.table, "index": target.index}
