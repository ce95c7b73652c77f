"""The page of several accounts and regions in a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.status.selection import order
from dynamic_dynamodb.service.status.snapshot import Condition, Failure
from tests.real.browser import PHONE, WIDE
from tests.real.rows import ACCOUNT, CONTRAST, ROWS, look_again, names, now, search, see
from tests.service.status.builders import status_of_places, target

if TYPE_CHECKING:
    from dynamic_dynamodb.service.status.snapshot import Status
    from tests.real.browser import Browser
    from tests.real.pages import Page


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
