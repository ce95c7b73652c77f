"""Kill many runs at random moments, two at a time, and read the state file after each."""

from __future__ import annotations

import json
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.soak.figures import Figure
from tests.soak.process import COMMAND, command, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

AT_ONCE = 2
FEWEST_KILLED_PART = 0.5
FIRST_GUESS_SECONDS = 0.5
SLOWER = 1.02
"""The factor by which the estimate grows after a kill, so that it adapts to a slower machine."""
_REGION = "us-east-1"
_KILLED_WITHIN = (0.6, 1.2)
"""The range of moments of a kill, in parts of the estimated time of a run."""
_CONFIGURATION = """\
[table: ^{table}$]
max-provisioned-reads: 1000
max-provisioned-writes: 1000
num-read-checks-before-scale-down: 1000000
num-write-checks-before-scale-down: 1000000
"""


@dataclass(frozen=True)
class Place:
    """The emulator and the directory of the runs, which share one state file."""

    emulator: Emulator
    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "kills.json"

    def flags(self, table: str) -> tuple[str, ...]:
        configuration = str(self.folder / f"{table}.conf")
        return ("-c", configuration, "--state-file", str(self.state), "--run-once")

    def read_count(self, table: str) -> int:
        """Return the count of a table; -1 if the file is incomplete."""
        try:
            regions = json.loads(self.state.read_text(encoding="utf-8"))["regions"]
            reads, writes = (regions[_REGION][table][side]["low_checks"] for side in ("reads", "writes"))
        except (OSError, ValueError, LookupError, TypeError):
            return -1
        return int(reads) if reads == writes else -1


@dataclass
class Tally:
    """The counts of one worker."""

    killed: int = 0
    ended: int = 0
    written: int = 0
    broken: int = 0


def soak_kills(emulator: Emulator, folder: Path, kills: int, seed: int) -> list[Figure]:
    """Start and kill this many runs, and return the figures."""
    place = Place(emulator, folder)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shares = [kills // AT_ONCE + (number < kills % AT_ONCE) for number in range(AT_ONCE)]
        workers = [
            pool.submit(_kill_often, place, f"killed-{number}", share, seed + number)
            for number, share in enumerate(shares)
        ]
        tallies = [worker.result() for worker in workers]
    last = command(emulator, folder, *place.flags("killed-0"))
    killed = sum(tally.killed for tally in tallies)
    return [
        Figure("rounds of start and kill -9", kills),
        Figure("of them killed before their end", killed, at_least=int(kills * FEWEST_KILLED_PART)),
        Figure("of them that had written the state file", sum(tally.written for tally in tallies)),
        Figure("broken state files", sum(tally.broken for tally in tallies), limit=0),
        Figure("warnings of a run after all of them", last.stdout.count(" - WARNING - "), limit=0),
    ]


def _kill_often(place: Place, table: str, rounds: int, seed: int) -> Tally:
    chance = random.Random(seed)  # noqa: S311 - the same moments for the same seed
    emulator, folder = place.emulator, place.folder
    emulator.add_table(table, reads=100, writes=100)
    emulator.put_metrics(table, consumed_reads=5, consumed_writes=5)
    path = folder / f"{table}.conf"
    path.write_text(_CONFIGURATION.format(table=table), encoding="utf-8")
    command(emulator, folder, *place.flags(table))
    whole = FIRST_GUESS_SECONDS
    count, tally = place.read_count(table), Tally()
    for _ in range(rounds):
        process = subprocess.Popen(
            [*COMMAND, *place.flags(table)],
            env=environment(emulator, folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        began = time.monotonic()
        try:
            process.wait(chance.uniform(*_KILLED_WITHIN) * whole)
            tally.ended += 1
            whole = min(whole, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            tally.killed += 1
            whole *= SLOWER
        found = place.read_count(table)
        tally.broken += found not in (count, count + 1)
        tally.written += found == count + 1
        count = max(found, 0)
    return tally
