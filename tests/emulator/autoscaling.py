"""Application Auto Scaling's list of registered capacities; nothing is scaled here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.emulator.state import State
    from tests.emulator.wire import Call

WAYS_TO_SCALE = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
_MOST_PER_PAGE = 50


def describe_registration(
    table: str, index: str | None, capacity: str, suspended: Collection[str]
) -> dict[str, Any]:
    """Build one of the answer's ScalableTargets."""
    kind, resource = ("index", f"table/{table}/index/{index}") if index else ("table", f"table/{table}")
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource,
        "ScalableDimension": f"dynamodb:{kind}:{capacity}CapacityUnits",
        "MinCapacity": 1,
        "MaxCapacity": 100,
        "RoleARN": "arn:aws:iam::123456789012:role/scaling",
        "SuspendedState": {f"{way}Suspended": way in suspended for way in WAYS_TO_SCALE},
    }


def serve(state: State, call: Call) -> dict[str, Any]:
    """Answer one call of Application Auto Scaling."""
    if call.action != "DescribeScalableTargets":
        raise ServiceError(code="UnknownOperationException", message=f"{call.action} is not emulated")
    namespace = call.parameters.get("ServiceNamespace")
    chosen = [one for one in state.registrations if one["ServiceNamespace"] == namespace]
    start = int(call.parameters.get("NextToken", 0))
    size = min(call.parameters.get("MaxResults", _MOST_PER_PAGE), _MOST_PER_PAGE)
    answer: dict[str, Any] = {"ScalableTargets": chosen[start : start + size]}
    if len(chosen) > start + size:
        answer["NextToken"] = str(start + size)
    return answer
