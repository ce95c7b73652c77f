"""The page in a browser: what an operator sees, does, and keeps while it refreshes itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dynamic_dynamodb.service.status.snapshot import Change, Condition, Direction, Failure, Notice
from tests.real.browser import PHONE, WIDE
from tests.real.rows import ACCOUNT, CONTRAST, ROWS, look_again, names, now, search, see
from tests.service.status.builders import program, side, target

if TYPE_CHECKING:
    from tests.real.browser import Browser
    from tests.real.pages import Page

HOSTILE = (
    "<img src=x onerror=document.title='taken'>",
    "</script><script>document.title='taken'</script>",
    "javascript:alert(1)",
    '"><b>bold</b>',
    "a&lt;b",
    "\u202egnp.exe",
    "__proto__",
    "constructor",
)


def test_the_worst_come_first(shown: Browser) -> None:
    assert names(shown) == ["orders/by-customer", "orders", "carts", "users", "archive"]
    assert shown.run("return document.title") == "(2) default - Dynamic DynamoDB"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ORDERS", ["orders/by-customer", "orders"], id="names"),
        pytest.param("at-max", ["orders"], id="states"),
        pytest.param("orders thrott", ["orders/by-customer"], id="both"),
        pytest.param("nothing", [], id="none"),
        pytest.param("  ", ["orders/by-customer", "orders", "carts", "users", "archive"], id="blanks"),
    ],
)
def test_a_search_finds_names_and_states(shown: Browser, text: str, expected: list[str]) -> None:
    search(shown, text)
    assert names(shown) == expected
    assert shown.read("#none") == ([] if expected else ["No table, index or state contains this."])


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("name", ["archive", "carts", "orders", "orders/by-customer", "users"], id="name"),
        pytest.param("reads", ["orders", "carts", "users", "orders/by-customer", "archive"], id="reads"),
        pytest.param("writes", ["users", "carts", "orders", "orders/by-customer", "archive"], id="writes"),
        pytest.param(
            "decrease", ["orders", "carts", "orders/by-customer", "users", "archive"], id="next decrease"
        ),
    ],
)
def test_a_heading_sorts_and_worst_first_comes_back(shown: Browser, key: str, expected: list[str]) -> None:
    heading = shown.find(f"[data-sort={key}]")
    heading.click()
    assert names(shown) == expected
    assert shown.run("return arguments[0].parentElement.ariaSort", heading) is not None
    shown.find("[data-sort=worst]").click()
    assert names(shown)[0] == "orders/by-customer"


def test_a_state_shows_its_targets_alone_until_it_is_clicked_again(shown: Browser) -> None:
    shown.find("#counts [data-state=throttled]").click()
    assert (names(shown), shown.read("#shown")) == (["orders/by-customer"], ["1 of 5 targets"])
    shown.find("#counts [data-state=throttled]").click()
    assert len(names(shown)) == 5


def test_charts_are_drawn_and_say_what_they_show(shown: Browser) -> None:
    shown.wait_for(lambda: len(shown.find_all(".target td svg")) == 8, "the charts of four targets")
    labels = shown.run("return [...document.querySelectorAll('.target td svg')].map(one => one.ariaLabel)")
    assert labels[0] == (
        "reads of the last 24 hours: at most 20 consumed of at most 100 units;"
        " throttled in 1 of 1 measured steps of five minutes"
    )


@pytest.mark.parametrize(
    ("interval_seconds", "gaps"),
    [pytest.param(300, 3, id="checks were missed"), pytest.param(900, 1, id="no check was missed")],
)
def test_what_no_check_measured_is_a_gap_and_what_lies_between_two_checks_is_not(
    page: Page, browser: Browser, interval_seconds: int, gaps: int
) -> None:
    for minutes in (30, 15, 0):
        seen = see(target(), at=now() - timedelta(minutes=minutes))
        page.publish(replace(seen, program=program(interval_seconds=interval_seconds)))
    browser.show(*WIDE)
    browser.open(page.url)
    blocks = browser.find("td.reads path.unknown").get_attribute("d")
    assert blocks is not None
    assert blocks.count("M") == gaps


def test_what_to_do_is_said_for_what_needs_it(shown: Browser) -> None:
    assert [one for one in shown.read(".advice") if one] == [
        "If units are left over, look for a partition key that takes most of the requests.",
        "If this load is intended, raise max-provisioned-reads (now 1,000).",
    ]


def test_details_open_on_a_click_and_by_the_keyboard(shown: Browser) -> None:
    row = shown.find(".target")
    row.find_element("css selector", ".why").click()
    assert "[table: .*]" in shown.read(".details")[0]
    button = shown.find(ROWS)
    assert button.get_attribute("aria-expanded") == "true"
    button.send_keys(Keys.ENTER)
    assert (shown.read(".details"), button.get_attribute("aria-expanded")) == ([], "false")


@pytest.mark.parametrize("moves", [False, True], ids=["it stays", "it moves"])
def test_a_refresh_keeps_the_search_the_details_the_focus_and_the_place(
    page: Page, browser: Browser, *, moves: bool
) -> None:
    many = [target(f"table-{number:03}") for number in range(80)]
    page.publish(see(*many))
    browser.show(*WIDE)
    browser.open(page.url)
    search(browser, "table")
    button = browser.find("[data-name=table-040] button")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.send_keys(Keys.ENTER)
    place = browser.run("return arguments[0].getBoundingClientRect().top", button)
    if moves:
        many[40] = replace(many[40], condition=Condition.FAILING)
    worse = (target(f"table-new-{number:02}", Condition.FAILING, reads=side(80)) for number in range(20))
    page.publish(see(*worse, *many))
    look_again(browser)
    browser.wait_for(lambda: names(browser)[0] == "table-new-00", "the next status")
    assert names(browser).index("table-040") == (20 if moves else 60)
    assert browser.run("return document.activeElement.closest('.target').dataset.name") == "table-040"
    assert browser.run("return arguments[0].getBoundingClientRect().top", button) == pytest.approx(
        place, abs=2
    )
    assert "provisioned" in browser.read("[data-name=table-040] .details")[0]
    assert browser.find("#search").get_attribute("value") == "table"


def test_a_target_that_is_gone_goes(page: Page, shown: Browser) -> None:
    page.publish(see(*ACCOUNT[1:]))
    look_again(shown)
    shown.wait_for(lambda: "orders" not in names(shown), "the next status")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_sentences_are_text(page: Page, browser: Browser, name: str) -> None:
    hostile = Failure(now(), 3, name, name)
    seen = replace(
        target(), table=name, index=name, condition=Condition.FAILING, failing=hostile, section=name
    )
    page.publish(see(seen, notices=(Notice("warning", name),)))
    browser.show(*WIDE)
    browser.open(page.url)
    browser.find(ROWS).click()
    assert browser.run("return document.querySelector('.name button').textContent") == f"{name}/{name}"
    assert browser.run("return document.querySelector('.reason').textContent").endswith(f": {name}")
    assert (
        browser.run("return document.querySelectorAll('.target img, .target script, .target b').length") == 0
    )
    assert browser.run("return document.title") == "(1) default - Dynamic DynamoDB"
    assert [one for one in browser.take_errors(page.url) if "history.json" not in one] == []


@pytest.mark.parametrize("width", [PHONE[0], 390, 600, 961, WIDE[0]])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_all_is_readable_at_each_width_by_day_and_by_night(
    page: Page, browser: Browser, width: int, *, is_dark: bool
) -> None:
    long = target("a" * 255 + "/" + "b" * 255, Condition.FAILING, failing=Failure(now(), 1, "x", "c" * 900))
    changed = side(60, last_change=Change(now(), Direction.UP, 100, 150))
    page.publish(see(long, *ACCOUNT, target("changed", Condition.CHANGED, reads=changed)))
    browser.show(width, PHONE[1], is_dark=is_dark)
    browser.open(page.url)
    browser.find(ROWS)
    browser.run("for (const one of document.querySelectorAll('.name button')) one.click()")
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.run(CONTRAST) == []
    dark = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") is not is_dark


def test_of_5000_targets_a_hundred_are_shown_and_the_rest_are_found(page: Page, browser: Browser) -> None:
    page.publish(see(*(target(f"table-{number:04}") for number in range(5_000))))
    browser.show(*WIDE)
    browser.open(page.url)
    browser.wait_for_text("#shown", "5,000 targets")
    assert len(names(browser)) == 100
    browser.find("#more").click()
    assert len(names(browser)) == 200
    search(browser, "table-4999")
    assert names(browser) == ["table-4999"]
    browser.wait_for(lambda: len(browser.find_all(".target td svg")) == 2, "its charts")


def test_an_overdue_check_makes_the_page_old(page: Page, browser: Browser) -> None:
    seen = see(*ACCOUNT)
    at = now() - timedelta(hours=1)
    page.publish(replace(seen, check=replace(seen.check, started=at, next=at + timedelta(minutes=5))))
    browser.show(*WIDE)
    browser.open(page.url)
    browser.wait_for_text("#alarm", "What is shown is old: the next check is overdue.")
    assert "next was due 55 min ago" in browser.read("#check")[0]


def test_before_the_first_check_the_page_says_so_and_then_shows_it(page: Page, browser: Browser) -> None:
    browser.show(*WIDE)
    browser.open(page.url)
    browser.wait_for_text("#check", "The first check has not ended yet.")
    assert browser.read("#alarm") == []
    page.publish(see(*ACCOUNT))
    look_again(browser)
    browser.find(ROWS)


def test_after_a_restart_the_page_keeps_what_it_shows_until_the_first_check(
    page: Page, shown: Browser
) -> None:
    page.site.board = None
    look_again(shown)
    shown.wait_for_text("#alarm", "The daemon was restarted, and its first check has not ended yet.")
    assert len(names(shown)) == len(ACCOUNT)


def test_nothing_is_requested_from_elsewhere_and_the_policy_holds(shown: Browser, page: Page) -> None:
    shown.wait_for(lambda: shown.find_all(".target td svg"), "charts")
    requested = shown.run("return performance.getEntriesByType('resource').map(one => one.name)")
    assert requested
    assert {one for one in requested if not one.startswith(page.url)} == set()
    assert shown.take_errors(page.url) == []


def test_the_keyboard_reaches_search_headings_and_targets(shown: Browser) -> None:
    shown.find("#search").click()
    seen = []
    for _ in range(8):
        ActionChains(shown.driver).send_keys(Keys.TAB).perform()
        seen.append(shown.run("return document.activeElement.innerText"))
    assert "orders/by-customer" in seen
    assert "Table or index" in seen
