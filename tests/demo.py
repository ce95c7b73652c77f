"""Show the program at work on an emulated account: a dry run, a real run, and a replay of two weeks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.usage import MINUTE
from tests.emulator import Emulator
from tests.replay.recordings import DAY, START, wave

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION: Final = """\
[table: .*]
reads-target-utilization: 85
writes-target-utilization: 85
max-provisioned-reads: 500
max-provisioned-writes: 500
"""
_ENVIRONMENT: Final = {
    name: text
    for name, text in os.environ.items()
    if not name.startswith(("AWS_", "XDG_")) and name != "STATE_DIRECTORY"
}
"""Nothing of the operator's own: neither credentials nor state."""
_ROOT: Final = Path(__file__).parents[1]
_MINUTES_OF_METRICS: Final = 15
_REPLAYED_DAYS: Final = 14
_LINE_WIDTH_CHARACTERS: Final = 110
_NEXT: Final = (
    "make install                                     install the command",
    "dynamic-dynamodb --init --init-output my.conf    write a configuration for your own tables",
    "docs/first_steps.md                              try it without changing anything, then run it",
)


def main() -> int:
    """Run the demo; the emulator ends with it, and the report stays."""
    folder = Path(tempfile.mkdtemp(prefix="dynamic-dynamodb-demo-"))
    (folder / "demo.conf").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "orders.csv").write_text("".join(_write_recording()), encoding="utf-8")
    with Emulator() as aws:
        _fill(aws)
        before = aws.capacities()
        _say("demo.conf")
        print(textwrap.indent(CONFIGURATION, "  "), end="")
        decided = _run(aws, folder, "--dry-run", "--run-once", "--log-format", "json")
        *_, summary = lines = [json.loads(line) for line in decided.splitlines()]
        for line in lines:
            if line.get("table"):
                _print_decision(line)
        _run(aws, folder, "--run-once")
        changes = [
            f"{table} {_change(old, new)}"
            for (table, _), old in before.items()
            if (new := aws.capacities()[table, None]) != old
        ]
        print(f"  changed (reads/writes): {', '.join(changes)}")
        added, saved = summary["dollars_added_month"], summary["dollars_saved_month"]
        print(f"  adds ${added:.2f} and saves ${saved:.2f} in 30 days, at {summary['prices']}")
        report = folder / "replay.html"
        replayed = _run(aws, folder, "--replay", "orders.csv", "--report", report.name)
        for sentence in re.findall(r"^  - (.*)$", replayed, re.MULTILINE):
            print(_wrap(f"- {sentence}"))
        print(f"  report: {report}")
    _say("What next")
    for line in _NEXT:
        print(f"  {line}")
    return 0


def _write_recording() -> Iterator[str]:
    """Yield the lines of two weeks of reads."""
    yield "timestamp,consumed_reads\n"
    for minute, units in enumerate(wave(_REPLAYED_DAYS * DAY, 20, 200)):
        yield f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ},{units}\n"


def _fill(aws: Emulator) -> None:
    aws.add_table("busy", reads=100, writes=50)
    aws.put_metrics("busy", consumed_reads=96, consumed_writes=30, minutes=_MINUTES_OF_METRICS)
    aws.add_table("idle", reads=200, writes=100)
    aws.put_metrics("idle", consumed_reads=4, consumed_writes=2, minutes=_MINUTES_OF_METRICS)


def _run(aws: Emulator, folder: Path, *flags: str) -> str:
    shown = [flag for flag in flags if flag not in ("--log-format", "json")]
    _say(f"$ dynamic-dynamodb -c demo.conf {' '.join(shown)}")
    ended = subprocess.run(
        [sys.executable, "-m", "dynamic_dynamodb", "-c", "demo.conf", *flags],
        env={**_ENVIRONMENT, **aws.environment(), "HOME": str(folder), "PYTHONPATH": str(_ROOT)},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stdout


def _print_decision(line: dict[str, object]) -> None:
    """Print what a dry run would do with a table, with the reasons of both capacities."""
    _, _, decision = str(line["message"]).partition(": ")
    for part in decision.partition(": ")[2].split("; "):
        print(_wrap(f"{line['table']}: {part}"))


def _change(old: tuple[int, int], new: tuple[int, int]) -> str:
    return f"{old[0]}/{old[1]} -> {new[0]}/{new[1]}"


def _wrap(text: str) -> str:
    """Indent a line, and break it between words, never between a number and its percent sign."""
    kept = text.replace(" %", "\u00a0%")
    wrapped = textwrap.fill(
        kept, _LINE_WIDTH_CHARACTERS, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )
    return wrapped.replace("\u00a0", " ")


def _say(text: str) -> None:
    print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
