"""Start the program on an emulated account, and read what a process has cost so far."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


def make_environment(url: str, folder: str) -> dict[str, str]:
    """Return the environment of a program that calls the emulator at this URL, and has this home."""
    own = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "XDG_"))}
    return {
        **own,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIDBENCH",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": folder,
    }


@contextmanager
def run_program(url: str, folder: str, arguments: Sequence[str], output: Path) -> Iterator[int]:
    """Run the program in the foreground, yield its pid, and end it."""
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "dynamic_dynamodb", *arguments],
            cwd=ROOT,
            env=make_environment(url, folder),
            stdout=stream,
            stderr=stream,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def read_cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def read_status(pid: int, name: str) -> int:
    """Return a figure of a process, such as VmHWM, its most memory so far in kB, or Threads."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1])
