"""Ask AWS about all tables of a region: capacity, AWS's own auto scaling, load, and prices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.aws.cloudwatch import DATAPOINTS_PER_CALL, QUERIES_PER_CALL
from dynamic_dynamodb.aws.history import Consumed
from dynamic_dynamodb.aws.permissions import find_partition
from dynamic_dynamodb.aws.workers import call_for_each
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import DEFAULT_DOLLARS, PRICED_REGION, PRICES_AS_OF, Capacity
from dynamic_dynamodb.proposal.comments import count
from dynamic_dynamodb.proposal.load import Load, count_unit_hours, find_peak
from dynamic_dynamodb.scaling.costs import PRICE_KEYS, describe_metrics_bill
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import MINUTE, PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.aws.account import AwsAccount
    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.aws.autoscaling import ScheduledAction
    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.scaling.model import Description
    from dynamic_dynamodb.scaling.usage import Datapoints

T = TypeVar("T")

DAYS: Final = 14
_HOUR: Final = timedelta(hours=1)
HOURS: Final = DAYS * 24
_DESCRIBED_AT_ONCE: Final = 100
_FETCHED_AT_ONCE: Final = 4
"""How many calls for metrics may be under way: an answer of 100,800 datapoints takes about 30 MB."""
_DELETING: Final = "DELETING"
_DOLLAR_PARTITION: Final = "aws"
_MOST_NAMED: Final = 3


class SurveyError(Exception):
    """There is nothing to propose a configuration for; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What AWS answered about a place, whose account has the id `account`, empty if it is unknown.

    `names` are all tables, and `tables` those that could be described. `registrations` is None if it is not
    known what AWS scales itself. A capacity whose load is not known is not in `loads`, nor is one that AWS
    scales itself. `failures` has a sentence for what could not be read, and `warnings` one for what the
    proposal can do without.
    """

    place: Place
    account: str
    asked: datetime
    names: Sequence[str]
    is_list_complete: bool
    tables: Mapping[str, Mapping[Target, Description]]
    registrations: Mapping[Consumed, Registration] | None
    schedules: Mapping[Consumed, tuple[ScheduledAction, ...]]
    loads: Mapping[Consumed, Load]
    dollars: Mapping[str, float]
    price_source: str
    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    calls: Mapping[str, int]
    metrics: int

    @property
    def provisioned(self) -> Mapping[str, Mapping[Target, Description]]:
        """Return the tables that can be scaled: all others are billed on demand."""
        return {name: one for name, one in self.tables.items() if not one[Target(name)].is_on_demand}


@dataclass(slots=True)
class Surveyor:
    """Asks one account and region, `place`.

    `announce` gets what the next calls cost, before they are made. `on_progress` gets what is being read,
    how much of it is read, and how much there is.
    """

    account: AwsAccount
    place: Place
    announce: Callable[[str], None]
    on_progress: Callable[[str, int, int], None]
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    metrics: int = 0

    def survey(self) -> Survey:
        """Return what there is; raise SurveyError if there is nothing, and AwsError without credentials."""
        self.account.client.observers = [*self.account.client.observers, self._note_call]
        self.account.prepare()
        self.account.clock.begin()
        began = datetime.now(timezone.utc)
        self.announce(f"listing the tables of {self.place.name}")
        listing = self.account.tables.list_tables()
        if listing.error is not None:
            if listing.error.is_about_credentials or not listing.names:
                raise listing.error
            self.failures.append(f"{listing.error}: only {len(listing.names):,} tables are known")
        if not listing.names:
            message = f"{self.place.name} has no tables: set --region, or create a table first"
            raise SurveyError(message)
        tables = self._describe(listing.names)
        if not tables:
            raise SurveyError("; ".join(("no table can be described", *self.failures, *self.warnings)))
        now = self.account.clock.correct(began)
        registrations, schedules = self._find_autoscaling()
        loads = self._find_loads(list(_list_consumed(tables, registrations or {})), now, tables)
        dollars, source = self._find_prices(tables)
        return Survey(
            self.place,
            next((one[Target(name)].account for name, one in tables.items()), ""),
            now,
            listing.names,
            listing.error is None,
            tables,
            registrations,
            schedules,
            loads,
            dollars,
            source,
            tuple(self.failures),
            tuple(self.warnings),
            Counter(self.calls),
            self.metrics,
        )

    def _note_call(self, attempt: Attempt) -> None:
        self.calls.append(attempt.action)  # from any thread

    def _describe(self, names: Sequence[str]) -> dict[str, Mapping[Target, Description]]:
        """Describe tables with their indexes; leave out what is being deleted, and what has flaws."""
        self.announce(
            f"{self.place.name} has {count(len(names), 'table')}: a free DescribeTable call for each"
        )
        tables: dict[str, Mapping[Target, Description]] = {}
        failures: list[tuple[str, str]] = []
        deleting: list[tuple[str, str]] = []
        done = 0
        for batch in _split(names, _DESCRIBED_AT_ONCE):
            self.account.budget.reset()  # tables that fail do not stop the next ones
            for name, answer in self.account.tables.describe_all(batch).items():
                if isinstance(answer, AwsError):
                    if answer.is_about_credentials:
                        raise answer
                    failures.append((name, str(answer)))
                    continue
                failures += ((str(one.target), one.flaw) for one in answer.values() if one.flaw)
                failures += ((name, flaw) for flaw in answer[Target(name)].unnamed)
                if answer[Target(name)].flaw:
                    continue
                if answer[Target(name)].status == _DELETING:
                    deleting.append((name, "left out, being deleted"))
                    continue
                tables[name] = {key: one for key, one in answer.items() if not one.flaw}
            done += len(batch)
            self.on_progress("tables", done, len(names))
        self.failures += _group(failures)
        self.warnings += _group(deleting)
        return tables

    def _find_autoscaling(
        self,
    ) -> tuple[Mapping[Consumed, Registration] | None, Mapping[Consumed, tuple[ScheduledAction, ...]]]:
        """Return what AWS scales itself, None if that is not known, and the scheduled actions."""
        autoscaling = self.account.autoscaling
        limits = self._try(autoscaling.find_registrations, "it is not known what AWS scales itself")
        if not limits:
            return (None if limits is None else {}), {}
        percents = (
            self._try(autoscaling.find_target_percents, "AWS's target utilizations are not known") or {}
        )
        registrations = {
            Consumed(*key): replace(one, target_percent=percents.get(key)) for key, one in limits.items()
        }
        actions = self._try(autoscaling.find_scheduled_actions, "AWS's scheduled actions are not known") or {}
        return registrations, {Consumed(*key): one for key, one in actions.items()}

    def _try(self, find: Callable[[], T], consequence: str) -> T | None:
        """Return what AWS answers; None, with a sentence, if it does not."""
        self.account.budget.reset()
        try:
            return find()
        except AwsError as error:
            self.warnings.append(f"{error}: {consequence}")
            return None

    def _find_loads(
        self,
        wanted: Sequence[Consumed],
        now: datetime,
        tables: Mapping[str, Mapping[Target, Description]],
    ) -> dict[Consumed, Load]:
        """Return the load of the last two weeks: first by hour, and by minute if there was any.

        Hours show which capacities were idle, at a sixtieth of the datapoints; only minutes show a peak.
        """
        if not wanted:
            return {}
        end = now.replace(second=0, microsecond=0) - PUBLISHING_DELAY
        start = end - timedelta(days=DAYS)
        first_hour = start.replace(minute=0)
        last_hour = end.replace(minute=0) + _HOUR
        calls = _count_calls(len(wanted), (last_hour - first_hour) // _HOUR)
        most_calls = calls + _count_calls(len(wanted), (end - start) // MINUTE)
        self.announce(
            f"the load of {DAYS} days takes {calls:,} to {most_calls:,} CloudWatch calls, billed with up to"
            f" {describe_metrics_bill(2 * len(wanted))}"
        )
        failures: list[tuple[str, str]] = []
        units: dict[Consumed, float] = {}
        for one, sums in self._fetch(wanted, first_hour, last_hour, _HOUR, "load by hour"):
            if isinstance(sums, AwsError):
                failures.append((str(one.target), str(sums)))
            else:
                units[one] = sum(sums.values())
        loads = {one: Load() for one, consumed in units.items() if not consumed}
        busy = [one for one, consumed in units.items() if consumed]
        for one, sums in self._fetch(busy, start, end, MINUTE, "load by minute"):
            if isinstance(sums, AwsError):
                failures.append((str(one.target), str(sums)))
                continue
            is_priced = tables[one.target.table][one.target].is_on_demand
            unit_hours = count_unit_hours(sums, HOURS) if is_priced else 0
            loads[one] = Load(units[one], find_peak(sums), unit_hours)
        self.failures += _group(failures)
        return loads

    def _fetch(
        self, wanted: Sequence[Consumed], start: datetime, end: datetime, period: timedelta, what: str
    ) -> Iterator[tuple[Consumed, Datapoints | AwsError]]:
        """Yield the units that each capacity consumed in each period, in any order."""

        def fetch(batch: Sequence[Consumed]) -> list[Datapoints | AwsError] | AwsError:
            return isolate("the load", self.account.history.fetch_sums, batch, start, end, period)

        batches = _split(wanted, _count_metrics_per_call((end - start) // period))
        done = 0
        for batch, call in call_for_each(
            self.account.workers.lookups, _FETCHED_AT_ONCE, fetch, map(tuple, batches)
        ):
            answer = call.result()
            if isinstance(answer, AwsError):
                if answer.is_about_credentials:
                    raise answer
                answer = [answer] * len(batch)
            else:
                self.metrics += len(batch)
            yield from zip(batch, answer, strict=True)
            done += len(batch)
            self.on_progress(what, done, len(wanted))

    def _find_prices(
        self, tables: Mapping[str, Mapping[Target, Description]]
    ) -> tuple[Mapping[str, float], str]:
        """Return the prices of the region, and whose they are, if a table is on demand."""
        default = (DEFAULT_DOLLARS, f"{PRICED_REGION}, {PRICES_AS_OF}")
        if not any(one[Target(name)].is_on_demand for name, one in tables.items()):
            return default
        if find_partition(self.place.region) != _DOLLAR_PARTITION:
            self.warnings.append(
                f"the Price List API has no prices in dollars for {self.place.region}: costs are those of"
                f" {PRICED_REGION}"
            )
            return default
        dollars = self._try(
            lambda: self.account.prices.find_prices(self.place.region), f"costs are those of {PRICED_REGION}"
        )
        if dollars is None:
            return default
        if not dollars.keys() >= set(PRICE_KEYS):
            self.warnings.append(
                f"the Price List API lacks prices of {self.place.region}: costs are those of {PRICED_REGION}"
            )
            return default
        return dollars, self.place.region


def _list_consumed(
    tables: Mapping[str, Mapping[Target, Description]], registrations: Mapping[Consumed, Registration]
) -> Iterator[Consumed]:
    """Yield the capacities whose load is needed: AWS's registration has limits already."""
    for targets in tables.values():
        for target, description in targets.items():
            for capacity in Capacity:
                consumed = Consumed(target, capacity)
                if description.is_on_demand or consumed not in registrations:
                    yield consumed


def _count_metrics_per_call(periods: int) -> int:
    """Return how many metrics fit into one page of an answer."""
    return min(QUERIES_PER_CALL, DATAPOINTS_PER_CALL // periods)


def _count_calls(metrics: int, periods: int) -> int:
    return -(-metrics // _count_metrics_per_call(periods))


def _split(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[begin : begin + size] for begin in range(0, len(items), size))


def _group(failures: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a sentence for each reason, with the names that it concerns."""
    by_reason: dict[str, dict[str, None]] = {}
    for name, reason in failures:
        # AWS's message may name the table: it is the same reason for another one.
        table = name.partition("/")[0]
        by_reason.setdefault(reason.replace(table, "{}"), {})[name] = None
    for reason, found in by_reason.items():
        names = list(found)
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        example = reason.replace("{}", names[0].partition("/")[0])
        yield f"{', '.join(names[:_MOST_NAMED])}{more}: {example}"
