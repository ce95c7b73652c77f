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
        only = Place(status.program.region)
        named = (Place(one.region, one.name.rpartition("/")[0], label=one.name) for one in status.places)
        keepers = [keeper(one) for one in named] or [keeper(only)]
        for one in keepers:
            one.take_over(status)
        shown = board(Path("unused"), *keepers)
        shown.status = status
        self.site.show(shown, 300)
        for one in keepers:
            self.site.record(one, CheckReport(), 0.5)


@contextmanager
def open_page(history: History | None = None) -> Iterator[Page]:
    """Serve a page, with a history that continues."""
    site = Site(Pulse())
    if history is not None:
        site.history = history
    with serve(site.pages) as address:
        yield Page(site, f"http://{address}/")
