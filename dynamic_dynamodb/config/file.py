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

    `during` is the name of the schedule while which it overlays the section for the same expressions.
    """

    title: str
    table: str
    gsi: str
    texts: dict[str, str]
    during: str = ""


@dataclass(slots=True)
class FileContent:
    """Everything in a file, as texts, in its order; `plain` contains the sections without a target."""

    plain: dict[str, dict[str, str]] = field(default_factory=dict)
    schedules: dict[str, dict[str, str]] = field(default_factory=dict)
    accounts: dict[str, dict[str, str]] = field(default_factory=dict)
    targets: list[TargetSection] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    titles: dict[Title, str] = field(default_factory=dict)
    lines: LineFinder = field(default_factory=LineFinder)


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
    for title, texts in _parse(text, content).items():
        _add_section(title, texts, content)
    return content


def _parse(text: str, content: FileContent) -> dict[str, dict[str, str]]:
    """Return the options of each section; nothing if the file has too many faulty lines."""
    lines = _Lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    lines.check()
    content.faults += lines.sentences()
    content.lines.add_sections(lines.sections)
    if lines.has_too_many_faults:
        return {}
    parser = _Parser()
    try:
        parser.read_string("\n".join(lines.texts))
    except configparser.Error:  # no line is known that only the parser refuses; its message would quote it
        content.faults.append("cannot be read as sections and options")
        return {}
    return {
        title: {name: value for name, value in parser.items(title) if "\0" not in name}
        for title in parser.sections()
        if "\0" not in title
    }


@dataclass(slots=True)
class _Lines:
    """The lines of a file; `check` leaves only those that the parser accepts.

    The parser stops at the first fault of most kinds, and quotes lines that may contain secrets.
    A faulty line is blanked. A second definition gets a name with a NUL in it, to be dropped after parsing:
    the lines that continue it must not become part of the option above.
    """

    texts: list[str]
    faults: dict[int, str] = field(default_factory=dict)
    sections: dict[str, SectionLines] = field(default_factory=dict)

    @property
    def has_too_many_faults(self) -> bool:
        return len(self.faults) >= MOST_LINE_FAULTS

    def sentences(self) -> list[str]:
        """Return the faults in the order of their lines."""
        sentences = [f"line {number}: {self.faults[number]}" for number in sorted(self.faults)]
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
                options, first = section.options, self.sections.setdefault(title, section).title
                if first != number:
                    sentence = f"section [{clip(title)}] is defined twice, first in line {first}: keep one"
                    self._add(number, sentence, left=f"[{title}\0{number}]")
            elif (option := _OPTION.match(text)) and not self.sections:
                self._add(number, "comes before the first section: put it under one, such as [global]")
            elif option:
                name, option_indent = option["name"].rstrip(), indent
                first = options.setdefault(name, number)
                if first != number:
                    sentence = f"[{clip(title)}] {clip(name)} is defined twice, first in line {first}"
                    left = f"{line[:indent]}{name}\0{number}{option['rest']}"
                    self._add(number, f"{sentence}: keep one; 2.5.1 used the last", left)
            else:
                self._add_unreadable(number, title)
            if self.has_too_many_faults:
                break

    def _add_unreadable(self, number: int, title: str) -> None:
        """Add a line that is nothing known; do not quote it where it may be a key."""
        line = self.texts[number - 1].strip()
        may_be_key = title in ("", "global", DEFAULT_SECTION) or _SECRET_WORD.search(line)
        shown = "this" if may_be_key and not line.startswith("[") else shorten(line)
        self._add(number, f"{shown} is not a section, an option or a comment")

    def _add(self, number: int, sentence: str, left: str = "") -> None:
        self.faults[number] = sentence
        self.texts[number - 1] = left


def _add_section(title: str, texts: dict[str, str], content: FileContent) -> None:
    shown = f"[{clip(title)}]"
    try:
        read = read_title(title)
    except ValueError as error:
        content.faults.append(f"section {shown} {error}")
        return
    content.lines.add_title(title, read.text)
    same = content.titles.setdefault(read, title)
    if same is not title:
        first = "" if read.plain else f", first as [{clip(same)}]"
        content.faults.append(f"section {shown} is defined twice{first}: keep one")
    elif read.schedule and len(content.schedules) == MOST_SCHEDULES:
        content.faults.append(f"section {shown} is one too many: use at most {MOST_SCHEDULES} schedules")
    elif read.schedule:
        content.schedules[read.schedule] = texts
    elif read.account and len(content.accounts) == MOST_ACCOUNTS:
        content.faults.append(f"section {shown} is one too many: use at most {MOST_ACCOUNTS} accounts")
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
        content.targets.append(TargetSection(read.text, read.table, read.gsi, texts, read.during))
