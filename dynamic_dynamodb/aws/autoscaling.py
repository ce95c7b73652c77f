"""Ask AWS Application Auto Scaling which capacities it looks after itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import DESCRIBE_SCALABLE_TARGETS
from dynamic_dynamodb.aws.parsing import show
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
"""What Application Auto Scaling's dimensions are called here."""
_WAYS_TO_SCALE: Final = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)

_MOST_SHOWN: Final = 3


class ApplicationAutoScaling:
    """Application Auto Scaling in one region."""

    def __init__(self, session: AwsClient) -> None:
        """Keep the session; nothing is called yet."""
        self._session = session

    def find_autoscaled(self) -> Autoscaled:
        """Find all capacities that are registered and not suspended, 50 a page; raise AwsError."""
        pages = self._session.call_for_pages(
            DESCRIBE_SCALABLE_TARGETS,
            "describe_scalable_targets",
            _parse_page,
            "NextToken",
            ServiceNamespace="dynamodb",
        )
        found: dict[Target, frozenset[Capacity]] = {}
        odd: list[str] = []
        for registered, odd_ones in pages:
            odd += odd_ones
            for target, capacity in registered:
                found[target] = found.get(target, frozenset()) | {capacity}
        said = f"AWS Application Auto Scaling names what is no table or index: {', '.join(odd[:_MOST_SHOWN])}"
        self._session.conditions.set("odd autoscaling", said if odd else None)
        return found


def _parse_page(
    answer: Mapping[str, Any],
) -> tuple[tuple[list[tuple[Target, Capacity]], list[str]], str | None]:
    """Return what is registered, what of that cannot be attributed, and the token of the next page."""
    token = answer.get("NextToken")
    if token is not None and not isinstance(token, str):
        raise ValueError(f"NextToken is {show(token)}")
    found, odd = [], []
    for registered in answer["ScalableTargets"]:
        resource = registered.get("ResourceId") if isinstance(registered, dict) else registered
        target = _read_target(resource)
        if target is None:
            odd.append(show(resource))
        elif not _is_suspended(registered):
            found += [(target, capacity) for capacity in _read_capacities(registered)]
    return (found, odd), token or None


def _read_target(resource: object) -> Target | None:
    """Read `table/NAME` or `table/NAME/index/NAME`."""
    match resource.split("/") if isinstance(resource, str) else ():
        case ["table", table] if is_safe_name(table):
            return Target(table)
        case ["table", table, "index", index] if is_safe_name(table) and is_safe_name(index):
            return Target(table, index)
    return None


def _read_capacities(registered: Mapping[str, Any]) -> Collection[Capacity]:
    """Return the capacity that a dimension means; if it means none, it may be both."""
    dimension = registered.get("ScalableDimension")
    if isinstance(dimension, str) and dimension in _CAPACITIES:
        return (_CAPACITIES[dimension],)
    return tuple(Capacity)


def _is_suspended(registered: Mapping[str, Any]) -> bool:
    """Tell whether AWS leaves the capacity alone: every way to scale it is suspended."""
    suspended = registered.get("SuspendedState")
    return isinstance(suspended, dict) and all(suspended.get(way) is True for way in _WAYS_TO_SCALE)
