"""Build statuses for tests in few words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.config.places import Place, Role, label_places
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.status.board import StatusBoard
from dynamic_dynamodb.service.status.file import StatusFile
from dynamic_dynamodb.service.status.fold import Moment, continue_status
from dynamic_dynamodb.service.status.keeper import StatusKeeper, StatusSettings
from dynamic_dynamodb.service.status.places import merge
from dynamic_dynamodb.service.status.snapshot import (
    CapacityStatus,
    CheckStatus,
    Condition,
    Mode,
    ProgramStatus,
    Status,
    TargetStatus,
)
from tests.builders import NOW as CHECK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.check.fake_world import FakeWorld

NOW = datetime(2026, 3, 4, 12, 0, 30, tzinfo=timezone.utc)
STEP = timedelta(minutes=5)
ONLY_PLACE = Place("us-east-1")


def program(**settings: Any) -> ProgramStatus:
    """Return a daemon that started an hour ago."""
    given: dict[str, Any] = {
        "version": "3.0.0",
        "pid": 4711,
        "process": "1@2",
        "instance": "default",
        "mode": Mode.DAEMON,
        "dry_run": False,
        "started": NOW - timedelta(hours=1),
        "region": "us-east-1",
        "account": "123456789012",
        "configuration_files": ("/etc/dynamic-dynamodb.conf",),
        "log": "/var/log/dynamic-dynamodb.log",
        "interval_seconds": 300,
    }
    return ProgramStatus(**(given | settings))


def target(name: str = "orders", condition: Condition = Condition.STEADY, **settings: Any) -> TargetStatus:
    """Return a target of 100 units each, half of them consumed; a place may stand before its name."""
    table, index, place = Target.parse(name)
    given: dict[str, Any] = {
        "outcome": "unchanged",
        "checked": NOW,
        "described": NOW,
        "decided": NOW,
        "section": "table: .*",
        "status": "ACTIVE",
        "free_decreases_left": 4,
        "reads": side(),
        "writes": side(),
        "place": place or None,
    }
    return TargetStatus(table, index or None, condition, **(given | settings))


def side(percent: float | None = 50, **settings: Any) -> CapacityStatus:
    """Return a capacity of 100 units."""
    given: dict[str, Any] = {
        "consumed": percent,
        "consumed_percent": percent,
        "throttled_events": 0,
        "proposed": 100,
        "codes": ("steady",),
        "reason": f"{percent} % consumed is within the thresholds 30 % and 90 %",
        "low_checks": 0,
        "low_checks_needed": 1,
        "minimum": 1,
        "maximum": 1000,
    }
    return CapacityStatus(100, **(given | settings))


def status(*targets: TargetStatus, **settings: Any) -> Status:
    """Return the status of a daemon whose last check has just ended."""
    check = CheckStatus(NOW, 2.5, complete=True, failures=0, next=NOW + STEP)
    return Status(program(), **{"check": check, "targets": targets, **settings})


OWN_ACCOUNT, OTHER_ACCOUNT = "111111111111", "222222222222"
"""Ids of accounts."""
US, EU, STAGING = label_places(
    Place(region, account, Role(f"arn:aws:iam::{owner}:role/scaling"))
    for account, region, owner in (
        ("production", "us-east-1", OWN_ACCOUNT),
        ("production", "eu-west-1", OWN_ACCOUNT),
        ("staging", "us-east-1", OTHER_ACCOUNT),
    )
)


def status_of_places(**parts: Status | None) -> Status:
    """Return the status of several places from that of each by `us`, `eu` and `staging`."""
    places = {"us": US, "eu": EU, "staging": STAGING}
    return merge(program(), {places[name]: move(part, places[name]) for name, part in parts.items()})


def move(shown: Status | None, place: Place) -> Status | None:
    """Return the status of one place as that of another."""
    if shown is None:
        return None
    targets = tuple(replace(one, place=place.name) for one in shown.targets)
    return replace(shown, program=program(region=place.region, account=place.owner), targets=targets)


def keeper(
    place: Place = ONLY_PLACE, seen: Status | None = None, account: str | None = None, **settings: Any
) -> StatusKeeper:
    """Return what keeps the status of a place."""
    given: dict[str, Any] = {
        "instance": "default",
        "mode": Mode.DAEMON,
        "is_dry_run": False,
        "started": NOW - timedelta(hours=1),
        "place": place,
        "configuration_files": ("/etc/dynamic-dynamodb.conf",),
        "interval_seconds": 300,
        "find_log": lambda: None,
    }
    return StatusKeeper(StatusSettings(**(given | settings)), seen, account=account)


def board(path: Path, *keepers: StatusKeeper, **settings: Any) -> StatusBoard:
    """Return what keeps the status file at a path; without keepers, it has one of the only place."""
    return StatusBoard(StatusFile(path), keepers or (keeper(),), **settings)


def check(world: FakeWorld, before: Status | None = None, number: int = 0) -> Status:
    """Run a check of a fake world, and continue the status with its report."""
    now = CHECK + number * STEP
    report = world.run(now)
    return continue_status(before, program(), report, Moment(now, 2.5, 300))
