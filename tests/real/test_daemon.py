"""The page of a running daemon, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy_with_index, add_idle
from tests.real.browser import WIDE
from tests.real.rows import ROWS, look_again, names
from tests.service.web.servers import find_free_address

if TYPE_CHECKING:
    from dynamic_dynamodb.config.address import Address
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon
    from tests.real.browser import Browser


@pytest.fixture
def address(emulator: Emulator, daemon: Daemon) -> Address:
    """Return where a daemon listens that checks a failing table, and a busy one with its index."""
    add_busy_with_index(emulator)
    add_idle(emulator, "sessions")
    emulator.add_fault(action="DescribeTable", table="sessions", code="AccessDeniedException", times=None)
    free = find_free_address()
    daemon.must_start(ALL, *SOON, "--listen", free)
    daemon.wait_for("checked 3 targets")
    return free


def test_the_page_shows_what_a_daemon_finds_and_refreshes_itself(
    emulator: Emulator, address: Address, browser: Browser
) -> None:
    browser.show(*WIDE)
    browser.open(f"http://{address}/")
    browser.find(ROWS)
    assert sorted(names(browser)) == ["orders", "orders/by-date", "sessions"]
    assert names(browser)[0] == "sessions"
    assert "allow dynamodb:DescribeTable in the IAM policy" in browser.read(".why")[0]
    browser.wait_for(lambda: len(browser.find_all(".target td svg")) == 4, "the charts of what is described")
    browser.find("[data-name=orders] button").click()
    assert "100 → 150" in browser.read("[data-name=orders] .details")[0]
    add_idle(emulator, "added")
    browser.wait_for(lambda: "added" in names(browser), "the new table, without a reload of the page")
    assert browser.read("#alarm") == []
    assert browser.take_errors(address) == []


def test_the_page_says_when_the_daemon_is_gone_and_when_it_is_back(
    daemon: Daemon, address: Address, browser: Browser
) -> None:
    browser.show(*WIDE)
    browser.open(f"http://{address}/")
    browser.find(ROWS)
    daemon.kill()
    look_again(browser)
    browser.wait_for_text("#alarm", "The daemon has not answered since")
    assert browser.run("return document.title") == "No answer - Dynamic DynamoDB"
    assert "sessions" in names(browser)
    daemon.must_start(ALL, *SOON, "--listen", address)
    daemon.wait_for("checked 3 targets", count=2)
    look_again(browser)
    browser.wait_for(lambda: browser.read("#alarm") == [], "the end of the alarm")


def test_a_stop_does_not_wait_for_a_page_that_is_open(
    daemon: Daemon, address: Address, browser: Browser
) -> None:
    browser.open(f"http://{address}/")
    browser.find(ROWS)
    assert daemon.control("stop").code == 0
