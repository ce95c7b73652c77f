"""Run long versions of tests: `python -m tests.soak [PART ...] [--seed N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.emulator import Emulator
from tests.soak.checks import soak_checks
from tests.soak.figures import Figure, render
from tests.soak.hangs import soak_hangs
from tests.soak.kills import soak_kills
from tests.soak.virtual import CHECKS as VIRTUAL_CHECKS
from tests.soak.virtual import soak_account

CHECKS = 500
KILLS = 1000
SEED = 3
QUIET_SECONDS = 1_800
MOST_MINUTES = {"daemon": 16.0, "account": 10.0, "hangs": 4.0}


def main() -> int:
    """Soak, print the figures, and return 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(MOST_MINUTES), help=f"of {', '.join(MOST_MINUTES)}")
    parser.add_argument("--checks", type=int, default=CHECKS, help=f"checks of a daemon ({CHECKS})")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"runs to kill ({KILLS})")
    parser.add_argument(
        "--virtual", type=int, default=VIRTUAL_CHECKS, help=f"checks of an account ({VIRTUAL_CHECKS})"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="other faults, other moments")
    asked = parser.parse_args()
    is_broken = False
    for part in asked.parts:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            figures = _soak(part, Path(folder), asked)
        minutes = round((time.monotonic() - began) / 60, 1)
        figures.append(Figure(f"minutes ({part})", minutes, limit=MOST_MINUTES[part]))
        sys.stdout.write(f"{render(figures)}\n")
        sys.stdout.flush()
        is_broken |= any(figure.is_broken for figure in figures)
    return int(is_broken)


def _soak(part: str, folder: Path, asked: argparse.Namespace) -> list[Figure]:
    if part == "account":
        with_quiet = soak_account(asked.virtual // 4, asked.seed, QUIET_SECONDS)
        return soak_account(asked.virtual, asked.seed) + with_quiet
    if part == "hangs":
        return soak_hangs(folder)
    with Emulator() as emulator:
        figures = soak_checks(emulator, folder, asked.checks, asked.seed)
        emulator.reset()
        return figures + soak_kills(emulator, folder, asked.kills, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
