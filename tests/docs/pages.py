"""Read the pages of the documentation: their blocks, command lines, links and anchors."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
"""Every page, the README first."""

_FENCE = re.compile(r"^( *)(`{3,}|~{3,})(.*?)$\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?<![\w./-])dynamic-dynamodb (?=-[-\w])(.*)")
_AFTER_A_COMMAND = (">", "|", "&&")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HTML_LINK = re.compile(r'(?:src|srcset|href)="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block: the language after its fence, and its text."""

    language: str
    text: str


def read(page: Path) -> str:
    """Read a page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str | None = None) -> list[Block]:
    """Return a page's fenced blocks, of one language or all."""
    found = [Block(match[3].partition(" ")[0].strip(), match[4]) for match in _FENCE.finditer(read(page))]
    return [block for block in found if language is None or block.language == language]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", read(page))


def command_lines(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of each `dynamic-dynamodb …` in the page's blocks and between backquotes."""
    shown = [block.text.replace("\\\n", " ") for block in blocks(page)]
    shown += _INLINE.findall(prose(page))
    for text in shown:
        for line in text.splitlines():
            match = _COMMAND.search(line)
            if match:
                words = shlex.split(match[1], comments=True)
                yield list(takewhile(lambda word: word not in _AFTER_A_COMMAND, words))


def links(page: Path) -> Iterator[str]:
    """Yield the links of a page, except those to the web."""
    text = prose(page)
    for link in (*_LINK.findall(text), *_HTML_LINK.findall(text)):
        if not re.match(r"[a-z]+:", link):
            yield link


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and myst-parser spell them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
