"""Hold what a configuration is read from, so that it can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.findings import find_credential_faults
from dynamic_dynamodb.config.loader import Configuration, load
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a configuration is read from: flags, environment, and the directory that paths count from."""

    flags: Mapping[str, str | bool]
    environment: Mapping[str, str]
    directory: Path

    def load(self) -> Configuration:
        """Load the configuration as it is now; raise ConfigurationError."""
        configuration = load(self.flags, self.environment)
        faults = tuple(find_credential_faults(configuration.global_options))
        if faults:
            raise ConfigurationError(faults)
        return configuration
