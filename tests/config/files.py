"""Write configuration files and load them, or collect their faults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import Configuration, load
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = "max-provisioned-reads: 500\nmax-provisioned-writes: 500\n"
TABLE = f"[table: ^a$]\n{LIMITS}"


def read(path: Path, text: str | bytes, **flags: str | bool) -> Configuration:
    """Load a file with this content."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load({"config": str(path), **{name.replace("_", "-"): given for name, given in flags.items()}}, {})


def faults_of(path: Path, text: str | bytes, **flags: str | bool) -> tuple[str, ...]:
    """Load a file that has faults."""
    with pytest.raises(ConfigurationError) as raised:
        read(path, text, **flags)
    return raised.value.faults


def drop_line(sentence: str) -> str:
    """Return a fault or a warning without its line, which it must have."""
    match = re.fullmatch(r"line [0-9]+: (.*)", sentence, re.DOTALL)
    assert match is not None, sentence
    return match[1]
