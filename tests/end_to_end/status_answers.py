"""Read what `--daemon status` prints, and prepare what it is about."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program, Run

ENDED = re.compile(r"old: as of \d+ s ago, by a process that has ended")


def state(program: Program) -> Path:
    """Return the state directory of the program."""
    return program.folder / ".local" / "state" / "dynamic-dynamodb"


def read(run: Run) -> Any:
    """Return the JSON that a command has printed."""
    return json.loads(run.stdout)


def rows(run: Run) -> list[str]:
    """Return the names in the table, in its order."""
    table = run.stdout.partition("\nTABLE OR INDEX")[2].partition("\n\n")[0]
    return [line.split()[0] for line in table.splitlines()[1:] if not line.startswith(" ")]


def unwrap(run: Run) -> str:
    """Return what a command has printed, in one line."""
    return " ".join(run.stdout.split())


def deny(emulator: Emulator, table: str) -> None:
    emulator.add_fault(action="DescribeTable", table=table, code="AccessDeniedException", times=None)
