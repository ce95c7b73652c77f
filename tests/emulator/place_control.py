"""The control methods of one account and region: its tables, metrics, topics and registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import passthrough
from tests.emulator.autoscaling import describe_policy, describe_registration, describe_scheduled_action
from tests.emulator.metrics import MetricKey
from tests.emulator.moments import MINUTE, Moment, as_datetime, as_epoch, floor_minute
from tests.emulator.tables import Table
from tests.emulator.throughput import Throughput, Units

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from tests.emulator.state import State

Capacities = dict[tuple[str, str | None], Units]

CONSUMED_READS = "ConsumedReadCapacityUnits"
CONSUMED_WRITES = "ConsumedWriteCapacityUnits"
THROTTLED_READS = "ReadThrottleEvents"
THROTTLED_WRITES = "WriteThrottleEvents"

# Minutes after the present one that get data too, so that a test may run across the end of a minute.
_AHEAD = 5


class PlaceControl:
    """Set up and inspect one account in one region; every public method is also reachable over HTTP."""

    def __init__(self, lock: threading.RLock, region: str, find_place: Callable[[], State]) -> None:
        self._lock = lock
        self._region = region
        self._find_place = find_place

    @property
    def _place(self) -> State:
        return self._find_place()

    def add_table(  # noqa: PLR0913 - all but the name have defaults
        self,
        name: str,
        *,
        reads: int = 5,
        writes: int = 5,
        gsis: Mapping[str, Units] | None = None,
        on_demand: bool = False,
        status: str = "ACTIVE",
    ) -> None:
        """Create a table with its indexes; an on-demand table has 0 units everywhere."""
        with self._lock:
            given = (gsis or {}).items()
            indexes = {index: Throughput((0, 0) if on_demand else _pair(units)) for index, units in given}
            throughput = Throughput((0, 0) if on_demand else (reads, writes), status)
            created = self._place.clock.now()
            account = self._place.account
            self._place.tables.add(Table(name, throughput, created, on_demand, indexes, account=account))

    def remove_table(self, name: str) -> None:
        """Delete a table at once, whatever its status."""
        with self._lock:
            self._place.tables.remove(name)

    def remove_index(self, table: str, index: str) -> None:
        """Delete an index at once."""
        with self._lock:
            self._table(table).indexes.pop(index, None)

    def set_status(self, table: str, index: str | None = None, *, status: str) -> None:
        """Set the status that a table or an index shows, and that UpdateTable respects, until set again."""
        with self._lock:
            self._table(table).resource(index).status = status

    def set_storage(
        self, table: str, size_bytes: int, *, index: str | None = None, table_class: str | None = None
    ) -> None:
        """Set the size of a table or an index, and the class that a table was last changed to."""
        with self._lock:
            stored = self._table(table)
            stored.sizes[index] = size_bytes
            stored.table_class = table_class or stored.table_class

    def set_replicas(self, table: str, *regions: str) -> None:
        """Make it a global table with replicas in other regions."""
        with self._lock:
            self._table(table).replicas = regions

    def register_scalable(  # noqa: PLR0913 - all but the table have defaults
        self,
        table: str,
        index: str | None = None,
        *,
        capacity: str = "Read",
        suspended: Collection[str] = (),
        limits: tuple[int, int] = (1, 100),
        target_percent: float | None = None,
    ) -> None:
        """Register one capacity (Read or Write) with Application Auto Scaling.

        `limits` are the minimum and the maximum; with `target_percent` it has a target tracking policy.
        `suspended` may hold DynamicScalingIn, DynamicScalingOut and ScheduledScaling.
        """
        registration = describe_registration(table, index, capacity, suspended, limits)
        with self._lock:
            self._place.registrations.append(registration)
            if target_percent is not None:
                self._place.policies.append(describe_policy(registration, target_percent))

    def schedule_scaling(  # noqa: PLR0913 - all but the table, the name and the schedule have defaults
        self,
        table: str,
        index: str | None = None,
        *,
        name: str,
        schedule: str,
        timezone: str | None = None,
        capacity: str = "Read",
        minimum: int | None = None,
        maximum: int | None = None,
    ) -> None:
        """Add a scheduled action of Application Auto Scaling to a capacity, which must be registered."""
        given = {"MinCapacity": minimum, "MaxCapacity": maximum}
        changed = {key: units for key, units in given.items() if units is not None}
        sought = describe_registration(table, index, capacity, (), (1, 1))
        with self._lock:
            registration = next(
                one
                for one in self._place.registrations
                if all(one[key] == sought[key] for key in ("ResourceId", "ScalableDimension"))
            )
            action = describe_scheduled_action(registration, name, schedule, timezone, changed)
            self._place.scheduled_actions.append(action)

    def deregister_scalable(self, table: str) -> None:
        """Deregister a table and its indexes, which deletes their policies and scheduled actions."""
        resource, state = f"table/{table}", self._place
        with self._lock:
            for held in (state.registrations, state.policies, state.scheduled_actions):
                held[:] = [one for one in held if f"{one['ResourceId']}/".partition(f"{resource}/")[1] == ""]

    def set_decreases(
        self, table: str, index: str | None = None, *, today: int, last: Moment | None = None
    ) -> None:
        """Set the counters of a table or an index; `last` (default now) on an earlier day voids `today`."""
        with self._lock:
            resource = self._table(table).resource(index)
            resource.decreases = today
            resource.last_decrease = self._place.clock.now() if last is None else as_datetime(last)

    def finish_updates(self) -> None:
        """End all updates in flight: the new units are in force, all is ACTIVE."""
        with self._lock:
            for table in self._place.tables.all(self._place.clock.now()):
                if table.update_ends is not None:
                    table.finish_update()

    def capacities(self, *, pending: bool = True) -> Capacities:
        """Return (reads, writes) by (table, index or None): as last accepted, or as now in effect."""
        with self._lock:
            return {
                (table.name, index): resource.accepted if pending else resource.units
                for table in self._place.tables.all(self._place.clock.now())
                for index, resource in [(None, table.throughput), *table.indexes.items()]
            }

    def put_metrics(  # noqa: PLR0913 - all but the table have defaults
        self,
        table: str,
        index: str | None = None,
        *,
        consumed_reads: float | None = None,
        consumed_writes: float | None = None,
        throttled_reads: float | None = None,
        throttled_writes: float | None = None,
        minutes: int = 20,
        until: Moment | None = None,
        missing: Collection[int] = (),
    ) -> None:
        """Set the same Sum for each of the last `minutes` whole minutes, for each metric given.

        Consumed capacity is in units per second, throttled requests in events per minute. `until` is the end
        of the last minute (default: of the last whole minute). `missing` counts minutes back from there, 1
        being the last; they get no data. Unless `until` is given, the minutes to come get data too, which
        shows once they end.
        """
        with self._lock:
            end = floor_minute(self._place.clock.now().timestamp() if until is None else as_epoch(until))
            ahead = 0 if until is not None else _AHEAD
            kept = [end - back * MINUTE for back in range(1 - ahead, minutes + 1) if back not in missing]
            sums = {
                CONSUMED_READS: None if consumed_reads is None else consumed_reads * MINUTE,
                CONSUMED_WRITES: None if consumed_writes is None else consumed_writes * MINUTE,
                THROTTLED_READS: throttled_reads,
                THROTTLED_WRITES: throttled_writes,
            }
            for metric, total in sums.items():
                if total is not None:
                    self._place.metrics.put(MetricKey.of(table, index, metric), dict.fromkeys(kept, total))

    def put_series(
        self,
        table: str,
        index: str | None = None,
        *,
        metric: str = CONSUMED_READS,
        sums: Mapping[datetime, float] | Mapping[str, float],
    ) -> None:
        """Set the Sums of one metric by minute; times are rounded down to their minute."""
        by_minute = {floor_minute(as_epoch(moment)): total for moment, total in sums.items()}
        with self._lock:
            self._place.metrics.put(MetricKey.of(table, index, metric), by_minute)

    def remove_metrics(self, table: str | None = None) -> None:
        """Forget the metrics of one table and its indexes, or all."""
        with self._lock:
            self._place.metrics.remove(table)

    def add_topic(self, name: str, *, region: str | None = None, open_to: Collection[str] = ()) -> str:
        """Create an SNS topic and return its ARN; accounts that it is open to may publish too."""
        with self._lock:
            account = self._place.account
            arn = passthrough.create_topic(name, region or self._region, account)
            self._place.identities.topics_open_to[arn] = tuple(open_to)
        return arn

    def _table(self, name: str) -> Table:
        return self._place.tables.get(name, self._place.clock.now())


def _pair(units: Units) -> Units:
    # Over HTTP a pair arrives as a list.
    reads, writes = units
    return reads, writes
