"""The HTML pages of the documentation in a browser, on a phone and on a wide screen."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.docs.pages import DOCS
from tests.real.browser import PHONE, WIDE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.browser import Browser

_TOO_WIDE: Final = """
const scrolls = (one) => getComputedStyle(one).overflowX !== "visible";
const isWithin = (one) => one.tagName !== "ARTICLE" && (scrolls(one) || isWithin(one.parentElement));
const isTooWide = (one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
const found = [...document.querySelectorAll("article *")].filter((one) => isTooWide(one) && !isWithin(one));
return found.map((one) => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 60)}`);
"""
"""What is cut off or makes the page scroll to the side, unlike what scrolls in a box of its own."""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the documentation, and return its folder."""
    folder = tmp_path_factory.mktemp("html")
    doctrees = tmp_path_factory.mktemp("doctrees")
    command = (sys.executable, "-m", "sphinx", "-b", "html", "-W", "-q", "-d", doctrees, DOCS, folder)
    subprocess.run(command, check=True, cwd=DOCS.parent)
    return folder


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_no_page_needs_scrolling_to_the_side(browser: Browser, html: Path, size: tuple[int, int]) -> None:
    browser.show(*size)
    found = {}
    for page in DOCS.glob("*.md"):
        browser.open((html / f"{page.stem}.html").as_uri())
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), page.stem
        found[page.stem] = browser.run(_TOO_WIDE)
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_a_button_copies_a_command_and_covers_nothing(browser: Browser, html: Path) -> None:
    browser.show(*PHONE)
    browser.open((html / "first_steps.html").as_uri())
    button = browser.find(".highlight-none .copybtn")
    code = browser.find(".highlight-none pre")
    assert code.rect["x"] + code.rect["width"] <= button.rect["x"]
    button.click()
    browser.find(".highlight-none .copybtn.success")
    assert browser.find_all(".highlight-text .copybtn") == [], "output is not copied"


@pytest.mark.parametrize("name", ["first_steps", "decisions", "replay", "watching"])
def test_a_page_has_its_pictures(browser: Browser, html: Path, name: str) -> None:
    browser.show(*PHONE)
    browser.open((html / f"{name}.html").as_uri())
    widths = browser.run("return [...document.querySelectorAll('article img')].map(one => one.naturalWidth)")
    assert widths
    assert all(widths)
