"""Ask AWS Application Auto Scaling which capacities it looks after itself."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import DESCRIBE_SCALABLE_TARGETS
from dynamic_dynamodb.core.model import Target
from dynamic_dynamodb.options import Capacity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.aws.session import AwsSession
    from dynamic_dynamodb.ports import Autoscaled

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


class ApplicationAutoScaling:
    """Application Auto Scaling in one region."""

    def __init__(self, session: AwsSession) -> None:
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
        for target, capacity in chain.from_iterable(pages):
            found[target] = found.get(target, frozenset()) | {capacity}
        return found


def _parse_page(answer: Mapping[str, Any]) -> tuple[list[tuple[Target, Capacity]], str | None]:
    return list(_read_targets(answer)), answer.get("NextToken")


def _read_targets(answer: Mapping[str, Any]) -> Iterator[tuple[Target, Capacity]]:
    for registered in answer["ScalableTargets"]:
        capacity = _CAPACITIES.get(registered["ScalableDimension"])
        if capacity is None or _is_suspended(registered):
            continue
        _, table, *index = registered["ResourceId"].split("/")  # table/NAME or table/NAME/index/NAME
        yield Target(table, index[-1] if index else ""), capacity


def _is_suspended(registered: Mapping[str, Any]) -> bool:
    """Tell whether AWS leaves the capacity alone: every way to scale it is suspended."""
    suspended = registered.get("SuspendedState", {})
    return all(suspended.get(way, False) for way in _WAYS_TO_SCALE)
