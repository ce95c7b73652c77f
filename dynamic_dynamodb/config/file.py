"""Read a configuration file into sections of texts, and collect everything that cannot be read."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.paths import read_within_limits
from dynamic_dynamodb.config.suggestions import find_meant
from dynamic_dynamodb.config.text import clip, shorten

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SECTION: Final = "DEFAULT"
MOST_LINE_FAULTS: Final = 50
_SUGGESTED_TITLES: Final = ("global", "logging", "default_options")
_PLAIN_TITLES: Final = (*_SUGGESTED_TITLES, DEFAULT_SECTION)
_GOOD_TITLES: Final = "[table: ^my_table$] or [gsi: ^my_index$ table: ^my_table$]"
_SECRET_WORD: Final = re.compile("key|secret|passw|token", re.IGNORECASE)

_COMMENT: Final = re.compile(r"^\s*#.*|(^|\s);.*")
_OPTION: Final = re.compile(r"\s*(?P<name>[^\s:=[][^:=]*)(?P<rest>[:=].*)")

_TITLE_WORDS: Final = ("table", "gsi", "during")
_TITLE_WORD_AND_COLON: Final = re.compile(rf"(?:^|(?<= ))({'|'.join(_TITLE_WORDS)}) ?: ?")
_GSI_TITLE: Final = re.compile(r"gsi: (?P<gsi>\S.*?) table: (?P<table>.+)")
_TABLE_TITLE: Final = re.compile(r"table: (?P<table>.*)")
_REVERSED_TITLE: Final = re.compile(r"table: (?P<table>\S+) gsi: (?P<gsi>\S+)")
_SPACES_IN_GSI_TITLE: Final = 3
_WORD: Final = re.compile(r"(?:^| )(?P<word>[A-Za-z]+)(?: ?(?P<colon>:) ?|(?= )|$)")
_FIRST_WORD_AND_REST: Final = re.compile(r"([^\s:]*)[\s:]*(.*)", re.DOTALL)
_TEXT_AFTER_BRACKET: Final = re.compile(r"\]\s*[#;]|\]\s+\S")


@dataclass(frozen=True, slots=True)
class TargetSection:
    """A section for tables or indexes: its expressions, and its options as texts."""

    title: str
    table: str
    gsi: str
    texts: dict[str, str]


@dataclass(slots=True)
class FileContent:
    """Everything in a file, as texts, in its order; `plain` contains the sections without a target."""

    plain: dict[str, dict[str, str]] = field(default_factory=dict)
    targets: list[TargetSection] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


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
    titles: dict[tuple[str, str], str] = {}
    for title, texts in _parse(text, content.faults).items():
        _add_section(title, texts, content, titles)
    return content


def _parse(text: str, faults: list[str]) -> dict[str, dict[str, str]]:
    """Return the options of each section; nothing if the file has too many faulty lines."""
    lines = _Lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    lines.check()
    faults += lines.sentences()
    if lines.has_too_many_faults:
        return {}
    parser = _Parser()
    try:
        parser.read_string("\n".join(lines.texts))
    except configparser.Error:  # no line is known that only the parser refuses; its message would quote it
        faults.append("cannot be read as sections and options")
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

    @property
    def has_too_many_faults(self) -> bool:
        return len(self.faults) >= MOST_LINE_FAULTS

    def sentences(self) -> list[str]:
        """Return the faults in the order of their lines."""
        sentences = [f"line {number}: {self.faults[number]}" for number in sorted(self.faults)]
        return [*sentences, "there may be more: fix these first"] if self.has_too_many_faults else sentences

    def check(self) -> None:
        """Find all faulty lines in one pass."""
        titles: dict[str, int] = {}
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
                title, options, option_indent = header["header"], {}, None
                first = titles.setdefault(title, number)
                if first != number:
                    sentence = f"section [{clip(title)}] is defined twice, first in line {first}: keep one"
                    self._add(number, sentence, left=f"[{title}\0{number}]")
            elif (option := _OPTION.match(text)) and not titles:
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


def _add_section(
    title: str, texts: dict[str, str], content: FileContent, titles: dict[tuple[str, str], str]
) -> None:
    # Spaces do not matter; a colon has none before it, and one after it.
    spelt, shown = _TITLE_WORD_AND_COLON.sub(r"\1: ", " ".join(title.split())), f"[{clip(title)}]"
    if spelt in _PLAIN_TITLES:
        if spelt in content.plain:
            content.faults.append(f"section {shown} is defined twice: keep one")
        content.plain[spelt] = texts
        return
    match = _GSI_TITLE.fullmatch(spelt) or _TABLE_TITLE.fullmatch(spelt)
    if match is None or _TEXT_AFTER_BRACKET.search(title):
        content.faults.append(f"section {shown} is unknown: {_suggest_title(spelt)}")
        return
    table, gsi = match["table"], match.groupdict().get("gsi") or ""
    if not table:
        content.faults.append(f"section {shown} names no table: write [table: ^my_table$]")
        return
    if meant := _find_misplaced_word(gsi) or _find_misplaced_word(table):
        content.faults.append(f"section {shown} cannot be read: {_explain_misplaced(meant, spelt)}")
        return
    if (table, gsi) in titles:
        first = clip(titles[table, gsi])
        content.faults.append(f"section {shown} is defined twice, first as [{first}]: keep one")
        return
    titles[table, gsi] = title
    clean_title = f"gsi: {gsi} table: {table}" if gsi else f"table: {table}"
    if " " in table + gsi:
        content.warnings.append(
            f"[{clip(clean_title)}] contains a space, which no table or index has in its name:"
            " write an expression such as ^(users|orders)$ to match several names"
        )
    content.targets.append(TargetSection(clean_title, table, gsi, texts))


def _find_misplaced_word(expression: str) -> str:
    """Return the title word that an expression contains, possibly misspelt; empty if none."""
    for found in _WORD.finditer(expression):
        meant = find_meant(found["word"], _TITLE_WORDS)
        if meant and (found["colon"] or found.start() > 0):
            return meant[0]
    return ""


def _explain_misplaced(meant: str, spelt: str) -> str:
    """Return how to write a title whose expression contains a title word."""
    if meant == "during":
        return "this version does not support during"
    respelt = _respell(spelt)
    if match := _REVERSED_TITLE.fullmatch(respelt):
        respelt = f"gsi: {match['gsi']} table: {match['table']}"
    if _GSI_TITLE.fullmatch(respelt) and respelt.count(" ") == _SPACES_IN_GSI_TITLE:
        return f"did you mean [{clip(respelt)}]?"
    return f"write {_GOOD_TITLES}"


def _respell(title: str) -> str:
    """Correct all words that are, or are close to, title words."""

    def spell(found: re.Match[str]) -> str:
        meant = find_meant(found["word"], _TITLE_WORDS)
        return f" {meant[0]}: " if meant else found[0]

    return " ".join(_WORD.sub(spell, title).split())


def _suggest_title(title: str) -> str:
    """Return which title an unknown one was probably meant to be, or all that there are."""
    word, rest = _FIRST_WORD_AND_REST.fullmatch(title).groups()  # type: ignore[union-attr]  # it matches any text
    nearest = find_meant(word, ("table", "gsi") if rest else _SUGGESTED_TITLES)
    if nearest:
        meant = f"{nearest[0]}: {rest}" if rest else nearest[0]
        if nearest[0] == "gsi":
            meant = _respell(meant)
            if " table: " not in meant:
                meant += " table: ^my_table$"
        if meant != title:
            return f"did you mean [{clip(meant)}]?"
    return f"write [global], [logging], [default_options], {_GOOD_TITLES}"
