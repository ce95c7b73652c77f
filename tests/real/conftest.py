"""Fixtures: a browser for all tests, and a page for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import daemon, program
from tests.real.browser import WIDE, open_browser
from tests.real.pages import open_page
from tests.real.rows import ACCOUNT, ROWS, see

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real.browser import Browser
    from tests.real.pages import Page

__all__ = ("browser", "daemon", "page", "program", "shown")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Yield one browser for all tests: each start takes a second."""
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page() -> Iterator[Page]:
    """Yield a page without a status."""
    with open_page() as opened:
        yield opened


@pytest.fixture
def shown(page: Page, browser: Browser) -> Browser:
    """Return a browser that shows the page of five targets."""
    page.publish(see(*ACCOUNT))
    browser.show(*WIDE)
    browser.open(page.url)
    browser.find(ROWS)
    return browser
