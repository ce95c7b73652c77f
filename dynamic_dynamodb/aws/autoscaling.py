"""Find the capacities that AWS Application Auto Scaling manages, and how it scales them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dynamic_dynamodb.aws.client import MOST_PAGES
from dynamic_dynamodb.aws.parsing import LARGEST_NUMBER, read_token, shorten_value
from dynamic_dynamodb.aws.permissions import (
    DESCRIBE_SCALABLE_TARGETS,
    DESCRIBE_SCALING_POLICIES,
    DESCRIBE_SCHEDULED_ACTIONS,
)
from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import Target, is_safe_name, value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import TypeAlias, TypeGuard

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.check.ports import Autoscaled

    _Read: TypeAlias = Callable[[Mapping[str, Any]], Iterator[tuple[tuple[Target, Capacity], "T"]]]

T = TypeVar("T")

_CAPACITIES: Final = {
    f"dynamodb:{kind}:{capacity.singular.title()}CapacityUnits": capacity
    for kind in ("table", "index")
    for capacity in Capacity
}
"""Our capacity of each scalable dimension."""
_SUSPENSIONS: Final = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)

_METRICS: Final = {
    capacity: f"DynamoDB{capacity.singular.title()}CapacityUtilization" for capacity in Capacity
}
"""The metric of a target tracking policy for each capacity."""
_MOST_POLICY_PAGES: Final = 20_000
"""Enough for the quotas of tables and indexes: a page holds ten policies (API reference)."""
_MOST_SHOWN: Final = 3
_LARGEST_PERCENT: Final = 100


@value
class ScheduledAction:
    """When AWS Application Auto Scaling changes the limits of a capacity; a limit that stays is None.

    `schedule` is in AWS's syntax, such as `cron(0 8 * * ? *)`, in the time zone, or in UTC if it is empty.
    """

    name: str
    schedule: str
    timezone: str
    minimum: int | None
    maximum: int | None


class ApplicationAutoScaling:
    """Application Auto Scaling in one region; `place` is that of the targets that checks ask for."""

    def __init__(self, client: AwsClient, place: str = "") -> None:
        """Keep the client; nothing is called yet."""
        self._client = client
        self._place = place

    def find_autoscaled(self) -> Autoscaled:
        """Return the capacities that are registered and not suspended, 50 per page; raise AwsError."""
        pages = self._client.call_for_pages(
            DESCRIBE_SCALABLE_TARGETS,
            "describe_scalable_targets",
            _parse_page,
            "NextToken",
            ServiceNamespace="dynamodb",
        )
        found: dict[Target, frozenset[Capacity]] = {}
        unknown: list[str] = []
        for registered, others in pages:
            unknown += others
            for registered_target, capacity in registered:
                target = registered_target._replace(place=self._place)
                found[target] = found.get(target, frozenset()) | {capacity}
        shown = ", ".join(unknown[:_MOST_SHOWN])
        warning = f"AWS Application Auto Scaling lists resources other than tables and indexes: {shown}"
        self._client.conditions.set("odd autoscaling", warning if unknown else None)
        return found

    def find_registrations(self) -> dict[tuple[Target, Capacity], Registration]:
        """Return the registered limits of each capacity, without the target of its policy; raise AwsError.

        A registration that is malformed, or of which all scaling is suspended, is left out.
        """
        return dict(
            self._read_all(DESCRIBE_SCALABLE_TARGETS, "describe_scalable_targets", _read_registrations)
        )

    def find_target_percents(self) -> dict[tuple[Target, Capacity], float]:
        """Return the utilization in percent that each target tracking policy aims at; raise AwsError."""
        return dict(
            self._read_all(
                DESCRIBE_SCALING_POLICIES,
                "describe_scaling_policies",
                _read_policies,
                most_pages=_MOST_POLICY_PAGES,
            )
        )

    def find_scheduled_actions(self) -> dict[tuple[Target, Capacity], tuple[ScheduledAction, ...]]:
        """Return the scheduled actions of each capacity, without malformed ones; raise AwsError."""
        found: dict[tuple[Target, Capacity], tuple[ScheduledAction, ...]] = {}
        for key, action in self._read_all(
            DESCRIBE_SCHEDULED_ACTIONS, "describe_scheduled_actions", _read_scheduled_actions
        ):
            found[key] = (*found.get(key, ()), action)
        return found

    def _read_all(
        self, action: str, method: str, read: _Read[T], *, most_pages: int = MOST_PAGES
    ) -> Iterator[tuple[tuple[Target, Capacity], T]]:
        """Return what each capacity has on any page of an answer; raise AwsError."""
        pages = self._client.call_for_pages(
            action,
            method,
            lambda answer: (list(read(answer)), read_token(answer)),
            "NextToken",
            most_pages=most_pages,
            ServiceNamespace="dynamodb",
        )
        return chain.from_iterable(pages)


def _read_registrations(answer: Mapping[str, Any]) -> Iterator[tuple[tuple[Target, Capacity], Registration]]:
    for registered in filter(_is_mapping, answer["ScalableTargets"]):
        target, capacity = _read_target(registered.get("ResourceId")), _read_capacity(registered)
        minimum, maximum = registered.get("MinCapacity"), registered.get("MaxCapacity")
        if target is None or capacity is None or _is_suspended(registered):
            continue
        if type(minimum) is int and type(maximum) is int and 0 <= minimum <= maximum <= LARGEST_NUMBER:
            yield (target, capacity), Registration(minimum, maximum)


def _read_policies(answer: Mapping[str, Any]) -> Iterator[tuple[tuple[Target, Capacity], float]]:
    for policy in filter(_is_mapping, answer["ScalingPolicies"]):
        tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
        if not _is_mapping(tracking):
            continue  # step scaling
        metric, percent = tracking.get("PredefinedMetricSpecification"), tracking.get("TargetValue")
        kind = metric.get("PredefinedMetricType") if _is_mapping(metric) else None  # or one of the user's own
        target, capacity = _read_target(policy.get("ResourceId")), _read_capacity(policy)
        if target is None or capacity is None or kind != _METRICS[capacity]:
            continue
        if isinstance(percent, (int, float)) and 0 < percent <= _LARGEST_PERCENT:
            yield (target, capacity), float(percent)


def _read_scheduled_actions(
    answer: Mapping[str, Any],
) -> Iterator[tuple[tuple[Target, Capacity], ScheduledAction]]:
    for described in filter(_is_mapping, answer["ScheduledActions"]):
        target, capacity = _read_target(described.get("ResourceId")), _read_capacity(described)
        name, schedule, timezone = (
            described.get(key) or "" for key in ("ScheduledActionName", "Schedule", "Timezone")
        )
        changed = described.get("ScalableTargetAction")
        if target is None or capacity is None or not _is_mapping(changed):
            continue
        minimum, maximum = changed.get("MinCapacity"), changed.get("MaxCapacity")
        are_texts = all(isinstance(text, str) for text in (name, schedule, timezone))
        if are_texts and _is_limit(minimum) and _is_limit(maximum):
            yield (target, capacity), ScheduledAction(name, schedule, timezone, minimum, maximum)


def _is_limit(given: object) -> bool:
    return given is None or (type(given) is int and 0 <= given <= LARGEST_NUMBER)


def _is_mapping(found: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(found, dict)


def _read_capacity(resource: Mapping[str, Any]) -> Capacity | None:
    dimension = resource.get("ScalableDimension")
    return _CAPACITIES.get(dimension) if isinstance(dimension, str) else None


def _parse_page(
    answer: Mapping[str, Any],
) -> tuple[tuple[list[tuple[Target, Capacity]], list[str]], str | None]:
    """Return the registered capacities, the resources that are not a target, and the next page's token."""
    found, unknown = [], []
    for registered in answer["ScalableTargets"]:
        resource = registered.get("ResourceId") if isinstance(registered, dict) else registered
        target = _read_target(resource)
        if target is None:
            unknown.append(shorten_value(resource))
        elif not _is_suspended(registered):
            found += [(target, capacity) for capacity in _read_capacities(registered)]
    return (found, unknown), read_token(answer)


def _read_target(resource: object) -> Target | None:
    """Return the target of `table/NAME` or `table/NAME/index/NAME`; None for anything else."""
    match resource.split("/") if isinstance(resource, str) else ():
        case ["table", table] if is_safe_name(table):
            return Target(table)
        case ["table", table, "index", index] if is_safe_name(table) and is_safe_name(index):
            return Target(table, index)
    return None


def _read_capacities(registered: Mapping[str, Any]) -> Collection[Capacity]:
    """Return the capacity of the dimension; both capacities if it is unknown."""
    capacity = _read_capacity(registered)
    return tuple(Capacity) if capacity is None else (capacity,)


def _is_suspended(registered: Mapping[str, Any]) -> bool:
    """Return whether AWS leaves the capacity alone, because every kind of scaling is suspended."""
    suspended = registered.get("SuspendedState")
    return isinstance(suspended, dict) and all(suspended.get(kind) is True for kind in _SUSPENSIONS)
