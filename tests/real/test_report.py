"""A report in a browser: it is sorted and searched, and shows charts when a target is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from dynamic_dynamodb.replay.reports.tuning_page import write_tuning_report
from dynamic_dynamodb.replay.tuning.advice import advise
from tests.real.browser import PHONE, WIDE
from tests.replay.tuning.test_advice import NOW, tuned
from tests.replay.tuning.test_reports import draw
from tests.replay.tuning.test_tuner import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.browser import Browser

SAVINGS = {f"orders-{number:02}": 10 * number for number in (3, 1, 2, 9, 8, 7, 6, 5, 4, 0, 10)}
NAMES = "table.targets tbody th"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the address of a report on eleven targets."""
    found = [tuned(100 - saving, present=NOW, target=name) for name, saving in SAVINGS.items()]
    page = tmp_path / "tune.html"
    page.write_text(write_tuning_report(draw(advise(found, SETTINGS)), SETTINGS), encoding="utf-8")
    return page.as_uri()


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_the_order_round(
    browser: Browser, url: str
) -> None:
    browser.show(*WIDE)
    browser.open(url)
    heading, button = "table.targets th:nth-child(3)", "table.targets th:nth-child(3) button"
    browser.find(button).click()
    assert browser.find(heading).get_attribute("aria-sort") == "descending"
    down = browser.read(NAMES)
    browser.find(button).send_keys(Keys.ENTER)
    assert browser.find(heading).get_attribute("aria-sort") == "ascending"
    up = browser.read(NAMES)
    assert (down[0], up[-1]) == ("orders-10", "orders-10")
    assert sorted(up) == sorted(down) == sorted(SAVINGS)
    browser.find("table.targets th:first-child button").click()
    assert browser.read(NAMES) == sorted(SAVINGS)


def test_a_target_shows_its_charts_when_it_is_opened(browser: Browser, url: str) -> None:
    browser.show(*WIDE)
    browser.open(url)
    link = browser.find('[id="orders-03"] a')
    link.send_keys(Keys.ENTER)
    browser.find("tr.details svg.chart path.capacity")
    assert link.get_attribute("aria-expanded") == "true"
    link.click()
    assert (browser.find_all("tr.details"), link.get_attribute("aria-expanded")) == ([], "false")
    browser.open("about:blank")
    browser.open(f"{url}#orders-07")
    browser.find('[id="orders-07"] + tr.details svg.chart')
    assert browser.take_errors(url) == []


def test_targets_are_found_by_their_name(browser: Browser, url: str) -> None:
    browser.show(*WIDE)
    browser.open(url)
    browser.find(".find").send_keys("-1")
    assert browser.read(NAMES) == ["orders-10"]
    assert browser.find(".found").text == "1 of 11"


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_phone_needs_no_scrolling_to_the_side(browser: Browser, url: str, *, is_dark: bool) -> None:
    browser.show(*PHONE, is_dark=is_dark)
    browser.open(url)
    browser.find("table.targets tbody a").click()
    chart = browser.find("tr.details svg.chart")
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert chart.size["width"] > PHONE[0] / 2
    brightness = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (brightness == "rgb(255, 255, 255)") is not is_dark
