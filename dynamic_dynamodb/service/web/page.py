"""What the page consists of: its files, and the history of the targets that it shows."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.status.format import to_json
from dynamic_dynamodb.service.web.history import STEP_SECONDS
from dynamic_dynamodb.service.web.response import Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from dynamic_dynamodb.service.web.history import History

INDEX: Final = "index.html"
MOST_TARGETS: Final = 10
"""How many targets a request for histories may name, each of which takes 0.4 ms and 6.5 kB."""
_FOLDER: Final = Path(__file__).parent / "files"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def read_files() -> Mapping[str, Response]:
    """Return each file of the page by its path, `/` first.

    They are read once, because an upgrade may replace them under a running daemon.
    """
    names = [INDEX, *sorted(path.name for path in _FOLDER.iterdir() if path.name != INDEX)]
    return {
        "/" if name == INDEX else f"/{name}": Response(
            (_FOLDER / name).read_bytes(), _TYPES[Path(name).suffix]
        )
        for name in names
    }


def render_histories(history: History, query: str, now: datetime) -> Iterator[bytes]:
    """Yield the histories of the targets that a query names, as JSON in pieces.

    Other threads run between the pieces. A target without a history is left out.
    """
    yield b'{"histories":['
    separator = b""
    for target in _parse_targets(query):
        found = history.read(target, now)
        if found is not None:
            content = {
                "target": str(target),
                "start": found.start,
                "step_seconds": STEP_SECONDS,
                "reads": found.capacities.reads,
                "writes": found.capacities.writes,
            }
            yield separator + to_json(content).encode()
            separator = b","
    yield b"]}"


def _parse_targets(query: str) -> Iterator[Target]:
    """Yield the targets in a query such as `target=orders&target=orders%2Fby-customer`.

    A place and a space may stand before a target, as in the text of one.
    """
    try:
        pairs = parse_qsl(query, max_num_fields=MOST_TARGETS)
    except ValueError:  # more fields
        return
    for key, text in pairs:
        if key == "target":
            with suppress(ValueError):
                yield Target.parse(text)
