"""Hold what a configuration is read from, so that it can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.findings import find_credential_faults
from dynamic_dynamodb.config.loader import Configuration, load
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

    def load(self) -> Configuration:
        """Load the configuration as it is now; raise ConfigurationError."""
        configuration = load(self.flags, self.environment)
        faults = tuple(find_credential_faults(configuration.global_options))
        if faults:
            raise ConfigurationError(faults)
        return configuration
