"""Write a proposal as a commented configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.places import write_accounts, write_regions
from dynamic_dynamodb.proposal.comments import count, write_comment
from dynamic_dynamodb.proposal.groups import group_tables
from dynamic_dynamodb.proposal.limits import USUAL_MINIMUM, plan_table
from dynamic_dynamodb.proposal.on_demand import write_on_demand
from dynamic_dynamodb.proposal.sections import write_sections
from dynamic_dynamodb.proposal.survey import DAYS
from dynamic_dynamodb.scaling.costs import describe_metrics_bill
from dynamic_dynamodb.scaling.model import Target

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dynamic_dynamodb.proposal.limits import TablePlans
    from dynamic_dynamodb.proposal.survey import Survey

CHECK_INTERVAL_SECONDS: Final = 60
"""The check interval that the recommended options are meant for."""
_MOST_WITH_COMMANDS: Final = 5_000
"""With more tables, the commands for each would make the file too large to be read."""
_RECOMMENDED: Final = "\n[table: ^my_cheap_table$]\n"


def find_recommended(example: str) -> list[str]:
    """Return the lines of the recommended options in the example file, without the limits of their table."""
    section = example.split(_RECOMMENDED)[1]
    return section.split("min-provisioned-", maxsplit=1)[0].rstrip("\n").split("\n")


def write_proposal(survey: Survey, example: str, file: str) -> Iterator[str]:
    """Yield the lines of a configuration file; `file` is its name in the commands that it shows.

    Without a table that can be scaled it is not a valid file.
    """
    plans = {name: plan_table(survey, targets) for name, targets in survey.provisioned.items()}
    groups = group_tables({name: _find_kind(one, name, survey) for name, one in plans.items()}, survey.names)
    yield from _write_head(survey, file)
    yield "#"
    yield from write_comment(
        f"{count(len(survey.names), 'table')}: {len(plans):,} in {count(len(groups), 'table section')} below,"
        f" {len(survey.tables) - len(plans):,} billed on demand, which the end of the file lists."
    )
    yield from _describe_limits(plans.values())
    yield ""
    yield from _write_global(survey)
    yield ""
    yield "[default_options]"
    yield from write_comment("The recommended options, for everything below; a section may have others.")
    yield from find_recommended(example)
    has_commands = len(plans) <= _MOST_WITH_COMMANDS
    for group in groups:
        yield from write_sections(group, plans, survey, has_commands=has_commands)
    if len(plans) < len(survey.tables):
        yield ""
        yield from write_on_demand(survey)


def _find_kind(plans: TablePlans, name: str, survey: Survey) -> tuple[object, ...]:
    """Return what tables have in common that may share a section; none may if others are not known."""
    sides = tuple((target.index, plan.reads.kind, plan.writes.kind) for target, plan in plans.items())
    replicas = survey.tables[name][Target(name)].replicas
    return (sides, replicas) if survey.is_list_complete else (sides, replicas, name)


def _write_head(survey: Survey, file: str) -> Iterator[str]:
    account = f", account {survey.account}" if survey.account else ""
    yield from write_comment(
        f"Written by dynamic-dynamodb --init on {survey.asked:%Y-%m-%d} for {survey.place.name}{account}."
    )
    calls = ", ".join(
        f"{number:,} {action.partition(':')[2]}" for action, number in sorted(survey.calls.items())
    )
    yield from write_comment(
        f"Calls: {sum(survey.calls.values()):,} ({calls}). CloudWatch bills"
        f" {describe_metrics_bill(survey.metrics)}."
    )
    yield "#"
    yield "# Next: check the file, and see what it would do."
    yield f"#   dynamic-dynamodb -c {file} --check-config"
    yield f"#   dynamic-dynamodb -c {file} --dry-run --run-once"
    unread = (*survey.failures, *survey.warnings)
    if unread:
        yield "#"
        yield "# Not everything could be read:"
        for sentence in unread:
            yield from write_comment(f"  - {sentence}")


def _describe_limits(plans: Collection[TablePlans]) -> Iterator[str]:
    yield from write_comment(
        "The maximum of a capacity limits its bill, and how much of a peak it can serve: check it. It is"
        f" twice the busiest minute of the last {DAYS} days, and never below what is provisioned now."
        f" The minimum is {USUAL_MINIMUM}, or what is provisioned now if that is less. What AWS scales"
        " itself has the limits that are registered with AWS."
    )
    scaled = sum(any(side.registration for pair in one.values() for side in pair) for one in plans)
    if scaled:
        yield from write_comment(
            f"AWS Application Auto Scaling scales capacities of {count(scaled, 'table')} itself. They are"
            " left alone, because skip-aws-autoscaled is set, until you deregister them: from then on, their"
            " sections apply. Deregistering also deletes AWS's policies and scheduled actions: write a"
            " [schedule: NAME] for each action first."
        )


def _write_global(survey: Survey) -> Iterator[str]:
    yield "[global]"
    yield from write_regions([survey.place])
    yield f"check-interval: {CHECK_INTERVAL_SECONDS}"
    yield ""
    permission = "application-autoscaling:DescribeScalableTargets"
    if survey.registrations is None:
        yield from write_comment(
            f"It is not known what AWS scales itself. Allow {permission}, without which nothing is lowered;"
            " or set false if AWS scales none of these tables."
        )
    else:
        yield from write_comment(
            f"Leave alone what AWS scales itself: two scalers work against each other. Requires {permission}."
        )
    yield "skip-aws-autoscaled: true"
    yield from write_accounts([survey.place])
