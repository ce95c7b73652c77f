"""Carry out --init."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.resilience import FOR_LONG_ANSWERS, never
from dynamic_dynamodb.cli.configuration import read_shipped
from dynamic_dynamodb.cli.new_files import find_new_file, write_new_file
from dynamic_dynamodb.cli.result import ExitCode, Result, add_program_name
from dynamic_dynamodb.cli.streams import exit_cleanly_on_signals, write_remark
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.proposal.on_demand import write_on_demand
from dynamic_dynamodb.proposal.survey import SurveyError, Surveyor
from dynamic_dynamodb.proposal.text import write_proposal
from dynamic_dynamodb.replay.progress import ProgressBar, describe_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.proposal.survey import Survey

_USUAL_FILE: Final = "dynamic-dynamodb.conf"


def propose(sources: ConfigSources, configuration: Configuration) -> Result:
    """Print or write a first configuration; raise ConfigurationError."""
    _check_places(configuration.places)
    output = find_new_file(sources, "init-output")
    exit_cleanly_on_signals()
    warnings = list(configuration.warnings)
    try:
        survey = _survey(configuration, warnings)
    except (AwsError, SurveyError) as error:
        faults = add_program_name([f"{error}: no configuration was written"])
        return Result("", add_program_name(warnings), faults, ExitCode.FAILURE)
    warnings += survey.warnings
    failures = list(survey.failures)
    if not survey.provisioned:
        failures.append(
            f"no table of {survey.place.name} has provisioned capacity, so there is nothing to scale"
        )
        text = "\n".join(write_on_demand(survey))
        return Result(text, add_program_name(warnings), add_program_name(failures), ExitCode.FAILURE)
    example = read_shipped(f"example-{_USUAL_FILE}")
    file = _USUAL_FILE if output is None else shlex.quote(str(sources.flags["init-output"]))
    text = "\n".join(write_proposal(survey, example, file))
    if output is not None:
        fault = write_new_file(output, f"{text}\n")
        if fault is None:
            text = f"written to {output}: check it with {PROGRAM} -c {file} --check-config"
        else:
            failures.append(f"--init-output {output} cannot be written: {fault}; it is printed instead")
    code = ExitCode.FAILURE if failures else ExitCode.SUCCESS
    return Result(text, add_program_name(warnings), add_program_name(failures), code)


def _check_places(places: Sequence[Place]) -> None:
    """Raise ConfigurationError if there are several places."""
    if len(places) == 1:
        return
    what, flags = "region", f"--region {places[0].region}"
    if any(place.account for place in places):
        what, flags = "account and region", f"--account {places[0].account} {flags}"
    several = f"--init writes a configuration for one {what}, and there are {len(places)}"
    raise ConfigurationError((f"{several}: choose one, such as {flags}",))


def _survey(configuration: Configuration, warnings: list[str]) -> Survey:
    """Ask AWS, and add what to warn about; raise AwsError and SurveyError."""
    options = configuration.global_options
    progress = _Progress()
    with start_workers() as workers:
        workers.lookups.resize(options["max_workers"])
        account = open_account(configuration, workers, FOR_LONG_ANSWERS, never)
        try:
            return Surveyor(account, configuration.places[0], progress.announce, progress).survey()
        finally:
            progress.bar.clear()
            conditions = (*account.conditions.in_force, *workers.conditions.in_force)
            warnings += [one.sentence for one in conditions if one.level >= Level.WARNING]


class _Progress:
    """A bar with what is read, how much of it, and the time left; each kind of reading begins anew."""

    def __init__(self) -> None:
        self.bar = ProgressBar(sys.stderr, "", delay_seconds=0)
        self._what = ""
        self._begun = time.monotonic()

    def announce(self, sentence: str) -> None:
        """Write a line to stderr, because the configuration goes to stdout."""
        self.bar.clear()
        write_remark(f"{PROGRAM}: {sentence}")

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that some of all things are read."""
        if what != self._what:
            self._what, self._begun = what, time.monotonic()
        left = (time.monotonic() - self._begun) / done * (total - done) if done else 0.0
        self.bar.label = f"reading {what} {done:,}/{total:,}, {describe_time(left)} left"
        self.bar(done / total)
