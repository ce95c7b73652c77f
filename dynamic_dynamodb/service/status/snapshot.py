"""The status as one value: the program, its last check, and each target as it was last seen.

The names of the fields are the keys of the JSON, which `docs/watching.md` documents. A field is None if AWS
was not asked for it, or if there is no such thing; it is never 0 instead. Rates are in units a second.
A place is an account and a region; where only one is scaled, nothing names it.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - `format` reads the types of the fields
from enum import Enum
from typing import Final

from dynamic_dynamodb.scaling.model import Target, value


class Condition(str, Enum):
    """What a target is in most need of, from the worst to the best; the order in which targets are shown."""

    FAILING = "failing"
    THROTTLED = "throttled"
    AT_MAXIMUM = "at-maximum"
    STOPPED = "stopped"
    NEAR_THRESHOLD = "near-threshold"
    UNKNOWN = "unknown"
    HELD = "held"
    CHANGED = "changed"
    STEADY = "steady"
    SKIPPED = "skipped"

    __hash__ = str.__hash__  # as equality, and faster than the one of enums


SEVERITY: Final = {condition: rank for rank, condition in enumerate(Condition)}
"""The rank of each condition; the worst is 0."""


class Direction(str, Enum):
    """Whether a change raised or lowered a capacity."""

    UP = "up"
    DOWN = "down"


class Mode(str, Enum):
    """How the program runs."""

    DAEMON = "daemon"
    FOREGROUND = "foreground"
    ONCE = "once"


@value
class Cause:
    """A reason: a code for programs and a sentence for people."""

    code: str
    sentence: str


@value
class Failure:
    """What has failed in each of the last `checks` checks, and since when; the cause is the latest."""

    since: datetime
    checks: int
    code: str
    sentence: str


@value
class Change:
    """A change that AWS applied, and the moment of the check that made it."""

    at: datetime
    direction: Direction
    units_before: int
    units_after: int


@value
class CapacityStatus:
    """One capacity of a target.

    `consumed_percent` is the share of `provisioned` that is consumed. `proposed` is what the last decision
    set, for the `reason`, and `held` what it would have set without the last of its `codes`. `low_checks` of
    the `low_checks_needed` for a decrease have been counted.
    """

    provisioned: int
    consumed: float | None = None
    consumed_percent: float | None = None
    throttled_events: float | None = None
    proposed: int | None = None
    held: int | None = None
    codes: tuple[str, ...] = ()
    reason: str | None = None
    low_checks: int | None = None
    low_checks_needed: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    last_change: Change | None = None


@value
class TargetStatus:
    """A table or an index as it was last seen.

    `checked` is the moment of the last check that reported on it, `described` of the last in which AWS
    described it, and `decided` of the last decision, which consumption and reasons are of.
    `outcome` is that of the check at `checked`. `skipped` is why that check decided nothing, and `refusal` is
    AWS's answer to an update that failed in part. `status` is what DescribeTable returns.
    `next_decrease` is None if AWS allows one at once. Both are None if they are not known, or on demand.
    `place` is the name of the account and region, such as `production/us-east-1`, if there are several.
    """

    table: str
    index: str | None
    condition: Condition
    outcome: str
    checked: datetime
    described: datetime | None = None
    decided: datetime | None = None
    section: str | None = None
    status: str | None = None
    failing: Failure | None = None
    skipped: Cause | None = None
    refusal: Cause | None = None
    free_decreases_left: int | None = None
    next_decrease: datetime | None = None
    reads: CapacityStatus | None = None
    writes: CapacityStatus | None = None
    place: str | None = None

    @property
    def target(self) -> Target:
        """Return the target itself."""
        return Target(self.table, self.index or "", self.place or "")

    @property
    def capacities(self) -> tuple[tuple[str, CapacityStatus], ...]:
        """Return the capacities that are known, with their names."""
        pairs = (("reads", self.reads), ("writes", self.writes))
        return tuple((name, side) for name, side in pairs if side is not None)


@value
class ProgramStatus:
    """The process that wrote the status, and what it was told to do.

    `process` distinguishes it from other processes with its pid; empty if the system does not tell.
    `log` is its log file; None if it logs to stdout, or as a `log-config-file` says.
    `interval_seconds` is None for a single run.
    Of several places, `region` has all regions, and `account` is None unless it is the same in all.
    """

    version: str
    pid: int
    process: str
    instance: str
    mode: Mode
    dry_run: bool
    started: datetime
    region: str
    account: str | None = None
    configuration_files: tuple[str, ...] = ()
    log: str | None = None
    interval_seconds: int | None = None


@value
class CheckStatus:
    """The last check. `failing` is why nothing could be checked; `next` is when the next check begins.

    `metrics_requested` counts the metrics that CloudWatch bills. Of several places, it sums up the last check
    of each: the earliest beginning, the longest duration, the sums of failures and metrics, and the earliest
    next check. It is complete if all are, and failing if nothing could be checked in any of them.
    """

    started: datetime
    seconds: float
    complete: bool
    failures: int
    metrics_requested: int | None = None
    next: datetime | None = None
    failing: Failure | None = None


@value
class Notice:
    """A condition in force, such as a section that matches nothing."""

    level: str
    sentence: str


@value
class PlaceStatus:
    """An account and a region, where there are several; `check` is None until its first check has ended."""

    name: str
    region: str
    account: str | None = None
    check: CheckStatus | None = None
    notices: tuple[Notice, ...] = ()


@value
class Status:
    """What the program knows after a check; `places` is empty if there is only one."""

    program: ProgramStatus
    check: CheckStatus
    notices: tuple[Notice, ...] = ()
    targets: tuple[TargetStatus, ...] = ()
    places: tuple[PlaceStatus, ...] = ()
