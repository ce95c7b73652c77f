"""Write the sections of alike tables and of their indexes, with the reason for each limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.expressions import match_only
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.proposal.comments import write_comment
from dynamic_dynamodb.proposal.limits import Basis
from dynamic_dynamodb.proposal.survey import DAYS
from dynamic_dynamodb.scaling.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamic_dynamodb.aws.autoscaling import ScheduledAction
    from dynamic_dynamodb.proposal.groups import Group
    from dynamic_dynamodb.proposal.limits import Plan, TablePlans
    from dynamic_dynamodb.proposal.survey import Survey

_MOST_NAMED: Final = 3


def write_sections(
    group: Group, plans: Mapping[str, TablePlans], survey: Survey, *, has_commands: bool
) -> Iterator[str]:
    """Yield the sections of alike tables and of their indexes.

    `has_commands` adds the commands with which AWS stops scaling them.
    """
    first = group.tables[0]
    for target in plans[first]:
        yield ""
        if not target.index:
            yield from _describe_tables(group, survey)
        same = [plans[name][Target(name, target.index)] for name in group.tables]
        for capacity in Capacity:
            yield from _describe(capacity, [one[capacity] for one in same])
        scaled = [one for one in Capacity if same[0][one].registration is not None]
        if scaled and has_commands:
            yield from _write_commands(group, target.index, scaled, survey.place.region)
        title = f"table: {group.expression}"
        yield f"[gsi: {match_only(target.index)} {title}]" if target.index else f"[{title}]"
        for capacity in Capacity:
            limits = same[0][capacity].limits
            yield f"min-provisioned-{capacity.value}: {limits.minimum}"
            yield f"max-provisioned-{capacity.value}: {limits.maximum}"


def _describe_tables(group: Group, survey: Survey) -> Iterator[str]:
    """Yield which tables a section is for, if there are several, and their replicas."""
    if len(group.tables) > 1:
        more = len(group.tables) - _MOST_NAMED
        names = ", ".join(group.tables[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        yield from write_comment(
            f"{len(group.tables):,} tables: {names}. It is also for new ones named alike."
        )
    replicas = survey.tables[group.tables[0]][Target(group.tables[0])].replicas
    if replicas:
        yield from write_comment(
            f"Global, also in {', '.join(replicas)}: scaling writes here affects all regions."
        )


def _describe(capacity: Capacity, plans: Sequence[Plan]) -> Iterator[str]:
    """Yield the reason for the limits of one capacity, which are the same in all plans."""
    least, most = min(one.provisioned for one in plans), max(one.provisioned for one in plans)
    now = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    yield from write_comment(f"{capacity.value.capitalize()}, {now} now: {_explain(plans)}.")
    for action in plans[0].schedules:
        yield from write_comment(f"  {_describe_action(action)}.")


def _explain(plans: Sequence[Plan]) -> str:
    registration, basis = plans[0].registration, plans[0].limits.basis
    if registration is not None:
        percent = registration.target_percent
        aim = f" at {percent:g} %" if percent is not None else ""
        scaled = f"AWS scales them from {registration.minimum:,} to {registration.maximum:,}{aim}"
        if basis is Basis.REGISTERED:
            return f"{scaled}, which are the limits here"
        return f"{scaled}, but more is provisioned, which is the maximum here"
    if basis is Basis.UNKNOWN:
        return "their load is not known, so the maximum is what is provisioned"
    peak = max((one.peak for one in plans if one.peak is not None), default=None)
    if peak is None:
        return f"nothing was consumed in {DAYS} days, so the maximum is what is provisioned"
    busiest = f"{peak.units:,.1f} a second in the busiest minute, {peak.minute:%Y-%m-%d %H:%M} UTC"
    if basis is Basis.PEAK:
        return f"{busiest}; the maximum is twice that"
    return f"{busiest}; twice that is less than what is provisioned, the maximum here"


def _describe_action(action: ScheduledAction) -> str:
    limits = (("minimum", action.minimum), ("maximum", action.maximum))
    changed = ", ".join(f"{name} {units:,}" for name, units in limits if units is not None)
    when = f"{action.schedule} {action.timezone or 'UTC'}"
    return f"AWS's scheduled action {action.name}, {when}: {changed or 'no change'}"


def _write_commands(group: Group, index: str, capacities: Sequence[Capacity], region: str) -> Iterator[str]:
    """Yield the commands with which AWS stops scaling some capacities."""
    yield "# To let this section scale them instead of AWS:"
    kind, rest = ("index", f"/index/{index}") if index else ("table", "")
    for capacity in capacities:
        command = (
            f"aws application-autoscaling deregister-scalable-target --region {region}"
            f" --service-namespace dynamodb --resource-id table/{{}}{rest}"
            f" --scalable-dimension dynamodb:{kind}:{capacity.singular.title()}CapacityUnits"
        )
        if len(group.tables) == 1:
            yield f"#   {command.format(group.tables[0])}"
        else:
            yield f"#   for table in {' '.join(group.tables)}; do {command.format('$table')}; done"
