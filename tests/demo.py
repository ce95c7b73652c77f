"""Show the program at work: an emulated account, a dry run, a real run, and what changed and why."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Final

from tests.emulator import Emulator

CONFIGURATION: Final = """\
[global]
region: us-east-1

[default_options]
min-provisioned-reads: 5
max-provisioned-reads: 500
min-provisioned-writes: 5
max-provisioned-writes: 500

[table: .*]

[gsi: .* table: .*]
increase-throttled-by-provisioned-writes-scale: {1: 25, 10: 50, 50: 100}
"""
_ENVIRONMENT: Final = {
    name: text
    for name, text in os.environ.items()
    if not name.startswith(("AWS_", "XDG_")) and name != "STATE_DIRECTORY"
}
"""Nothing of the operator's own: neither credentials nor state."""
MINUTES_OF_METRICS: Final = 15
LINE_WIDTH_CHARACTERS: Final = 100


def main() -> int:
    """Run the demo; the emulator ends with it."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as aws:
        configuration = Path(folder) / "demo.conf"
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        _fill(aws)
        _say("An emulated account: four tables, one with an index, and fifteen minutes of metrics:")
        before = aws.capacities()
        for (table, index), (reads, writes) in before.items():
            units = f"{reads:>5} reads {writes:>5} writes" if reads else "    billed on demand"
            print(f"  {_name(table, index):<20}{units}{'   (the index)' if index else ''}")
        _say("The configuration:")
        print(textwrap.indent(CONFIGURATION, "  "), end="")
        _run(aws, configuration, "--dry-run", "--run-once")
        output = _run(aws, configuration, "--run-once")
        _say("Before -> after, and why:")
        _print_table(before, aws.capacities(), output)
    return 0


def _fill(aws: Emulator) -> None:
    aws.add_table("busy", reads=100, writes=50)
    aws.put_metrics("busy", consumed_reads=96, consumed_writes=30, minutes=MINUTES_OF_METRICS)
    aws.add_table("idle", reads=200, writes=100)
    aws.put_metrics("idle", consumed_reads=4, consumed_writes=2, minutes=MINUTES_OF_METRICS)
    aws.add_table("orders", reads=100, writes=100, gsis={"by-customer": (50, 20)})
    aws.put_metrics("orders", consumed_reads=60, consumed_writes=55, minutes=MINUTES_OF_METRICS)
    aws.put_metrics(
        "orders",
        "by-customer",
        consumed_reads=25,
        consumed_writes=17,
        throttled_writes=300,
        minutes=MINUTES_OF_METRICS,
    )
    aws.add_table("sessions", on_demand=True)


def _run(aws: Emulator, configuration: Path, *flags: str) -> str:
    arguments = ["-c", str(configuration), *flags]
    _say(f"$ dynamic-dynamodb -c {configuration.name} {' '.join(flags)}")
    ended = subprocess.run(
        [sys.executable, "-m", "dynamic_dynamodb", *arguments],
        env={**_ENVIRONMENT, **aws.environment(), "HOME": str(configuration.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for line in ended.stdout.splitlines():
        print(_wrap(line.partition(" - ")[2], "  ", "      "))
    return ended.stdout


def _print_table(
    before: dict[tuple[str, str | None], tuple[int, int]],
    after: dict[tuple[str, str | None], tuple[int, int]],
    output: str,
) -> None:
    margin = f"  {'target':<20}{'reads':>12}{'writes':>12}  "
    print(f"{margin}why")
    for (table, index), old in before.items():
        name = _name(table, index)
        reads, writes = map(_change, old, after[table, index])
        said = next(line.partition(f" {name}: ")[2] for line in output.splitlines() if f" {name}: " in line)
        first = f"  {name:<20}{reads:>12}{writes:>12}  "
        for sentence in said.split("; "):
            print(_wrap(sentence, first, " " * (len(margin) + 2)))
            first = " " * len(margin)


def _wrap(text: str, first: str, rest: str) -> str:
    """Break a line between words only, and never between a number and its percent sign."""
    kept = text.replace(" %", "\u00a0%")
    wrapped = textwrap.fill(
        kept, LINE_WIDTH_CHARACTERS, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return wrapped.replace("\u00a0", " ")


def _change(old: int, new: int) -> str:
    return str(old) if old == new else f"{old} -> {new}"


def _name(table: str, index: str | None) -> str:
    return f"{table}/{index}" if index else table


def _say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
