"""Answer what the program can tell without AWS: about a configuration, or about itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.permissions import MOST_CHARACTERS, write_policy
from dynamic_dynamodb.config.explain import explain, parse_target
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.migration import describe_differences
from dynamic_dynamodb.config.render import render_configuration
from dynamic_dynamodb.service.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources


@dataclass(frozen=True, slots=True)
class Answer:
    """What to print: the text that was asked for, remarks beside it, and faults that end in failure."""

    text: str
    remarks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def show_configuration(sources: ConfigSources) -> Answer:
    """Render every option in force as JSON; raise ConfigurationError."""
    configuration = sources.load_leniently()
    return Answer(render_configuration(configuration), configuration.warnings)


def check_configuration(sources: ConfigSources) -> Answer:
    """List every warning, every difference from 2.5.1 and every fault."""
    result = sources.examine()
    configuration = result.configuration
    warnings, differences = [*configuration.warnings], list(describe_differences(configuration.sections))
    if not result.faults:
        warnings += _warn_of_counts(sources, configuration.global_options)
    lines = [f"warning: {warning}" for warning in warnings]
    lines += [f"notice: {difference}" for difference in differences]
    if not result.faults:
        counted = _count(configuration, len(warnings), len(differences))
        lines.append(f"{sources.source} can be used: {counted}")
    return Answer("\n".join(lines), faults=result.faults)


def _warn_of_counts(sources: ConfigSources, options: Mapping[str, Any]) -> Iterator[str]:
    """Say of the state file what the first check of a run would say."""
    file = StateFile(sources.find_state_path(options), options["region"])
    if not options["dry_run"] and (obstacle := file.find_obstacle()):
        yield obstacle


def explain_target(sources: ConfigSources) -> Answer:
    """Check the configuration, and explain the options of one target."""
    answer = check_configuration(sources)
    if answer.faults:
        return answer
    configuration = sources.load()
    explanation = explain(configuration, parse_target(configuration.global_options["explain"]))
    return Answer(f"{answer.text}\n{explanation}")


def print_policy(sources: ConfigSources) -> Answer:
    """Write the IAM policy as JSON; raise ConfigurationError."""
    policy = write_policy(sources.load())
    length = len(json.dumps(policy, separators=(",", ":")))
    too_long = (
        f"these are {length} characters, a managed policy takes {MOST_CHARACTERS}:"
        " write fewer resources, such as table/prod-*, or split it"
    )
    return Answer(json.dumps(policy, indent=2), (too_long,) if length > MOST_CHARACTERS else ())


def print_completion(sources: ConfigSources) -> Answer:
    """Give the script for a shell; raise ConfigurationError."""
    flag = "print-completion"
    shell = load({flag: sources.flags[flag]}, {}).global_options["print_completion"]
    return Answer(_read_shipped("completion", f"dynamic-dynamodb.{shell}"))


def print_example(sources: ConfigSources) -> Answer:  # noqa: ARG001 - it is the same in all
    """Give the example file."""
    return Answer(_read_shipped("example-dynamic-dynamodb.conf"))


def _read_shipped(*names: str) -> str:
    """Read a file that comes with the package."""
    file = resources.files("dynamic_dynamodb").joinpath("contrib", *names)
    return file.read_text(encoding="utf-8").rstrip("\n")


INQUIRIES: Final[Mapping[str, Callable[[ConfigSources], Answer]]] = {
    "print-completion": print_completion,  # first, like the next: they need no configuration
    "print-example": print_example,
    "explain": explain_target,  # before check-config, which it includes
    "check-config": check_configuration,
    "print-iam-policy": print_policy,
    "show-config": show_configuration,
}
"""What answers which flag; the first that is given counts."""


def _count(configuration: Configuration, warnings: int, differences: int) -> str:
    indexes = sum(len(section.gsis) for section in configuration.sections)
    counted = (
        (len(configuration.sections), "table section"),
        (indexes, "index section"),
        (warnings, "warning"),
        (differences, "notice"),
    )
    return ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counted)
