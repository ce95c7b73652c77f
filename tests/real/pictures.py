"""Take the pictures of the page for the documentation: `python -m tests.real.pictures`."""

from __future__ import annotations

import base64
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from tests.real.account import run_day
from tests.real.browser import Browser, open_browser
from tests.real.pages import open_page

_ARE_DRAWN: Final = """
const rows = [...document.querySelectorAll(".target")];
const inView = rows.filter((one) => one.getBoundingClientRect().top < innerHeight);
return inView.length > 0 && inView.every((one) => one.querySelector("svg, .none"));
"""
FOLDER: Final = Path(__file__).parents[2] / "docs"


def main() -> int:
    """Take them by day on a wide screen, and by night on a phone with one target's details."""
    status, history = run_day(datetime.now(timezone.utc).replace(microsecond=0) - timedelta(seconds=12))
    with (
        tempfile.TemporaryDirectory() as profile,
        open_page(history) as page,
        open_browser(Path(profile)) as browser,
    ):
        page.publish(status)
        browser.show(1160, 640)
        _open(browser, page.url)
        _save(browser, "page.png")
        browser.show(390, 1000, is_dark=True)
        _open(browser, page.url)
        browser.find("[data-name='orders/by-customer'] button").click()
        browser.run("document.querySelector('.open').scrollIntoView()")
        _save(browser, "page_phone.png")
    return 0


def _open(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.wait_for(lambda: browser.run(_ARE_DRAWN), "the charts of what is in view")


def _save(browser: Browser, name: str) -> None:
    path = FOLDER / name
    path.write_bytes(base64.b64decode(browser.driver.get_screenshot_as_base64()))
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
