"""Choose the minimum and the maximum of each capacity, with the reason."""

from __future__ import annotations

from enum import Enum
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from dynamic_dynamodb.aws.history import Consumed
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.calculators import exact
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.aws.autoscaling import ScheduledAction
    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.proposal.load import Load, Peak
    from dynamic_dynamodb.proposal.survey import Survey
    from dynamic_dynamodb.scaling.model import Description, Target

USUAL_MINIMUM: Final = 5
"""The minimum of a capacity that AWS does not scale itself, unless less is provisioned."""


class Basis(Enum):
    """What the limits of a capacity follow from."""

    REGISTERED = "the limits registered with AWS"
    REGISTERED_BELOW = "the minimum registered with AWS, and what is provisioned"
    PEAK = "the busiest minute"
    PEAK_BELOW = "what is provisioned, which is more than twice the busiest minute"
    IDLE = "what is provisioned, since nothing was consumed"
    UNKNOWN = "what is provisioned, since the load is not known"


class Limits(NamedTuple):
    """The minimum and the maximum of a capacity, and what they follow from."""

    minimum: int
    maximum: int
    basis: Basis


class Plan(NamedTuple):
    """One capacity of a table or an index as it is, and its limits."""

    limits: Limits
    provisioned: int
    registration: Registration | None = None
    schedules: tuple[ScheduledAction, ...] = ()
    peak: Peak | None = None

    @property
    def kind(self) -> object:
        """Return what capacities have in common that may share a section."""
        return self.limits, self.registration, self.schedules


TablePlans: TypeAlias = "Mapping[Target, PerCapacity[Plan]]"
"""The plans of a table and its indexes, the table first."""


def plan_table(survey: Survey, targets: Mapping[Target, Description]) -> TablePlans:
    """Return the plans of a table and its indexes, the table first."""
    return {
        target: PerCapacity(*(_plan(survey, description, capacity) for capacity in Capacity))
        for target, description in targets.items()
    }


def _plan(survey: Survey, description: Description, capacity: Capacity) -> Plan:
    consumed = Consumed(description.target, capacity)
    provisioned = description.provisioned[capacity]
    registration = (survey.registrations or {}).get(consumed)
    load = survey.loads.get(consumed)
    limits = choose_limits(provisioned, registration, load)
    peak = load.peak if load else None
    return Plan(limits, provisioned, registration, survey.schedules.get(consumed, ()), peak)


def choose_limits(provisioned: int, registration: Registration | None, load: Load | None) -> Limits:
    """Return the limits of a capacity; no maximum is below what is provisioned now.

    `load` is None if it is not known.
    """
    if registration is not None:
        minimum = max(1, registration.minimum)
        maximum = max(minimum, registration.maximum)
        if provisioned > maximum:
            return Limits(minimum, provisioned, Basis.REGISTERED_BELOW)
        return Limits(minimum, maximum, Basis.REGISTERED)
    minimum = max(1, min(USUAL_MINIMUM, provisioned))
    if load is None:
        return Limits(minimum, provisioned, Basis.UNKNOWN)
    if load.peak is None:
        return Limits(minimum, provisioned, Basis.IDLE)
    maximum = ceil(2 * exact(load.peak.units))
    if provisioned > maximum:
        return Limits(minimum, provisioned, Basis.PEAK_BELOW)
    return Limits(minimum, maximum, Basis.PEAK)
