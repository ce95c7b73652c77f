"""Application Auto Scaling's capacities, policies and scheduled actions; nothing is scaled here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.emulator.state import State
    from tests.emulator.wire import Call

WAYS_TO_SCALE = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
_MOST_PER_PAGE = {"ScalableTargets": 50, "ScalingPolicies": 10, "ScheduledActions": 50}
"""How many of each a page holds (API reference, MaxResults of each action)."""


def describe_registration(
    table: str, index: str | None, capacity: str, suspended: Collection[str], limits: tuple[int, int]
) -> dict[str, Any]:
    """Build one of the answer's ScalableTargets."""
    kind, resource = ("index", f"table/{table}/index/{index}") if index else ("table", f"table/{table}")
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource,
        "ScalableDimension": f"dynamodb:{kind}:{capacity}CapacityUnits",
        "MinCapacity": limits[0],
        "MaxCapacity": limits[1],
        "RoleARN": "arn:aws:iam::123456789012:role/scaling",
        "SuspendedState": {f"{way}Suspended": way in suspended for way in WAYS_TO_SCALE},
    }


def describe_policy(registration: dict[str, Any], target_percent: float) -> dict[str, Any]:
    """Build one of the answer's ScalingPolicies, as the console creates it for a registration."""
    named = _name_capacity(registration)
    capacity = registration["ScalableDimension"].split(":")[2].removesuffix("CapacityUnits")
    return {
        **named,
        "PolicyARN": f"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:{uuid.uuid4()}",
        "PolicyName": f"${named['ResourceId']}-{capacity}",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": target_percent,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{capacity}CapacityUtilization"
            },
        },
        "CreationTime": 1_700_000_000,
    }


def describe_scheduled_action(
    registration: dict[str, Any], name: str, schedule: str, timezone: str | None, changed: Mapping[str, int]
) -> dict[str, Any]:
    """Build one of the answer's ScheduledActions; `changed` has MinCapacity, MaxCapacity or both."""
    named = _name_capacity(registration)
    described = {
        **named,
        "ScheduledActionName": name,
        "ScheduledActionARN": f"arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:{uuid.uuid4()}",
        "Schedule": schedule,
        "ScalableTargetAction": dict(changed),
        "CreationTime": 1_700_000_000,
    }
    return described if timezone is None else {**described, "Timezone": timezone}


def _name_capacity(registration: dict[str, Any]) -> dict[str, Any]:
    return {key: registration[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}


def serve(state: State, call: Call) -> dict[str, Any]:
    """Answer one call of Application Auto Scaling."""
    lists = {
        "DescribeScalableTargets": ("ScalableTargets", state.registrations),
        "DescribeScalingPolicies": ("ScalingPolicies", state.policies),
        "DescribeScheduledActions": ("ScheduledActions", state.scheduled_actions),
    }
    if call.action not in lists:
        raise ServiceError(code="UnknownOperationException", message=f"{call.action} is not emulated")
    member, everything = lists[call.action]
    namespace = call.parameters.get("ServiceNamespace")
    chosen = [one for one in everything if one["ServiceNamespace"] == namespace]
    start = int(call.parameters.get("NextToken", 0))
    size = min(call.parameters.get("MaxResults", _MOST_PER_PAGE[member]), _MOST_PER_PAGE[member])
    answer: dict[str, Any] = {member: chosen[start : start + size]}
    if len(chosen) > start + size:
        answer["NextToken"] = str(start + size)
    return answer
