"""The page in a browser: what an operator sees, does, and keeps while it refreshes itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dynamic_dynamodb.service.status.selection import order
from dynamic_dynamodb.service.status.snapshot import Cause, Change, Condition, Direction, Failure, Notice
from tests.real.browser import PHONE, WIDE
from tests.service.status.builders import program, side, status, status_of_places, target

if TYPE_CHECKING:
    from dynamic_dynamodb.service.status.snapshot import Status, TargetStatus
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


@pytest.fixture
def shown(page: Page, browser: Browser) -> Browser:
    """Return a browser that shows the page of five targets."""
    page.publish(see(*ACCOUNT))
    browser.show(*WIDE)
    browser.open(page.url)
    browser.find(ROWS)
    return browser


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


def see_places(*, minutes_ago: float = 0.2) -> Status:
    """Return the status of three places; one is denied, and one has not been checked yet."""
    at = now() - timedelta(minutes=minutes_ago)
    denied = Failure(at - timedelta(minutes=25), 5, "AccessDenied", "sts:AssumeRole failed: AccessDenied: no")
    eu = see(target("orders", Condition.STEADY), at=now())
    check = replace(eu.check, complete=False, failures=1, failing=denied)
    return status_of_places(us=see(*ACCOUNT, at=at), eu=replace(eu, check=check), staging=None)


@pytest.fixture
def placed(page: Page, browser: Browser) -> Browser:
    """Return a browser that shows the page of three places."""
    seen = see_places()
    page.publish(replace(seen, targets=tuple(order(seen.targets))))
    browser.show(*WIDE)
    browser.open(page.url)
    browser.find(ROWS)
    return browser


IN_US = [
    "production/us-east-1 orders/by-customer",
    "production/us-east-1 orders",
    "production/us-east-1 carts",
    "production/us-east-1 users",
    "production/us-east-1 archive",
]


def test_names_have_their_places_and_one_place_can_be_chosen(placed: Browser) -> None:
    everything = [*IN_US[:3], "production/eu-west-1 orders", *IN_US[3:]]
    assert sorted(names(placed)) == sorted(everything)
    placed.run("arguments[0].value = 'production/us-east-1'", field := placed.find("#place"))
    placed.run("arguments[0].dispatchEvent(new Event('change'))", field)
    assert (names(placed), placed.read("#shown")) == (IN_US, ["5 of 6 targets"])
    assert [one.split() for one in placed.read("#counts button") if one] == [
        ["1", "throttled"],
        ["1", "at-maximum"],
        ["1", "near-threshold"],
        ["1", "steady"],
        ["1", "skipped"],
    ]
    search(placed, "orders")
    assert names(placed) == IN_US[:2]
    look_again(placed)
    assert names(placed) == IN_US[:2]


def test_a_search_finds_places(placed: Browser) -> None:
    search(placed, "eu-west orders")
    assert names(placed) == ["production/eu-west-1 orders"]


def test_each_place_has_its_own_check_and_a_click_shows_it_alone(placed: Browser) -> None:
    assert "3 places" in placed.read("#program")[0]
    assert placed.read("#places li") == []
    placed.find("#places summary").click()
    us, eu, staging = placed.read("#places li")
    assert us.startswith("production/us-east-1 account 111111111111, last check ")
    assert eu.startswith("production/eu-west-1 account 111111111111, last check ")
    assert staging == "staging/us-east-1 account 222222222222, the first check has not ended"
    placed.find_all("#places button")[1].click()
    assert names(placed) == ["production/eu-west-1 orders"]


def test_a_place_that_fails_is_overdue_or_has_not_been_checked_is_named(page: Page, browser: Browser) -> None:
    page.publish(see_places(minutes_ago=60))
    browser.show(*WIDE)
    browser.open(page.url)
    failing = "nothing could be checked for 85 min (5 checks): sts:AssumeRole failed: AccessDenied: no"
    browser.wait_for_text(
        "#alarm",
        "production/us-east-1: what is shown is old: the next check is overdue.\n"
        f"production/eu-west-1: {failing}\n"
        "staging/us-east-1: the first check has not ended yet.",
    )


def test_charts_are_of_the_table_in_its_place(placed: Browser) -> None:
    search(placed, "production/us-east-1 orders/by-customer")
    placed.wait_for(lambda: len(placed.find_all(".target td svg")) == 2, "its charts")
    label = placed.run("return document.querySelector('.target td svg').ariaLabel")
    assert label.startswith("reads of the last 24 hours: at most 20 consumed of at most 100 units")


@pytest.mark.parametrize("width", [PHONE[0], WIDE[0]])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_places_are_readable_on_a_phone_too(placed: Browser, width: int, *, is_dark: bool) -> None:
    placed.show(width, PHONE[1], is_dark=is_dark)
    placed.find("#places summary").click()
    assert placed.run("return document.documentElement.scrollWidth <= innerWidth")
    assert placed.run(CONTRAST) == []


def test_one_place_is_not_to_be_chosen(shown: Browser) -> None:
    assert (shown.read("#by-place"), shown.read("#places")) == ([], [])
