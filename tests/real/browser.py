"""Debian's Chromium, driven as an operator uses it."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

PATIENCE_SECONDS: Final = 30
WIDE: Final = (1400, 1000)
PHONE: Final = (360, 780)
_POLL_SECONDS: Final = 0.05
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


def find_program(name: str) -> str:
    """Return the path of a program that is not a Python package; fail without it."""
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed: run .ci/install-real-parts")
    return path


@dataclass(frozen=True)
class Browser:
    """A browser with one window."""

    driver: webdriver.Chrome

    def show(self, width: int, height: int, *, is_dark: bool = False, factor: float = 1) -> None:
        """Give the window a size in CSS pixels, and a light or dark color scheme."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": factor, "mobile": width < WIDE[0]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, url: str) -> None:
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """Return the first element, once there is one."""
        found: WebElement = self.wait_for(lambda: next(iter(self.find_all(selector)), None), selector)
        return found

    def find_all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def read(self, selector: str) -> list[str]:
        """Return the texts of the elements that are shown."""
        texts = "return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility())"
        found: list[str] = self.run(f"{texts}.map(one => one.innerText)", selector)
        return found

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        """Poll until the condition is true, and return its value."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                if found := condition():
                    return found
            except StaleElementReferenceException:
                pass  # the page has just replaced it
            time.sleep(_POLL_SECONDS)
        return pytest.fail(f"not within {PATIENCE_SECONDS} s: {what}")

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until an element that is shown contains the text."""

        def is_shown() -> bool:
            return any(text in one for one in self.read(selector))

        self.wait_for(is_shown, f"{text!r} in {selector}")

    def take_errors(self, url: str) -> list[str]:
        """Return what the console has reported about a page, such as violations of its policy."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # of selenium
        return [one["message"] for one in entries if url in one["message"]]


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start Chromium with a new profile, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = find_program("chromium")
    for flag in (*_FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(executable_path=find_program("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
