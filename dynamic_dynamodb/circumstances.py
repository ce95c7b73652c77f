"""Hold what a configuration is read from, so that it can be read again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.findings import find_credential_faults, find_path_faults
from dynamic_dynamodb.config.loader import Configuration, Examination, examine, load
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a configuration is read from: flags, environment, and the directory that paths count from."""

    flags: Mapping[str, str | bool]
    environment: Mapping[str, str]
    directory: Path

    def find_path(self, given: str) -> Path:
        """Give the absolute path that an option means; raise ConfigurationError without such a home."""
        try:
            return self.directory / Path(given).expanduser()
        except RuntimeError as error:
            raise ConfigurationError((f"{given} cannot be found: {error}",)) from error

    @property
    def path(self) -> Path | None:
        """Return the file that is read, if one is."""
        return Path(str(self.flags["config"])) if self.flags.get("config") else None

    @property
    def source(self) -> str:
        """Name what is read, for messages."""
        return str(self.flags.get("config", "the command line"))

    def load(self) -> Configuration:
        """Load the configuration as it is now; raise ConfigurationError."""
        examination = self.examine()
        if examination.faults:
            raise ConfigurationError(examination.faults)
        return examination.configuration

    def load_leniently(self) -> Configuration:
        """Load it for show: what only matters when it runs is no fault; raise ConfigurationError."""
        return load(self.flags, self.environment)

    def examine(self) -> Examination:
        """Read the configuration and collect its faults, those included that only matter when it runs."""
        examination = examine(self.flags, self.environment)
        configuration = examination.configuration
        return replace(
            examination,
            faults=(
                *examination.faults,
                *find_credential_faults(configuration.global_options),
                *find_path_faults(configuration.logging_options, self.find_path),
            ),
        )
