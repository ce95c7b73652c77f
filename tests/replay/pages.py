"""Read a report, and check what holds for every report."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser

_VOID = ("meta", "path", "rect", "input")


class Page(HTMLParser):
    """The tags of a page or of a part of it, the files that it loads, and the details of each target."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.details: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and its attributes."""
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag and its attributes."""
        self.tags.append(tag)
        self.attributes += [(name, text or "") for name, text in attrs]
        given = dict(attrs)
        if "data-details" in given:
            packed = b64decode(given["data-details"] or "")
            self.details[given["id"] or ""] = zlib.decompress(packed).decode()

    def handle_endtag(self, tag: str) -> None:
        """Match it with the open tag."""
        assert self.open.pop() == tag


def read_page(text: str) -> Page:
    """Return a page after checking that it loads nothing, and runs nothing but its own script."""
    page = Page(text)
    for part in (page, *map(Page, page.details.values())):
        names = {name for name, _ in part.attributes}
        assert not names & {"src", "action", "style"}, "the policy allows none"
        assert not any(name.startswith("on") for name in names), "nor these"
        assert all(link.startswith("#") for name, link in part.attributes if name == "href")
        assert not re.search(r"https?:|@import|url\(", part.text)
    (policy,) = (text for name, text in page.attributes if text.startswith("default-src"))
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "prefers-color-scheme: dark" in text
    return page
