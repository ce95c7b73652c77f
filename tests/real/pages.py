"""The page of a status that a test sets, served as a running program serves it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.report import CheckReport
from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.web.site import Site
from tests.service.status.builders import board, keeper
from tests.service.web.servers import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.service.status.snapshot import Status
    from dynamic_dynamodb.service.web.history import History


@dataclass(frozen=True)
class Page:
    """A page, and where it is."""

    site: Site
    url: str

    def publish(self, status: Status) -> None:
        """Show the status after a check."""
        shown = board(Path("unused"), keeper(Place(status.program.region), status))
        shown.status = status
        self.site.show(shown, 300)
        self.site.record(shown.keepers[0], CheckReport(), 0.5)


@contextmanager
def open_page(history: History | None = None) -> Iterator[Page]:
    """Serve a page, with a history that continues."""
    site = Site(Pulse())
    if history is not None:
        site.history = history
    with serve(site.pages) as address:
        yield Page(site, f"http://{address}/")
