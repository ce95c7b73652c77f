"""Everything a reset throws away: tables, metrics, faults, the request log and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulator.faults import FaultRules
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
    """The state of the emulator between two resets."""

    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)
    tables: Tables = field(default_factory=Tables)
    metrics: MetricStore = field(default_factory=MetricStore)
    faults: FaultRules = field(default_factory=FaultRules)
    log: RequestLog = field(default_factory=RequestLog)
    registrations: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)
    scheduled_actions: list[dict[str, Any]] = field(default_factory=list)
    price_factors: dict[str, Decimal] = field(default_factory=dict)
    price_list: list[Any] = field(default_factory=list)
    metric_pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
