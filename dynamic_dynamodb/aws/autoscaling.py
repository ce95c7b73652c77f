"""Find the capacities that AWS Application Auto Scaling manages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.parsing import shorten_value
from dynamic_dynamodb.aws.permissions import DESCRIBE_SCALABLE_TARGETS
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import Target, is_safe_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.check.ports import Autoscaled

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

_MOST_SHOWN: Final = 3


class ApplicationAutoScaling:
    """Application Auto Scaling in one region."""

    def __init__(self, client: AwsClient) -> None:
        """Keep the client; nothing is called yet."""
        self._client = client

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
            for target, capacity in registered:
                found[target] = found.get(target, frozenset()) | {capacity}
        shown = ", ".join(unknown[:_MOST_SHOWN])
        warning = f"AWS Application Auto Scaling lists resources other than tables and indexes: {shown}"
        self._client.conditions.set("odd autoscaling", warning if unknown else None)
        return found


def _parse_page(
    answer: Mapping[str, Any],
) -> tuple[tuple[list[tuple[Target, Capacity]], list[str]], str | None]:
    """Return the registered capacities, the resources that are not a target, and the next page's token."""
    token = answer.get("NextToken")
    if token is not None and not isinstance(token, str):
        raise ValueError(f"NextToken is {shorten_value(token)}")
    found, unknown = [], []
    for registered in answer["ScalableTargets"]:
        resource = registered.get("ResourceId") if isinstance(registered, dict) else registered
        target = _read_target(resource)
        if target is None:
            unknown.append(shorten_value(resource))
        elif not _is_suspended(registered):
            found += [(target, capacity) for capacity in _read_capacities(registered)]
    return (found, unknown), token or None


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
    dimension = registered.get("ScalableDimension")
    if isinstance(dimension, str) and dimension in _CAPACITIES:
        return (_CAPACITIES[dimension],)
    return tuple(Capacity)


def _is_suspended(registered: Mapping[str, Any]) -> bool:
    """Return whether AWS leaves the capacity alone, because every kind of scaling is suspended."""
    suspended = registered.get("SuspendedState")
    return isinstance(suspended, dict) and all(suspended.get(kind) is True for kind in _SUSPENSIONS)
