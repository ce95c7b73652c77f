"""Command lines, configurations and links on the pages work as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.config.loader import load
from tests.docs.pages import DOCS, PAGES, ROOT, anchors, blocks, command_lines, links, prose, read

if TYPE_CHECKING:
    from pathlib import Path

EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
LANGUAGES = ("", "ini", "cfg", "text", "output", "systemd", "json", "yaml", "{toctree}", "{literalinclude}")
"""The languages of blocks.

`ini` is a configuration of this program; `text` wraps in HTML, and `output` scrolls, because it has columns.
"""


@EVERY_PAGE
def test_every_command_line_is_valid(page: Path) -> None:
    for arguments in command_lines(page):
        if arguments not in (["--help"], ["--version"]):
            flags = parse_command_line(arguments)
            flags.pop("config", None)
            load(flags, {})


@EVERY_PAGE
def test_every_configuration_loads_without_faults(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(page, "ini")):
        path = tmp_path / f"{number}.conf"
        path.write_text(block.text, encoding="utf-8")
        assert load({"config": str(path)}, {}).warnings == ()


@EVERY_PAGE
def test_every_link_has_a_target(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        leads_to = page.parent / name if name else page
        assert leads_to.is_file(), link
        assert not anchor or anchor in anchors(leads_to), link


@EVERY_PAGE
def test_every_block_has_a_known_language(page: Path) -> None:
    assert {block.language for block in blocks(page)} <= set(LANGUAGES)


@EVERY_PAGE
def test_a_line_holds_one_sentence(page: Path) -> None:
    ends = re.compile(r"[a-z)`\"*][.!?] [A-Z][a-z]")
    lines = [line for line in prose(page).splitlines() if not line.startswith(("|", "#", "-", " ", "<"))]
    assert [line for line in lines if ends.search(line)] == []


def test_command_lines_are_found() -> None:
    found = [arguments for page in PAGES for arguments in command_lines(page)]
    assert ["-c", "dynamic-dynamodb.conf", "--dry-run", "--run-once"] in found
    assert ["-c", "/etc/dynamic-dynamodb/dynamic-dynamodb.conf", "--run-once"] in found  # a line of cron
    assert ["--version"] in found  # between backquotes
    assert ["--print-example"] in found  # what it prints goes into a file


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = {
        line.strip()
        for block in blocks(DOCS / "index.md", "{toctree}")
        for line in block.text.splitlines()
        if line.strip() and not line.startswith(":")
    }
    assert listed == {page.stem for page in PAGES if page.parent == DOCS} - {"index"}


def test_readme_links_to_the_main_pages() -> None:
    assert {"docs/first_steps.md", "docs/differences.md", "docs/troubleshooting.md"} <= set(
        links(ROOT / "README.md")
    )
    assert "make demo" in read(ROOT / "README.md")


def test_architecture_names_every_module() -> None:
    tree = blocks(DOCS / "architecture.md")[0].text
    modules = {path.stem for path in (ROOT / "dynamic_dynamodb").rglob("*.py")} - {"__init__"}
    assert modules - set(re.findall(r"\w+", tree)) == set()


def test_release_notes_have_no_duplicates() -> None:
    lines = [line for line in read(DOCS / "release_notes.md").splitlines() if line.startswith("- ")]
    beginnings = [line[:60] for line in lines]
    assert [line for line in lines if beginnings.count(line[:60]) > 1] == []
