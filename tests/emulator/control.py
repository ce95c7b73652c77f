"""The control methods, with which tests set up and inspect the emulator."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.emulator import passthrough
from tests.emulator.errors import ACCOUNT
from tests.emulator.faults import Fault
from tests.emulator.identities import SESSION_SECONDS, Role
from tests.emulator.moments import Moment, as_datetime
from tests.emulator.place_control import PlaceControl
from tests.emulator.state import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tests.emulator.request_log import LoggedRequest

_REGION = "us-east-1"


class Control(PlaceControl):
    """Set up and inspect the emulated accounts; every public method is also reachable over HTTP.

    What belongs to a place is that of the default account, whose regions share everything; `at` returns
    the same methods for another place.
    """

    def __init__(self) -> None:
        self._state = State()
        super().__init__(threading.RLock(), _REGION, lambda: self._state)

    def at(self, account: str, region: str) -> PlaceControl:
        """Return the control methods of an account in a region, which shares nothing with any other place."""
        with self._lock:
            self._state.separate(account, region)
        return PlaceControl(self._lock, region, lambda: self._state.separate(account, region))

    def add_user(self, access_key: str, *, account: str, name: str = "tester") -> None:
        """Give an access key to a user of an account; all other keys are of the default account's user."""
        self._state.identities.add_user(access_key, account, name)

    def add_role(
        self,
        arn: str,
        *,
        external_id: str | None = None,
        trusted: Collection[str] = (ACCOUNT,),
        session_seconds: float = SESSION_SECONDS,
    ) -> None:
        """Create a role, or replace it, that these accounts, users and roles may assume.

        Its sessions last `session_seconds`, by the emulator's clock.
        """
        role = Role(arn, external_id, frozenset(trusted), session_seconds)
        self._state.identities.roles[arn] = role

    def remove_role(self, arn: str) -> None:
        """Delete a role; its sessions go on until they expire."""
        self._state.identities.roles.pop(arn, None)

    def reset(self) -> None:
        """Restore an empty account with default settings and the real time; drop faults and requests."""
        with self._lock:
            self._state.faults.clear()
            self._state = State()
        passthrough.reset()

    def issued_secrets(self) -> list[str]:
        """List the secret key and the token of each session, in the order in which STS has issued them."""
        issued = self._state.identities.issued
        return [secret for keys in issued for secret in (keys.secret_key, keys.token)]

    def set_prices(self, region: str, factor: str, *, products_per_page: int = 100) -> None:
        """Set a region's prices to those of us-east-1 times `factor`, and the page size of GetProducts."""
        with self._lock:
            self._state.price_factors[region] = Decimal(factor)
            self._state.settings.products_per_page = products_per_page

    def set_price_list(self, entries: list[Any]) -> None:
        """Set what GetProducts answers, for any region: JSON texts, or anything else."""
        with self._lock:
            self._state.price_list[:] = entries

    def set_update_seconds(self, seconds: float) -> None:
        """Set how long a table is UPDATING after the next accepted updates (default 0)."""
        self._state.settings.update_seconds = seconds

    def set_limits(self, *, table_maximum: int = 40_000, simultaneous_updates: int | None = None) -> None:
        """Set the most units a table or an index may have and how many tables may be UPDATING (None: any)."""
        self._state.settings.table_maximum = table_maximum
        self._state.settings.simultaneous_updates = simultaneous_updates

    def set_pages(
        self,
        *,
        tables: int = 100,
        datapoints: int = 100_800,
        results: int | None = None,
        in_circles: bool = False,
    ) -> None:
        """Set the page sizes: tables of ListTables, datapoints and results of GetMetricData (None: any).

        `in_circles` makes each page of ListTables the first one, as if more were to come.
        """
        settings = self._state.settings
        settings.lists_in_circles = in_circles
        settings.tables_per_page = tables
        settings.datapoints_per_page = datapoints
        settings.results_per_page = results

    def set_publication_delay(self, seconds: float) -> None:
        """Set the delay of a minute of metrics in seconds (default 0); -60 shows the present minute too."""
        self._state.settings.publication_delay = seconds

    def set_clock(self, now: Moment) -> None:
        """Set the emulator's clock, which dates its answers; time goes on from there."""
        self._state.clock.set(as_datetime(now))

    def add_fault(self, **rule: Any) -> None:
        """Add a rule with the fields of Fault."""
        self._state.faults.add(Fault(**rule))

    def clear_faults(self) -> None:
        """Drop all rules and end whatever hangs."""
        self._state.faults.clear()

    def requests(self, action: str | None = None) -> list[LoggedRequest]:
        """List the requests since the last reset, or those of one action, in the order of their arrival."""
        return self._state.log.select(action)

    def count_requests(self) -> dict[str, int]:
        """Count the requests since the last reset by their actions."""
        return dict(Counter(logged.action for logged in self.requests()))

    def count_metrics(self) -> int:
        """Count the metrics that CloudWatch would bill since the last reset: those of accepted requests."""
        data, statistics = (
            [logged.parameters for logged in self.requests(action) if logged.status == HTTPStatus.OK]
            for action in ("GetMetricData", "GetMetricStatistics")
        )
        first_pages = (given["MetricDataQueries"] for given in data if "NextToken" not in given)
        return sum(map(len, first_pages)) + len(statistics)

    def wait_for_requests(
        self, action: str | None = None, *, count: int = 1, ended: bool = True, seconds: float = 10
    ) -> list[LoggedRequest]:
        """Wait until this many requests have ended, or arrived, and list them as requests() does."""
        return self._state.log.wait(action, count, ended=ended, seconds=seconds)

    def published(self) -> list[dict[str, Any]]:
        """List the parameters (TopicArn, Subject, Message) of the accepted Publish calls, in order."""
        return [logged.parameters for logged in self.requests("Publish") if logged.applied]

    def now(self) -> datetime:
        """Return the emulator's time."""
        return self._state.clock.now()

    def batch(self, calls: list[dict[str, Any]]) -> None:
        """Run several control methods, each given as {"method": ..., "arguments": {...}}."""
        for call in calls:
            self.run(call["method"], call.get("arguments", {}))

    def run(self, method: str, arguments: Mapping[str, Any]) -> object:
        """Run the control method of this name, such as add_table or 111122223333/eu-west-1/add_table."""
        *place, name = method.split("/")
        control = self.at(*place) if place else self
        if name.startswith("_") or not hasattr(PlaceControl if place else Control, name):
            message = f"there is no control method {method!r}"
            raise ValueError(message)
        return getattr(control, name)(**arguments)
