"""Take the pictures of the page and of a report for the documentation: `python -m tests.real.pictures`."""

from __future__ import annotations

import base64
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs.tools.picture import load_at
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.docs.pages import blocks
from tests.real.account import run_day
from tests.real.browser import Browser, open_browser
from tests.real.pages import open_page
from tests.replay.recordings import DAY, START

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARE_DRAWN: Final = """
const rows = [...document.querySelectorAll(".target")];
const inView = rows.filter((one) => one.getBoundingClientRect().top < innerHeight);
return inView.length > 0 && inView.every((one) => one.querySelector("svg, .none"));
"""
_REPORT_HEIGHT: Final = """
const [top, bottom] = [document.querySelector("h2"), document.querySelector("tbody tr:nth-child(5)")];
return Math.ceil(bottom.getBoundingClientRect().bottom - top.getBoundingClientRect().top);
"""
"""From the name of the target to the cost on demand."""
_ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = _ROOT / "docs"
_REPLAYED_DAYS: Final = 14
_FIRST_DAY_OF_WEEKEND: Final = 5
_SURGES_PER_DAY: Final = 1
_SURGE_MINUTES: Final = (10, 60)


def main() -> int:
    """Take the page by day on a wide screen and by night on a phone, and the report of a replay."""
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
        _take_report(browser, Path(profile))
    return 0


def _take_report(browser: Browser, folder: Path) -> None:
    """Replay two weeks of reads with the recommended configuration, and take the report down to its table."""
    (recommended,) = (
        one.text for one in blocks(FOLDER / "target_utilization.md", "ini") if "[global]" in one.text
    )
    configuration, recording, report = (folder / name for name in ("my.conf", "orders.csv", "replay.html"))
    configuration.write_text(recommended.replace(": 500", ": 1000"), encoding="utf-8")
    recording.write_text("".join(_write_recording()), encoding="utf-8")
    command = (sys.executable, "-m", "dynamic_dynamodb", "-c", configuration, "--replay", recording)
    subprocess.run((*command, "--report", report), cwd=_ROOT, stdout=subprocess.DEVNULL, check=True)
    browser.show(1240, 640)
    browser.open(report.as_uri())
    browser.show(1240, browser.run(_REPORT_HEIGHT), factor=0.8)
    browser.run("document.querySelector('h2').scrollIntoView()")
    _save(browser, "report.png")


def _write_recording() -> Iterator[str]:
    """Yield the lines of a load with two peaks a day, quiet weekends, noise and sudden surges."""
    rng = random.Random(1)  # noqa: S311 - load, not keys
    yield "timestamp,consumed_reads\n"
    surge_minutes = 0
    for minute in range(_REPLAYED_DAYS * DAY):
        if rng.random() < _SURGES_PER_DAY / DAY:
            surge_minutes = rng.randint(*_SURGE_MINUTES)
        units = load_at(minute) * rng.uniform(0.8, 1.2)
        if surge_minutes:
            units *= 2
            surge_minutes -= 1
        if minute // DAY % 7 >= _FIRST_DAY_OF_WEEKEND:
            units *= 0.7
        yield f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ},{60 * round(units)}\n"


def _open(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.wait_for(lambda: browser.run(_ARE_DRAWN), "the charts of what is in view")


def _save(browser: Browser, name: str) -> None:
    path = FOLDER / name
    path.write_bytes(base64.b64decode(browser.driver.get_screenshot_as_base64()))
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
