"""Print how the example configurations compare with AWS target tracking on recordings: `make traces`.

Each recording is replayed with two tables of example-dynamic-dynamodb.conf, whatever table it is of, under
each preset of the model. The results are Markdown tables.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import TYPE_CHECKING, Final, TypeAlias

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import OPTIONS, Group
from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.comparison.settings import read_settings
from dynamic_dynamodb.replay.comparison.target_tracking import DEFAULT_TARGET_PERCENT, name_tracking
from dynamic_dynamodb.replay.comparison.verdict import THIS_CONFIGURATION
from dynamic_dynamodb.replay.progress import ProgressBar
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, SUFFIXES, strip_suffix
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.scaling.model import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.recordings.recording import Recording

Results: TypeAlias = "Mapping[tuple[str, str, str], tuple[Row, ...]]"
"""The rows of each recording by its name, the table and the physics."""
EXAMPLE: Final = Path(__file__).resolve().parents[2] / "example-dynamic-dynamodb.conf"
PROFILES: Final = {
    "careful: `my_busy_table`": "my_busy_table",
    "recommended: `my_cheap_table`": "my_cheap_table",
}
"""The compared tables of the example configuration, by their headings."""


ANY_TARGET: Final = Target("trace")


@dataclass(frozen=True, slots=True)
class Figures:
    """The cost of capacity as a share of target tracking's, and the throttling of both in percent."""

    hour_max: float
    prorated: float
    throttled: float
    throttled_by_tracking: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Figures:
        """Return the figures of the first row."""
        ours = rows[0]
        (tracking,) = (row for row in rows if row.name == name_tracking(DEFAULT_TARGET_PERCENT))
        return cls(
            ours.cost.hour_max / tracking.cost.hour_max,
            ours.cost.prorated / tracking.cost.prorated,
            ours.throttled_percent,
            tracking.throttled_percent,
        )

    def __str__(self) -> str:
        """Return the figures as a cell of the table."""
        ours, tracking = map(format_percent, (self.throttled, self.throttled_by_tracking))
        return f"{self.hour_max:.2f} / {self.prorated:.2f}; {ours} ({tracking})"


def read_folder(folder: Path) -> dict[str, Recording]:
    """Return the recordings in a folder and in its subfolders, by a name for each.

    Raises ConfigurationError.
    """
    found = _read_one_folder(folder)
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found.update({f"{path.name}: {name}": one for name, one in _read_one_folder(path).items()})
    if not found:
        raise ConfigurationError((f"{folder} contains no recording, such as TABLE.csv or TABLE.csv.gz",))
    return found


def _read_one_folder(folder: Path) -> dict[str, Recording]:
    """Return recordings by their target, or by the name of the file if that need not be a target's."""
    files = [file for file in sorted(folder.glob("[!.]*")) if file.name.endswith(SUFFIXES)]
    if any(file.name.endswith((".json", ".json.gz")) for file in files) or (folder / MANIFEST).exists():
        return {str(one.target): one for one in read_recordings(folder, None)}
    return {strip_suffix(file.name): read_recordings(file, ANY_TARGET)[0] for file in files}


def replay(recording: Recording, table: str, physics: str) -> tuple[Row, ...]:
    """Return the rows of a recording, as if it were of this table of the example configuration."""
    configuration = load({"config": str(EXAMPLE)}, {})
    defaults = {option.key: option.default for option in OPTIONS if option.group is Group.REPLAY}
    settings = read_settings({**defaults, "region": "", "physics": physics})
    return compare(configuration, [replace(recording, target=Target(table))], settings).total


def replay_all(recordings: Mapping[str, Recording]) -> Results:
    """Replay each recording with each table and physics, in one process for each core."""
    results = {}
    progress = ProgressBar(sys.stderr, "replaying", delay_seconds=0)
    with ProcessPoolExecutor() as pool:
        tasks = {
            pool.submit(replay, recordings[name], table, physics): (name, table, physics)
            for name, table, physics in product(recordings, PROFILES.values(), PRESETS)
        }
        for number, task in enumerate(as_completed(tasks), 1):
            results[tasks[task]] = task.result()
            progress(number / len(tasks))
    progress.clear()
    return results


def average(figures: Sequence[Figures]) -> Figures:
    """Return the geometric means of costs, and the means of throttling."""
    return Figures(
        geometric_mean(one.hour_max for one in figures),
        geometric_mean(one.prorated for one in figures),
        fmean(one.throttled for one in figures),
        fmean(one.throttled_by_tracking for one in figures),
    )


def write_ratios(names: Sequence[str], results: Results) -> Iterator[str]:
    """Yield the lines of a table for each configuration."""
    yield (
        f"Cost of capacity ÷ AWS target tracking {DEFAULT_TARGET_PERCENT} %, billed hour-max / prorated;"
        " throttled (by target tracking):"
    )
    for heading, table in PROFILES.items():
        figures = {key: Figures.of(rows) for key, rows in results.items()}
        yield ""
        yield f"| {heading} | {' | '.join(PRESETS)} |"
        yield "|---|" + "---|" * len(PRESETS)
        for name in names:
            yield f"| {name} | {' | '.join(str(figures[name, table, physics]) for physics in PRESETS)} |"
        means = [average([figures[name, table, physics] for name in names]) for physics in PRESETS]
        yield f"| **mean** | {' | '.join(map(str, means))} |"


def write_dollars(names: Sequence[str], results: Results) -> Iterator[str]:
    """Yield the lines of a table of the totals of all options."""
    yield "Dollars per 30 days with watching, physics ideal, billed hour-max; throttled:"
    yield ""
    careful, recommended = PROFILES.values()
    named = [{row.name: row for row in results[name, recommended, "ideal"]} for name in names]
    others = [one for one in list(named[0])[1:] if all(one in rows for rows in named)]
    yield f"| | careful | recommended | {' | '.join(others)} |"
    yield "|---|---|---|" + "---|" * len(others)
    for name, rows in zip(names, named, strict=True):
        shown = [results[name, careful, "ideal"][0], rows[THIS_CONFIGURATION], *(rows[one] for one in others)]
        cells = (f"{row.total.hour_max:,.2f}; {format_percent(row.throttled_percent)}" for row in shown)
        yield f"| {name} | {' | '.join(cells)} |"


def print_for_folder(
    command: str,
    description: str | None,
    write: Callable[[Mapping[str, Recording]], Iterable[str]],
    arguments: Sequence[str] | None,
) -> int:
    """Print the lines about the recordings of a folder; return 2 if the folder cannot be used."""
    parser = ArgumentParser(prog=command, description=description)
    parser.add_argument("folder", type=Path, help="a folder of recordings, or of folders of --record")
    folder = parser.parse_args(arguments).folder
    try:
        recordings = read_folder(folder)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{folder} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    print("\n".join(write(recordings)))
    return 0


def write_tables(recordings: Mapping[str, Recording]) -> Iterator[str]:
    """Yield the lines of all tables."""
    names, results = sorted(recordings), replay_all(recordings)
    yield from write_ratios(names, results)
    yield ""
    yield from write_dollars(names, results)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 2 if the folder cannot be used."""
    return print_for_folder("make traces", __doc__, write_tables, arguments)


if __name__ == "__main__":
    sys.exit(main())
