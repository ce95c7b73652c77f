"""Read a configuration file into sections of texts, and collect what cannot be read."""

from __future__ import annotations

import re
from configparser import (
    DuplicateOptionError,
    DuplicateSectionError,
    MissingSectionHeaderError,
    ParsingError,
    RawConfigParser,
)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.values import shorten
from dynamic_dynamodb.options import OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SECTION: Final = "DEFAULT"
MOST_LINE_FAULTS: Final = 50
_SECRETS: Final = tuple(
    name for option in OPTIONS if option.is_secret for name in (option.name, *option.aliases)
)
_GSI_TITLE: Final = re.compile(r"gsi:\s*(?P<gsi>\S.*?)\s+table:\s*(?P<table>\S.*)")
_TABLE_TITLE: Final = re.compile(r"table:\s*(?P<table>.*)")
_TEXT_AFTER_BRACKET: Final = re.compile(r"\]\s*[#;]|\]\s+\S")


@dataclass(frozen=True, slots=True)
class TargetSection:
    """A table's or an index's section: its patterns and its options as texts."""

    title: str
    table: str
    gsi: str
    texts: dict[str, str]


@dataclass(slots=True)
class FileContent:
    """All that a file says, as texts, in its order; `plain` holds the sections that name no target."""

    plain: dict[str, dict[str, str]] = field(default_factory=dict)
    targets: list[TargetSection] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class _Parser(RawConfigParser):
    """Read lines as 2.5.1 did: options keep their case, ` ;` starts a comment, ` #` does not."""

    # The last bracket of a line closes the title, so that names may hold brackets; a comment may follow.
    SECTCRE = re.compile(r"\[(?P<header>.+)\]\s*(?:[#;].*)?$")

    def __init__(self) -> None:
        super().__init__(
            delimiters=(":", "="),
            comment_prefixes=("#", ";"),
            inline_comment_prefixes=(";",),
            strict=True,
            empty_lines_in_values=False,
            default_section="\0",  # no such title: [DEFAULT] is read as any other and applied by the loader
        )

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of option names."""
        return optionstr


def read_file(path: Path) -> FileContent:
    """Read a file; everything that is wrong with it is in the content's faults."""
    content = FileContent()
    try:
        raw = b"\0" if path.is_char_device() or path.is_block_device() else path.read_bytes()
    except OSError as error:
        content.faults.append(f"cannot be read: {error.strerror or error}")
        return content
    if b"\0" in raw:
        content.faults.append("is no text file")
        return content
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # as old editors wrote it, in comments
    parser = _parse(text, content.faults)
    titles: dict[tuple[str, str], str] = {}
    for title in parser.sections():
        _add_section(title, dict(parser.items(title)), content, titles)
    return content


def _parse(text: str, faults: list[str]) -> _Parser:
    """Parse; each faulty line is named, blanked, and the rest parsed again, so that all faults come out."""
    lines = text.replace("\r\n", "\n").split("\n")
    while True:
        parser = _Parser()
        if len(faults) >= MOST_LINE_FAULTS:
            faults.append("there may be more: mend these first")
            return parser
        try:
            parser.read_string("\n".join(lines))
        except MissingSectionHeaderError as error:
            _blame(lines, error.lineno, faults, "is not a section, an option or a comment")
        except DuplicateSectionError as error:
            faults.append(f"line {error.lineno}: section [{error.section}] is there twice")
            lines[(error.lineno or 1) - 1] = f"[{error.section}\0{error.lineno}]"
        except DuplicateOptionError as error:
            faults.append(f"line {error.lineno}: [{error.section}] {error.option} is there twice")
            lines[(error.lineno or 1) - 1] = ""
        except ParsingError as error:
            for number, _ in error.errors[:MOST_LINE_FAULTS]:
                _blame(lines, number, faults, "is not a section, an option or a comment")
        else:
            return parser


def _blame(lines: list[str], number: int, faults: list[str], what: str) -> None:
    line = lines[number - 1].strip()
    shown = f"{line.split()[0]} …" if any(secret in line for secret in _SECRETS) else line
    faults.append(f"line {number}: {shorten(shown)} {what}")
    lines[number - 1] = ""


def _add_section(
    title: str, texts: dict[str, str], content: FileContent, titles: dict[tuple[str, str], str]
) -> None:
    if "\0" in title:
        return  # the second of two sections of one title; already a fault
    stripped = title.strip()
    if stripped in ("global", "logging", "default_options", DEFAULT_SECTION):
        if stripped in content.plain:
            content.faults.append(f"section [{title}] is there twice")
        content.plain[stripped] = texts
        return
    match = _GSI_TITLE.fullmatch(stripped) or _TABLE_TITLE.fullmatch(stripped)
    if match is None or _TEXT_AFTER_BRACKET.search(title):
        content.faults.append(
            f"section [{title}] is unknown: known are [global], [logging], [default_options],"
            " [table: ^my_table$] and [gsi: ^my_index$ table: ^my_table$]"
        )
        return
    table, gsi = match["table"].strip(), match.groupdict().get("gsi") or ""
    if not table:
        content.faults.append(f"section [{title}] names no table; [table: ^my_table$] would")
        return
    if (table, gsi) in titles:
        content.faults.append(f"section [{title}] is there twice, the first time as [{titles[table, gsi]}]")
        return
    titles[table, gsi] = title
    clean_title = f"gsi: {gsi} table: {table}" if gsi else f"table: {table}"
    content.targets.append(TargetSection(clean_title, table, gsi, texts))
