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

from dynamic_dynamodb.config.paths import read_bounded
from dynamic_dynamodb.config.suggestions import find_meant
from dynamic_dynamodb.config.text import clip, shorten

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SECTION: Final = "DEFAULT"
MOST_LINE_FAULTS: Final = 50
_MEANT_TITLES: Final = ("global", "logging", "default_options")
_PLAIN_TITLES: Final = (*_MEANT_TITLES, DEFAULT_SECTION)
_TWICE: Final = "is there twice; 2.5.1 took the last one"
_KEY_WORD: Final = re.compile("key|secret|passw|token", re.IGNORECASE)
_TITLE_WORDS: Final = ("table", "gsi", "during")
_KNOWN_WORD: Final = re.compile(rf"(?:^|(?<= ))({'|'.join(_TITLE_WORDS)}) ?: ?")
_GSI_TITLE: Final = re.compile(r"gsi: (?P<gsi>\S.*?) table: (?P<table>.+)")
_TABLE_TITLE: Final = re.compile(r"table: (?P<table>.*)")
_REVERSED_TITLE: Final = re.compile(r"table: (?P<table>\S+) gsi: (?P<gsi>\S+)")
_SPACES_OF_GSI_TITLE: Final = 3
_WORD: Final = re.compile(r"(?:^| )(?P<word>[A-Za-z]+)(?: ?(?P<colon>:) ?|(?= )|$)")
_WORD_AND_REST: Final = re.compile(r"([^\s:]*)[\s:]*(.*)", re.DOTALL)
_TEXT_AFTER_BRACKET: Final = re.compile(r"\]\s*[#;]|\]\s+\S")


_COMMENT: Final = re.compile(r"^\s*#.*|(^|\s);.*")
_OPTION: Final = re.compile(r"\s*(?P<name>[^\s:=[][^:=]*)[:=]")


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
    warnings: list[str] = field(default_factory=list)


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
            empty_lines_in_values=True,
            default_section="\0",  # no such title: [DEFAULT] is read as any other and applied by the loader
        )

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of option names."""
        return optionstr


def read_file(path: Path) -> FileContent:
    """Read a file; everything that is wrong with it is in the content's faults."""
    content = FileContent()
    try:
        raw = read_bounded(path, may_be_pipe=True)
    except OSError as error:
        content.faults.append(f"cannot be read: {error.strerror or error}")
        return content
    if b"\0" in raw:
        content.faults.append("is no text file, such as UTF-8")
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
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = _LineFaults(lines)
    found.scan()
    parser = _Parser()
    while not found.is_enough:
        parser = _Parser()
        try:
            parser.read_string("\n".join(lines))
        except MissingSectionHeaderError as error:
            found.add_homeless(error.lineno)
        except DuplicateSectionError as error:
            found.add_section(error.lineno or 1, error.section)
        except DuplicateOptionError as error:
            found.add_option(error.lineno or 1, error.section, error.option)
        except ParsingError as error:
            for number, _ in error.errors[:MOST_LINE_FAULTS]:
                found.add(number)
        else:
            break
    faults += found.sentences()
    return parser


@dataclass(slots=True)
class _LineFaults:
    """Name faulty lines, and blank them so that the others can be read."""

    lines: list[str]
    found: dict[int, str] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        return len(self.found) >= MOST_LINE_FAULTS

    def sentences(self) -> list[str]:
        """Give the faults in the order of their lines."""
        sentences = [f"line {number}: {self.found[number]}" for number in sorted(self.found)]
        return [*sentences, "there may be more: mend these first"] if self.is_enough else sentences

    def scan(self) -> None:
        """Find in one go what the parser would raise line by line, which could take minutes."""
        titles: set[str] = set()
        title, options, option_indent = "", set[str](), None
        for number, line in enumerate(self.lines, start=1):
            text = _COMMENT.sub("", line).rstrip()
            indent = len(text) - len(text.lstrip())
            if not text:
                continue
            if option_indent is not None and indent > option_indent:
                continue  # more of the value above
            if header := _Parser.SECTCRE.match(text.lstrip()):
                title, options, option_indent = header["header"], set(), None
                if title in titles:
                    self.add_section(number, title)
                titles.add(title)
            elif option := _OPTION.match(text):
                name, option_indent = option["name"].rstrip(), indent
                if name in options:
                    self.add_option(number, title, name)
                options.add(name)
            else:
                self.add(number, title)
            if self.is_enough:
                break

    def add(self, number: int, title: str = "") -> None:
        """Blame a line that is nothing; near keys it is not quoted, as it may be one."""
        line = self.lines[number - 1].strip()
        is_near_keys = title in ("", "global", DEFAULT_SECTION) or _KEY_WORD.search(line)
        shown = "this" if is_near_keys and not line.startswith("[") else shorten(line)
        self._blank(number, f"{shown} is not a section, an option or a comment")

    def add_homeless(self, number: int) -> None:
        """Blame an option before all sections."""
        self._blank(number, "comes before any section; [global] would start one")

    def add_section(self, number: int, title: str) -> None:
        """Blame a section that is there again; its options are looked at all the same."""
        self._blank(number, f"section [{clip(title)}] is there twice", left=f"[{title}\0{number}]")

    def add_option(self, number: int, title: str, name: str) -> None:
        """Blame an option that is there again."""
        self._blank(number, f"[{clip(title)}] {clip(name)} {_TWICE}")

    def _blank(self, number: int, sentence: str, left: str = "") -> None:
        self.found[number] = sentence
        self.lines[number - 1] = left


def _add_section(
    title: str, texts: dict[str, str], content: FileContent, titles: dict[tuple[str, str], str]
) -> None:
    if "\0" in title:
        return  # the second of two sections of one title; already a fault
    # Spaces do not matter; a colon has none before it, and one after it.
    spelt, shown = _KNOWN_WORD.sub(r"\1: ", " ".join(title.split())), f"[{clip(title)}]"
    if spelt in _PLAIN_TITLES:
        if spelt in content.plain:
            content.faults.append(f"section {shown} is there twice")
        content.plain[spelt] = texts
        return
    match = _GSI_TITLE.fullmatch(spelt) or _TABLE_TITLE.fullmatch(spelt)
    if match is None or _TEXT_AFTER_BRACKET.search(title):
        content.faults.append(f"section {shown} is unknown: {_suggest_title(spelt)}")
        return
    table, gsi = match["table"], match.groupdict().get("gsi") or ""
    if not table:
        content.faults.append(f"section {shown} names no table; [table: ^my_table$] would")
        return
    if meant := _find_misplaced_word(gsi) or _find_misplaced_word(table):
        content.faults.append(f"section {shown} cannot be read: {_explain_misplaced(meant, spelt)}")
        return
    if (table, gsi) in titles:
        first = clip(titles[table, gsi])
        content.faults.append(f"section {shown} is there twice, the first time as [{first}]")
        return
    titles[table, gsi] = title
    clean_title = f"gsi: {gsi} table: {table}" if gsi else f"table: {table}"
    if " " in table + gsi:
        content.warnings.append(
            f"[{clip(clean_title)}] has a space in an expression, and no name has one:"
            " an expression such as ^(users|orders)$ stands for several names"
        )
    content.targets.append(TargetSection(clean_title, table, gsi, texts))


def _find_misplaced_word(expression: str) -> str:
    """Return the word of titles that stands within an expression, or that a word there is near."""
    for found in _WORD.finditer(expression):
        meant = find_meant(found["word"], _TITLE_WORDS)
        if meant and (found["colon"] or found.start() > 0):
            return meant[0]
    return ""


def _explain_misplaced(meant: str, spelt: str) -> str:
    """Say how to spell a title in which a word of titles stands within an expression."""
    if meant == "during":
        return "during is not known to this version"
    respelt = _respell(spelt)
    if match := _REVERSED_TITLE.fullmatch(respelt):
        respelt = f"gsi: {match['gsi']} table: {match['table']}"
    if _GSI_TITLE.fullmatch(respelt) and respelt.count(" ") == _SPACES_OF_GSI_TITLE:
        return f"did you mean [{clip(respelt)}]?"
    return "titles are [table: ^my_table$] or [gsi: ^my_index$ table: ^my_table$]"


def _respell(title: str) -> str:
    """Spell all words right that are, or are near, those of titles."""

    def spell(found: re.Match[str]) -> str:
        meant = find_meant(found["word"], _TITLE_WORDS)
        return f" {meant[0]}: " if meant else found[0]

    return " ".join(_WORD.sub(spell, title).split())


def _suggest_title(title: str) -> str:
    """Say what an unknown title may have been meant to be."""
    word, rest = _WORD_AND_REST.fullmatch(title).groups()  # type: ignore[union-attr]  # it matches anything
    nearest = find_meant(word, ("table", "gsi") if rest else _MEANT_TITLES)
    if nearest:
        meant = f"{nearest[0]}: {rest}" if rest else nearest[0]
        if nearest[0] == "gsi":
            meant = _respell(meant)
            if " table: " not in meant:
                meant += " table: ^my_table$"
        if meant != title:
            return f"did you mean [{clip(meant)}]?"
    return (
        "known are [global], [logging], [default_options], [table: ^my_table$]"
        " and [gsi: ^my_index$ table: ^my_table$]"
    )
