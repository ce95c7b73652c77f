"""The rows of the page, as tests fill and read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.service.status.snapshot import Cause, Condition
from tests.service.status.builders import side, status, target

if TYPE_CHECKING:
    from dynamic_dynamodb.service.status.snapshot import Status, TargetStatus
    from tests.real.browser import Browser

ROWS = ".target .name button"


CONTRAST = """
const channel = (one) => (one /= 255) <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
const read = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const behind = (one) => {
  for (; one; one = one.parentElement) {
    const color = read(getComputedStyle(one).backgroundColor);
    if (color.length === 3 || color[3] > 0) return color;
  }
};
const texts = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
  && [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
return texts.map((one) => {
  const [a, b] = [light(read(getComputedStyle(one).color)), light(behind(one))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.innerText];
}).filter(([contrast]) => contrast < 4.5);
"""


STARTED = datetime.now(timezone.utc).replace(microsecond=0)


ACCOUNT = (
    target(
        "orders",
        Condition.AT_MAXIMUM,
        reads=side(99, codes=("consumed-above-threshold", "capped-at-maximum")),
        free_decreases_left=0,
        next_decrease=STARTED + timedelta(minutes=50),
    ),
    target("orders/by-customer", Condition.THROTTLED, reads=side(20, throttled_events=15)),
    target(
        "carts",
        Condition.NEAR_THRESHOLD,
        reads=side(85),
        writes=side(70),
        free_decreases_left=0,
        next_decrease=STARTED + timedelta(minutes=20),
    ),
    target("users", reads=side(50), writes=side(80)),
    target(
        "archive",
        Condition.SKIPPED,
        reads=None,
        writes=None,
        free_decreases_left=None,
        skipped=Cause("on-demand", "billed on demand"),
    ),
)


def now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


def see(*targets: TargetStatus, at: datetime | None = None, **settings: Any) -> Status:
    """Return the status after a check that has found these targets, and that began now or at a time."""
    at = at or now()
    seen = tuple(replace(one, checked=at, described=at, decided=at) for one in targets)
    made = status(*seen, **settings)
    check = replace(made.check, started=at, seconds=0.5, next=at + timedelta(minutes=5))
    return replace(made, check=check)


def names(browser: Browser) -> list[str]:
    return browser.read(ROWS)


def search(browser: Browser, text: str) -> None:
    field = browser.find("#search")
    field.clear()
    field.send_keys(text)


def look_again(browser: Browser) -> None:
    """Make the page refresh at once, as when its tab is shown again."""
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
