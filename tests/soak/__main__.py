"""Run for long what tests run for short: `python -m tests.soak [--checks N] [--kills N] [--seed N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.emulator import Emulator
from tests.soak.checks import soak_checks
from tests.soak.figures import Figure, render
from tests.soak.kills import soak_kills

CHECKS = 500
KILLS = 1000
SEED = 3
MOST_MINUTES = 15.0


def main() -> int:
    """Soak, print the figures, and give 1 if a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--checks", type=int, default=CHECKS, help=f"checks of a daemon ({CHECKS})")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"runs to kill ({KILLS})")
    parser.add_argument("--seed", type=int, default=SEED, help="other faults, other moments")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        figures = soak_checks(emulator, Path(folder), asked.checks, asked.seed)
        emulator.reset()
        figures += soak_kills(emulator, Path(folder), asked.kills, asked.seed)
    figures.append(Figure("minutes", round((time.monotonic() - began) / 60, 1), limit=MOST_MINUTES))
    sys.stdout.write(f"{render(figures)}\n")
    return int(any(figure.is_broken for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
