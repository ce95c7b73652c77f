"""Carry out the commands that show or check a configuration, or print a file; none calls AWS."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.permissions import (
    MOST_CHARACTERS,
    PROGRAM_ACCOUNT,
    write_policies_of_accounts,
    write_policy,
)
from dynamic_dynamodb.cli.result import Result, add_program_name, refuse
from dynamic_dynamodb.config.explain import describe_schedule, explain, render_configuration
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.migration import describe_differences
from dynamic_dynamodb.service.state_file import StateFile
from dynamic_dynamodb.service.status.file import StatusFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources


def show_configuration(sources: ConfigSources) -> Result:
    """Return every option in force as JSON; raise ConfigurationError."""
    configuration = sources.load_leniently()
    return Result(render_configuration(configuration), add_program_name(configuration.warnings))


def check_configuration(sources: ConfigSources) -> Result:
    """Return all warnings, differences from 2.5.1 and faults, each place and each schedule."""
    return _check(sources, lists_everything=True)


def _check(sources: ConfigSources, *, lists_everything: bool) -> Result:
    result = sources.examine()
    configuration = result.configuration
    warnings = [*configuration.warnings]
    differences = list(dict.fromkeys(describe_differences(configuration.sections, configuration.places)))
    if not result.faults:
        warnings += _warn_of_files(sources, configuration.global_options)
    lines = [f"warning: {warning}" for warning in warnings]
    lines += [f"notice: {difference}" for difference in differences]
    if not result.faults:
        counted = _count(configuration, len(warnings), len(differences))
        if lists_everything:
            now = sources.clock()
            lines += _describe_places(configuration)
            lines += (f"schedule {one.name} {describe_schedule(one, now)}" for one in configuration.schedules)
        lines.append(f"{sources.source} can be used: {counted}")
    text = "\n".join(lines)
    return refuse(sources.flags, result.faults, text=text) if result.faults else Result(text)


def _describe_places(configuration: Configuration) -> Iterator[str]:
    """Yield each place with the role that is assumed there; nothing for the program's own only region."""
    for place in configuration.places:
        if place.role is not None:
            yield f"scales {place.name} with {place.role.arn}"
        elif place.account:
            yield f"scales {place.name} with the program's own credentials"
        elif place.label:
            yield f"scales {place.name}"


def _warn_of_files(sources: ConfigSources, options: Mapping[str, Any]) -> Iterator[str]:
    """Return the warnings that the first check would log about the state file and the status file."""
    file = StateFile(sources.find_state_path(options), options["region"])
    if not options["dry_run"] and (obstacle := file.find_obstacle()):
        yield obstacle
    if obstacle := StatusFile(sources.find_status_path(options)).find_obstacle():
        yield obstacle


def explain_target(sources: ConfigSources) -> Result:
    """Check the configuration, then explain the options of one target, with the schedules it depends on."""
    checked = _check(sources, lists_everything=False)
    if checked.faults:
        return checked
    configuration = sources.load()
    options = configuration.global_options
    explanation = explain(configuration, options["explain"], options["at"] or sources.clock())
    return Result(f"{checked.text}\n{explanation}")


def print_policy(sources: ConfigSources) -> Result:
    """Return the IAM policy as JSON, or those of several accounts; raise ConfigurationError."""
    configuration = sources.load()
    remarks: list[str] = []
    if any(place.role for place in configuration.places):
        document = write_policies_of_accounts(configuration)
        remarks.append(
            f"replace {PROGRAM_ACCOUNT} in each trust-policy with the id of the account that the program's"
            " own credentials are for: `aws sts get-caller-identity` shows it"
        )
        policies = {f"the policy of {name}": one["policy"] for name, one in document["accounts"].items()}
        policies["the policy of the program"] = document["program"]["policy"]
    else:
        document = write_policy(configuration)
        policies = {"the policy": document}
    for name, policy in policies.items():
        length = len(json.dumps(policy, separators=(",", ":")))
        if length > MOST_CHARACTERS:
            remarks.append(
                f"{name} has {length} characters, a managed policy at most {MOST_CHARACTERS}:"
                " use fewer resources, such as table/prod-*, or split it"
            )
    return Result(json.dumps(document, indent=2), add_program_name(remarks))


def print_completion(sources: ConfigSources) -> Result:
    """Return the completion script for a shell; raise ConfigurationError."""
    flag = "print-completion"
    shell = load({flag: sources.flags[flag]}, {}).global_options["print_completion"]
    return Result(read_shipped("completion", f"dynamic-dynamodb.{shell}"))


def print_example(sources: ConfigSources) -> Result:  # noqa: ARG001 - the same for every configuration
    """Return the example configuration file."""
    return Result(read_shipped("example-dynamic-dynamodb.conf"))


def read_shipped(*names: str) -> str:
    """Return the text of a file that is installed with the package."""
    file = resources.files("dynamic_dynamodb").joinpath("contrib", *names)
    return file.read_text(encoding="utf-8").rstrip("\n")


COMMANDS: Final[Mapping[str, Callable[[ConfigSources], Result]]] = {
    "print-completion": print_completion,  # first, as is the next: they need no configuration
    "print-example": print_example,
    "explain": explain_target,  # before check-config, which it includes
    "check-config": check_configuration,
    "print-iam-policy": print_policy,
    "show-config": show_configuration,
}
"""The function for each flag. If several are given, the first in this order is carried out."""


def _count(configuration: Configuration, warnings: int, differences: int) -> str:
    indexes = {id(index) for section in configuration.sections for index in section.gsis}
    places = configuration.places
    counted = (
        *([(len(places), "place")] if any(place.label or place.account for place in places) else []),
        (len(configuration.sections), "table section"),
        (len(indexes), "index section"),
        (warnings, "warning"),
        (differences, "notice"),
    )
    return ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counted)
