"""Read what --init prints: its sections, their options, and their comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.program import Program, Run


def sections_of(text: str) -> dict[str, list[str]]:
    """Return the comments and options of each section for tables and indexes, which a blank line precedes."""
    found = {}
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        titles = [line for line in lines if line.startswith(("[table: ", "[gsi: "))]
        if titles:
            found[titles[0]] = [line for line in lines if line != titles[0]]
    return found


def limits(reads: tuple[int, int], writes: tuple[int, int]) -> list[str]:
    """Return the limits of a section as its options."""
    return [
        f"min-provisioned-reads: {reads[0]}",
        f"max-provisioned-reads: {reads[1]}",
        f"min-provisioned-writes: {writes[0]}",
        f"max-provisioned-writes: {writes[1]}",
    ]


def options_of(text: str) -> dict[str, list[str]]:
    """Return the options of each section for tables and indexes."""
    return {
        title: [line for line in lines if not line.startswith("#")]
        for title, lines in sections_of(text).items()
    }


def joined(text: str) -> str:
    """Return a file with its wrapped comments in one line."""
    return re.sub(r"\n#  +", " ", text)


def check(program: Program, text: str) -> Run:
    """Check a file that was printed."""
    return program.run("-c", program.write(text), "--check-config")
