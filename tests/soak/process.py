"""Start the program, and measure its process from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator import Emulator

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "dynamic_dynamodb")
PATIENCE_SECONDS = 60.0
_FOREIGN = ("AWS_", "XDG_", "STATE_DIRECTORY")


def environment(emulator: Emulator, home: Path) -> dict[str, str]:
    """Return an environment with this account and this home only."""
    own = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**own, "HOME": str(home), "PYTHONPATH": str(ROOT), **emulator.environment()}


def command(
    emulator: Emulator, folder: Path, *flags: str, patience_seconds: float = PATIENCE_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [*COMMAND, *flags],
        env=environment(emulator, folder),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=patience_seconds,
        check=False,
    )


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Poll until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"not within {seconds:.0f} s: {what}"
            raise TimeoutError(message)
        time.sleep(0.02)


def memory_megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def count_descriptors(pid: int) -> int:
    """Count the open descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
