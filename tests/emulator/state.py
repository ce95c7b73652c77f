"""Everything a reset throws away: tables, metrics, identities, faults, the request log and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ACCOUNT
from tests.emulator.faults import FaultRules
from tests.emulator.identities import Identities
from tests.emulator.metrics import MetricStore
from tests.emulator.moments import Clock
from tests.emulator.request_log import RequestLog
from tests.emulator.tables import Tables

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass
class Settings:
    """The settings of the account that a test may change."""

    update_seconds: float = 0.0
    table_maximum: int = 40_000
    simultaneous_updates: int | None = None
    tables_per_page: int = 100
    lists_in_circles: bool = False
    datapoints_per_page: int = 100_800
    results_per_page: int | None = None
    products_per_page: int = 100
    publication_delay: float = 0.0


@dataclass
class State:
    """The state of the emulator between two resets, as a call to one account and region sees it.

    All places share the settings, the clock, the faults, the log, the identities and the prices.
    """

    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)
    faults: FaultRules = field(default_factory=FaultRules)
    log: RequestLog = field(default_factory=RequestLog)
    identities: Identities = field(default_factory=Identities)
    price_factors: dict[str, Decimal] = field(default_factory=dict)
    price_list: list[Any] = field(default_factory=list)
    places: dict[tuple[str, str], State] = field(default_factory=dict)
    account: str = ACCOUNT
    tables: Tables = field(default_factory=Tables)
    metrics: MetricStore = field(default_factory=MetricStore)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)
    scheduled_actions: list[dict[str, Any]] = field(default_factory=list)
    metric_pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def separate(self, account: str, region: str) -> State:
        """Return the state of an account in a region, which shares no table with any other."""
        if (account, region) not in self.places:
            self.places[account, region] = replace(
                self,
                account=account,
                tables=Tables(),
                metrics=MetricStore(),
                registrations=[],
                policies=[],
                scheduled_actions=[],
                metric_pages={},
            )
        return self.places[account, region]

    def find(self, account: str, region: str) -> State:
        """Return the state that a call sees: regions of the default account are one until separated."""
        if account == ACCOUNT and (account, region) not in self.places:
            return self
        return self.separate(account, region)
