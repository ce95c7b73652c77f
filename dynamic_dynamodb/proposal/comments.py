"""Write comments of a configuration file."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.text import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH: Final = 108


def write_comment(text: str) -> Iterator[str]:
    """Yield the lines of a comment; the text may begin with spaces, which all its lines get.

    A line break within the text, which may come from AWS, does not become one of the file.
    """
    text = escape(text)
    indent = " " * (len(text) - len(text.lstrip()))
    lines = wrap(
        text, _WIDTH, subsequent_indent=f"{indent}  ", break_on_hyphens=False, break_long_words=False
    )
    yield from (f"# {line}" for line in lines)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 index` or `2,500 tables`."""
    plural = "indexes" if noun == "index" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
