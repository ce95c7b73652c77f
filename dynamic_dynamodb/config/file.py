"""Read a configuration file into sections of texts, and collect everything that cannot be read."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.lines import LineFinder, SectionLines
from dynamic_dynamodb.config.paths import read_within_limits
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.config.titles import DEFAULT_SECTION, Title, read_title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_LINE_FAULTS: Final = 50
MOST_SCHEDULES: Final = 50
MOST_ACCOUNTS: Final = 200
MOST_OVERLAYS: Final = 20
"""Of one section. More would make the check of all combinations slow."""
_SECRET_WORD: Final = re.compile("key|secret|passw|token", re.IGNORECASE)

_COMMENT: Final = re.compile(r"^\s*#.*|(^|\s);.*")
_OPTION: Final = re.compile(r"\s*(?P<name>[^\s:=[][^:=]*)(?P<rest>[:=].*)")


@dataclass(frozen=True, slots=True)
class TargetSection:
    """A section for tables or indexes: its expressions, and its options as texts.

    `during` is the name of the schedule while which it overlays the sections for the same expressions.
    """

    title: str
    table: str
    gsi: str
    texts: dict[str, str]
    lines: SectionLines
    during: str = ""


@dataclass(frozen=True, slots=True)
class _WrittenSection:
    """A section as it is written: its title and its options as texts, and their lines."""

    title: str
    texts: dict[str, str]
    lines: SectionLines

    @property
    def is_limited(self) -> bool:
        """Return whether it says in which accounts or regions it holds."""
        return "accounts" in self.texts or "regions" in self.texts


@dataclass(slots=True)
class FileContent:
    """Everything in a file, as texts, in its order; `plain` contains the sections without a target."""

    plain: dict[str, dict[str, str]] = field(default_factory=dict)
    schedules: dict[str, dict[str, str]] = field(default_factory=dict)
    accounts: dict[str, dict[str, str]] = field(default_factory=dict)
    targets: list[TargetSection] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    titles: dict[Title, _WrittenSection] = field(default_factory=dict)
    lines: LineFinder = field(default_factory=LineFinder)
    has_unread_sections: bool = False


class _Parser(configparser.RawConfigParser):
    """Read lines as 2.5.1 did: option names keep their case, ` ;` starts a comment, ` #` does not."""

    # The last bracket of a line closes the title, so that names may contain brackets; a comment may follow.
    SECTCRE = re.compile(r"\[(?P<header>.+)\]\s*(?:[#;].*)?$")

    def __init__(self) -> None:
        super().__init__(
            delimiters=(":", "="),
            comment_prefixes=("#", ";"),
            inline_comment_prefixes=(";",),
            empty_lines_in_values=True,
            default_section="\0",  # matches no title: the loader applies [DEFAULT], not the parser
        )

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of option names."""
        return optionstr


def read_file(path: Path) -> FileContent:
    """Return what a file contains; everything wrong with it is among its faults."""
    content = FileContent()
    try:
        raw = read_within_limits(path, may_be_pipe=True)
    except OSError as error:
        content.faults.append(f"cannot be read: {error.strerror or error}")
        return content
    if b"\0" in raw:
        content.faults.append("is not a UTF-8 text file")
        return content
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # comments written by old editors
    lines = _Lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    lines.check()
    content.lines.add_sections(lines.sections)
    for section in _parse(lines, content):
        _add_section(section, content, lines)
    content.faults = [*lines.sentences(), *content.faults]
    return content


def _parse(lines: _Lines, content: FileContent) -> Iterator[_WrittenSection]:
    """Yield the sections, in their order; none if the file has too many faulty lines."""
    if lines.has_too_many_faults:
        return
    parser = _Parser()
    try:
        parser.read_string("\n".join(lines.texts))
    except configparser.Error:  # no line is known that only the parser refuses; its message would quote it
        content.faults.append("cannot be read as sections and options")
        return
    for name in parser.sections():
        texts = {option: text for option, text in parser.items(name) if "\0" not in option}
        title = name.partition("\0")[0]
        yield _WrittenSection(title, texts, lines.repeated.get(name) or lines.sections[title])


@dataclass(slots=True)
class _Lines:
    """The lines of a file; `check` leaves only those that the parser accepts.

    The parser stops at the first fault of most kinds, and quotes lines that may contain secrets.
    A faulty line is blanked. A second definition gets a name with a NUL and its line in it. That of an
    option is dropped after parsing: the lines that continue it must not become part of the option above.
    `repeated` has the sections whose title is that of an earlier one, by these names.
    """

    texts: list[str]
    faults: dict[int, str] = field(default_factory=dict)
    sections: dict[str, SectionLines] = field(default_factory=dict)
    repeated: dict[str, SectionLines] = field(default_factory=dict)

    @property
    def has_too_many_faults(self) -> bool:
        return len(self.faults) >= MOST_LINE_FAULTS

    def sentences(self) -> list[str]:
        """Return the faults in the order of their lines."""
        numbers = sorted(self.faults)[:MOST_LINE_FAULTS]
        sentences = [f"line {number}: {self.faults[number]}" for number in numbers]
        return [*sentences, "there may be more: fix these first"] if self.has_too_many_faults else sentences

    def check(self) -> None:
        """Find all faulty lines in one pass."""
        options: dict[str, int] = {}
        title, option_indent = "", None
        for number, line in enumerate(self.texts, start=1):
            text = _COMMENT.sub("", line).rstrip()
            indent = len(text) - len(text.lstrip())
            if not text:
                continue
            if option_indent is not None and indent > option_indent:
                continue  # part of the value above
            if header := _Parser.SECTCRE.match(text.lstrip()):
                title, option_indent = header["header"], None
                section = SectionLines(number)
                options = section.options
                if self.sections.setdefault(title, section) is not section:
                    self.texts[number - 1] = f"[{title}\0{number}]"
                    self.repeated[f"{title}\0{number}"] = section
            elif (option := _OPTION.match(text)) and not self.sections:
                self.add(number, "comes before the first section: put it under one, such as [global]")
            elif option:
                name, option_indent = option["name"].rstrip(), indent
                first = options.setdefault(name, number)
                if first != number:
                    sentence = f"[{clip(title)}] {clip(name)} is defined twice, first in line {first}"
                    left = f"{line[:indent]}{name}\0{number}{option['rest']}"
                    self.add(number, f"{sentence}: keep one; 2.5.1 used the last", left)
            else:
                self._add_unreadable(number, title)
            if self.has_too_many_faults:
                break

    def _add_unreadable(self, number: int, title: str) -> None:
        """Add a line that is nothing known; do not quote it where it may be a key."""
        line = self.texts[number - 1].strip()
        may_be_key = title in ("", "global", DEFAULT_SECTION) or _SECRET_WORD.search(line)
        shown = "this" if may_be_key and not line.startswith("[") else shorten(line)
        self.add(number, f"{shown} is not a section, an option or a comment")

    def add(self, number: int, sentence: str, left: str = "") -> None:
        """Add a fault of a line, and leave this text of it for the parser."""
        self.faults[number] = sentence
        self.texts[number - 1] = left


def _add_section(section: _WrittenSection, content: FileContent, lines: _Lines) -> None:
    shown, texts = f"[{clip(section.title)}]", section.texts
    try:
        read = read_title(section.title)
    except ValueError as error:
        content.faults.append(f"section {shown} {error}")
        content.has_unread_sections = True
        return
    content.lines.add_title(section.title, read.text)
    first = content.titles.setdefault(read, section)
    if first is not section and not (read.table and first.is_limited and section.is_limited):
        _refuse_second(read, section, first, lines)
    elif read.schedule and len(content.schedules) == MOST_SCHEDULES:
        content.faults.append(f"section {shown} is one too many: use at most {MOST_SCHEDULES} schedules")
    elif read.schedule:
        content.schedules[read.schedule] = texts
    elif read.account and len(content.accounts) == MOST_ACCOUNTS:
        content.faults.append(f"section {shown} is one too many: use at most {MOST_ACCOUNTS} accounts")
        content.has_unread_sections = True
    elif read.account:
        content.accounts[read.account] = texts
    elif read.plain:
        content.plain[read.plain] = texts
    else:
        if " " in read.table + read.gsi and not read.during:
            content.warnings.append(
                f"[{clip(read.text)}] contains a space, which no table or index has in its name:"
                " write an expression such as ^(users|orders)$ to match several names"
            )
        content.targets.append(
            TargetSection(read.text, read.table, read.gsi, texts, section.lines, read.during)
        )


def _refuse_second(title: Title, second: _WrittenSection, first: _WrittenSection, lines: _Lines) -> None:
    """Add the fault of a section that is defined twice."""
    if second.title == first.title:
        where = f", first in line {first.lines.title}"
    else:
        where = "" if title.plain else f", first as [{clip(first.title)}]"
    is_limited = title.table and (first.is_limited or second.is_limited)
    advice = "keep one, or name accounts or regions in each" if is_limited else "keep one"
    lines.add(second.lines.title, f"section [{clip(second.title)}] is defined twice{where}: {advice}")
