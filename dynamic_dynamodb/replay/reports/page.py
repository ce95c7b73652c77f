"""Write a page of one file, with a table of targets that show their details when they are opened."""

from __future__ import annotations

import zlib
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_DETAILED: Final = 10
"""Of more targets, the details are shorter, so that the page stays small."""
COLUMNS: Final = 800
"""Columns of a chart."""
COLUMNS_OF_MANY: Final = 150
"""Columns of a chart if the page has many targets."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the table of targets; numbers are right-aligned, and the highest is sorted first."""

    title: str
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table of targets: its text, and the number to sort by; text is sorted as it is."""

    text: str
    number: float | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A row of the table of targets; `details` is the HTML that is shown when the row is opened."""

    name: str
    cells: tuple[Cell, ...]
    details: str


def count_columns(targets: int) -> int:
    """Return the columns of each chart on a page of so many targets."""
    return COLUMNS if targets <= MOST_DETAILED else COLUMNS_OF_MANY


def write_page(title: str, parts: Iterable[str]) -> str:
    """Return a page whose policy allows its own style and script, and nothing else."""
    style, script = _read("page.css"), _read("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none';"
        " form-action 'none'"
    )
    head = "\n".join(
        (
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style>",
        )
    )
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def write_targets(caption: str, headings: Sequence[Heading], rows: Sequence[TargetRow]) -> Iterator[str]:
    """Yield a table that can be sorted and searched, whose rows show their details when they are opened."""
    yield '<noscript><p class="warnings">Details and sorting require JavaScript.</p></noscript>'
    if len(rows) > MOST_DETAILED:
        yield (
            '<p><label>Find <input type="search" class="find" autocomplete="off"></label>'
            ' <output class="found"></output></p>'
        )
    titles = "".join(
        f'<th scope="col"{"" if heading.is_number else " class=text"}>'
        f'<button type="button">{_write_title(heading.title)}</button></th>'
        for heading in headings
    )
    yield f'<div class="wide"><table class="targets"><caption>{_write_title(caption)}</caption>'
    yield f"<thead><tr>{titles}</tr></thead><tbody>"
    for row in rows:
        yield _write_row(row, headings)
    yield "</tbody></table></div>"


def _write_row(row: TargetRow, headings: Sequence[Heading]) -> str:
    cells = "".join(_write_cell(cell, heading) for cell, heading in zip(row.cells, headings[1:], strict=True))
    name = escape(row.name)
    # A name may hold any character: recordings are files.
    return (
        f'<tr id="{name}" data-details="{_pack(row.details)}"><th scope="row">'
        f'<a href="#{quote(row.name)}" aria-expanded="false">{name}</a></th>{cells}</tr>'
    )


def _write_cell(cell: Cell, heading: Heading) -> str:
    classes = " ".join(filter(None, (cell.kind, "" if heading.is_number else "text")))
    kind = f' class="{classes}"' if classes else ""
    number = "" if cell.number is None else f' data-number="{cell.number:.6g}"'
    return f"<td{kind}{number}>{write_text(cell.text)}</td>"


def _pack(details: str) -> str:
    return b64encode(zlib.compress(details.encode(), 9)).decode()


def write_text(text: str) -> str:
    """Return text as HTML in which no line breaks between a number and its percent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def _write_title(title: str) -> str:
    """Return a title that does not break after a dollar sign or a hyphen."""
    return escape(title).replace("$ ", "$&nbsp;").replace("-", "&#8209;")


def write_sums(sums: Iterable[tuple[str, str]]) -> str:
    """Return the figures of all targets together: what each is, and the figure."""
    items = "".join(
        f"<div><dt>{write_text(what)}</dt><dd>{write_text(figure)}</dd></div>" for what, figure in sums
    )
    return f'<dl class="sums">{items}</dl>'


def write_list(sentences: Iterable[str], kind: str) -> str:
    """Return sentences as a list of this class; empty if there are none."""
    items = "".join(f"<li>{write_text(sentence)}</li>" for sentence in sentences)
    return f'<ul class="{kind}">{items}</ul>' if items else ""


def write_table(
    caption: str, titles: Sequence[str], rows: Iterable[tuple[str, Sequence[Cell]]]
) -> Iterator[str]:
    """Yield a plain table of rows, each with its class and its cells; the first cell of a row is its name."""
    heads = "".join(f'<th scope="col">{_write_title(title)}</th>' for title in titles)
    yield f'<div class="wide"><table><caption>{escape(caption)}</caption>'
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for kind, (name, *cells) in rows:
        rest = "".join(map(_write_plain_cell, cells))
        yield f'<tr class="{kind}"><th scope="row">{escape(name.text)}</th>{rest}</tr>'
    yield "</tbody></table></div>"


def _write_plain_cell(cell: Cell) -> str:
    kind = f' class="{cell.kind}"' if cell.kind else ""
    return f"<td{kind}>{write_text(cell.text)}</td>"
