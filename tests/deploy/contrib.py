"""The files of the package for running the program as a service."""

from __future__ import annotations

from pathlib import Path

import dynamic_dynamodb

CONTRIB = Path(dynamic_dynamodb.__file__).parent / "contrib"
UNIT = CONTRIB / "dynamic-dynamodb.service"
INIT_SCRIPT = CONTRIB / "dynamic-dynamodb.init"
REPOSITORY = CONTRIB.parent.parent
TEMPLATE = REPOSITORY / "cloudformation-templates" / "dynamic-dynamodb.json"


def read(path: Path) -> str:
    """Read a text."""
    return path.read_text(encoding="utf-8")
