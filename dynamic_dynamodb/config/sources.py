"""Keep the sources of a configuration, so that it can be reloaded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.config.lines import sort_by_line
from dynamic_dynamodb.config.loader import Configuration, LoadResult, examine, load
from dynamic_dynamodb.config.paths import find_collisions, find_log_in_recording
from dynamic_dynamodb.config.regions import (
    find_partition_faults,
    list_regions,
    warn_of_unknown_regions,
)
from dynamic_dynamodb.config.validation import find_credential_faults, find_path_faults
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMMANDS_THAT_START: Final = ("start", "restart")
"""Values of --daemon that write a pid file."""


def find_state_file(instance: str, environment: Mapping[str, str]) -> Path:
    """Return the default path of a state file: in systemd's state directory, else in the user's."""
    name = f"{instance}.json"
    if environment.get("STATE_DIRECTORY"):
        return Path(environment["STATE_DIRECTORY"].split(":")[0], name)
    home = Path(environment.get("XDG_STATE_HOME") or "~/.local/state")
    try:
        return home.expanduser() / PROGRAM / name
    except RuntimeError:  # a user without a home directory, as in some containers
        return Path("/var/lib", PROGRAM, name)


def add_dry_run(path: Path) -> Path:
    """Return the status file of dry runs beside that of real runs."""
    return path.with_name(f"{path.name}.dry-run")


def read_clock() -> datetime:
    """Return the time of this machine."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class ConfigSources:
    """The sources of a configuration: flags, environment, and the directory that paths are relative to.

    `clock` returns the time as of which schedules are judged.
    """

    flags: Mapping[str, str | bool]
    environment: Mapping[str, str]
    directory: Path
    clock: Callable[[], datetime] = field(default=read_clock, kw_only=True)

    def find_path(self, given: str) -> Path:
        """Return the absolute path of an option; raise ConfigurationError if `~` cannot be expanded."""
        try:
            return self.directory / Path(given).expanduser()
        except RuntimeError as error:
            raise ConfigurationError((f"{given} cannot be found: {error}",)) from error

    def find_state_path(self, options: Mapping[str, Any]) -> Path:
        """Return the path of the state file; raise ConfigurationError as `find_path` does."""
        given = options["state_file"]
        if given:
            return self.find_path(given)
        return self.directory / find_state_file(options["instance"], self.environment)

    def find_status_path(self, options: Mapping[str, Any]) -> Path:
        """Return the path of the status file; raise ConfigurationError as `find_path` does.

        A dry run has one of its own: it must not replace what is known of real changes.
        """
        given, instance = options["status_file"], options["instance"]
        if given:
            path = self.find_path(given)
        else:
            default = find_state_file(instance, self.environment)
            path = self.directory / default.with_name(f"{instance}.status")
        return add_dry_run(path) if options["dry_run"] else path

    def find_own_log(self, instance: str) -> Path:
        """Return the log file of a daemon that has neither log-file nor log-config-file."""
        directory = self.directory / find_state_file(instance, self.environment).parent
        return directory / f"{PROGRAM}.{instance}.log"

    def find_pid_path(self, options: Mapping[str, Any]) -> Path:
        """Return the path of the pid file; raise ConfigurationError as `find_path` does."""
        return self.find_path(options["pid_file_dir"]) / f"{PROGRAM}.{options['instance']}.pid"

    @property
    def path(self) -> Path | None:
        """Return the configuration file, if there is one."""
        return Path(str(self.flags["config"])) if self.flags.get("config") else None

    @property
    def source(self) -> str:
        """Return the name of what is read, for messages."""
        return str(self.flags.get("config", "the command line"))

    def load(self) -> Configuration:
        """Return the configuration as it is now; raise ConfigurationError."""
        result = self.examine()
        if result.faults:
            raise ConfigurationError(result.faults)
        return result.configuration

    def load_leniently(self) -> Configuration:
        """Return the configuration without the checks for a run; raise ConfigurationError."""
        return load(self.flags, self.environment, self.clock())

    def examine(self) -> LoadResult:
        """Return the configuration and its faults, including those that prevent a run."""
        result = examine(self.flags, self.environment, self.clock())
        configuration = result.configuration
        places, known = configuration.places, list_regions()
        unknown = map(result.lines.add_line, warn_of_unknown_regions(places, known))
        return replace(
            result,
            configuration=replace(configuration, warnings=(*configuration.warnings, *unknown)),
            faults=sort_by_line(
                (
                    *result.faults,
                    *map(result.lines.add_line, find_partition_faults(places, known)),
                    *map(result.lines.add_line, find_credential_faults(configuration.global_options)),
                    *map(result.lines.add_line, self._find_file_faults(configuration)),
                )
            ),
        )

    def _find_file_faults(self, configuration: Configuration) -> tuple[str, ...]:
        """Return the files that cannot be used; of a file with two purposes, that is the only fault."""
        unusable = tuple(find_path_faults(configuration.logging_options, self.find_path))
        try:
            return self._find_collisions(configuration) or unusable
        except ConfigurationError as error:
            return unusable or error.faults

    def _find_collisions(self, configuration: Configuration) -> tuple[str, ...]:
        """Return the files that would serve two purposes; raise ConfigurationError as `find_path` does."""
        options, log_options = configuration.global_options, configuration.logging_options
        files = {"the configuration": self.path}
        for key in ("log_config_file", "log_file"):
            given = log_options[key]
            files[key.replace("_", "-")] = self.find_path(given) if given else None
        files["state-file"] = self.find_state_path(options)
        files["status-file"] = self.find_status_path(options)
        if options["daemon"] in COMMANDS_THAT_START:
            files["the pid file"] = self.find_pid_path(options)
        log_file = files["log-file"]
        return (
            *find_collisions({purpose: path for purpose, path in files.items() if path is not None}),
            *(find_log_in_recording(log_file) if log_file is not None else ()),
        )
