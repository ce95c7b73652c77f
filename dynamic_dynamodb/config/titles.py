"""Read the titles of sections: what each section is for, or what was probably meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from dynamic_dynamodb.config.suggestions import find_meant
from dynamic_dynamodb.config.text import clip

DEFAULT_SECTION: Final = "DEFAULT"
_SUGGESTED_TITLES: Final = ("global", "logging", "default_options")
_PLAIN_TITLES: Final = (*_SUGGESTED_TITLES, DEFAULT_SECTION)
_GOOD_TITLES: Final = "[table: ^my_table$] or [gsi: ^my_index$ table: ^my_table$]"
_TITLE_WORDS: Final = ("table", "gsi", "during")
_NAMED_KINDS: Final = ("schedule", "account")
"""Sections that have a name."""
_TITLE_WORD_AND_COLON: Final = re.compile(
    rf"(?:(?:^|(?<= ))({'|'.join(_TITLE_WORDS)})|^({'|'.join(_NAMED_KINDS)})) ?: ?"
)
_DURING: Final = r"(?P<rest> during:(?: (?P<during>.*))?)?"
_GSI_TITLE: Final = re.compile(rf"gsi: (?P<gsi>\S.*?) table: (?P<table>.+?){_DURING}")
_TABLE_TITLE: Final = re.compile(rf"table: (?P<table>.*?){_DURING}")
_NAMED_TITLE: Final = re.compile(rf"(?P<kind>{'|'.join(_NAMED_KINDS)}): ?(?P<name>.*)")
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
GOOD_SCHEDULE: Final = "business-hours"
GOOD_ACCOUNT: Final = "production"
_GOOD_NAMES: Final = {"schedule": GOOD_SCHEDULE, "account": GOOD_ACCOUNT}
_REVERSED_TITLE: Final = re.compile(r"table: (?P<table>\S+) gsi: (?P<gsi>\S+)")
_SPACES_IN_GSI_TITLE: Final = 3
_WORD: Final = re.compile(r"(?:^| )(?P<word>[A-Za-z]+)(?: ?(?P<colon>:) ?|(?= )|$)")
_FIRST_WORD_AND_REST: Final = re.compile(r"([^\s:]*)[\s:]*(.*)", re.DOTALL)
_TEXT_AFTER_BRACKET: Final = re.compile(r"\]\s*[#;]|\]\s+\S")


@dataclass(frozen=True, slots=True)
class Title:
    """What a section is for: `plain` is the title of one like `[global]`.

    `schedule` and `account` are the names of a schedule and an account.

    Otherwise it is for the tables and indexes that the expressions match, while a schedule is open if
    `during` has its name.
    """

    plain: str = ""
    schedule: str = ""
    account: str = ""
    table: str = ""
    gsi: str = ""
    during: str = ""

    @property
    def text(self) -> str:
        """Return the title with its spaces in place."""
        if self.plain:
            return self.plain
        if self.schedule or self.account:
            return f"schedule: {self.schedule}" if self.schedule else f"account: {self.account}"
        base = f"gsi: {self.gsi} table: {self.table}" if self.gsi else f"table: {self.table}"
        return f"{base} during: {self.during}" if self.during else base


_GOOD_TABLE: Final = Title(table="^my_table$")
_GOOD_GSI: Final = Title(table="^my_table$", gsi="^my_index$")


def read_title(title: str) -> Title:
    """Return what a section is for; raise ValueError with a predicate for the title."""
    # Spaces do not matter; a colon has none before it, and one after it.
    spelt = _TITLE_WORD_AND_COLON.sub(r"\1\2: ", " ".join(title.split()))
    if spelt in _PLAIN_TITLES:
        return Title(plain=spelt)
    if named := _NAMED_TITLE.fullmatch(spelt):
        return Title(**{named["kind"]: _read_name(named["kind"], named["name"])})
    match = _GSI_TITLE.fullmatch(spelt) or _TABLE_TITLE.fullmatch(spelt)
    if match is None or _TEXT_AFTER_BRACKET.search(title):
        message = f"is unknown: {_suggest_title(spelt)}"
        raise ValueError(message)
    found = Title(table=match["table"], gsi=match.groupdict().get("gsi") or "", during=match["during"] or "")
    if not found.table:
        message = "names no table: write [table: ^my_table$]"
        raise ValueError(message)
    if meant := _find_misplaced_word(found.gsi) or _find_misplaced_word(found.table):
        message = f"cannot be read: {_explain_misplaced(meant, spelt)}"
        raise ValueError(message)
    if match["rest"] and not _NAME.fullmatch(found.during):
        message = f"cannot be read: {_explain_during(found)}"
        raise ValueError(message)
    return found


def _read_name(kind: str, name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    message = (
        f"cannot be read: the name of {'an' if kind == 'account' else 'a'} {kind} has letters, digits, dots,"
        f" hyphens and underscores, such as [{kind}: {_GOOD_NAMES[kind]}]"
    )
    raise ValueError(message)


def _find_misplaced_word(expression: str) -> str:
    """Return the title word that an expression contains, possibly misspelt; empty if none."""
    for found in _WORD.finditer(expression):
        meant = find_meant(found["word"], _TITLE_WORDS)
        if meant and (found["colon"] or found.start() > 0):
            return meant[0]
    return ""


def _explain_misplaced(meant: str, spelt: str) -> str:
    """Return how to write a title whose expression contains a title word."""
    respelt = _respell(spelt)
    if meant == "during":
        match = _GSI_TITLE.fullmatch(respelt) or _TABLE_TITLE.fullmatch(respelt)
        if match and _NAME.fullmatch(match["during"] or "") and " " not in match["table"]:
            return f"did you mean [{clip(respelt)}]?"
        return _explain_during(_GOOD_GSI if respelt.startswith("gsi: ") else _GOOD_TABLE)
    if match := _REVERSED_TITLE.fullmatch(respelt):
        respelt = f"gsi: {match['gsi']} table: {match['table']}"
    if _GSI_TITLE.fullmatch(respelt) and respelt.count(" ") == _SPACES_IN_GSI_TITLE:
        return f"did you mean [{clip(respelt)}]?"
    return f"write {_GOOD_TITLES}"


def _explain_during(title: Title) -> str:
    """Return how to write the title of a section that applies while a schedule is open."""
    meant = replace(title, during=GOOD_SCHEDULE).text
    return f"write [{clip(meant)}], and the times in [schedule: {GOOD_SCHEDULE}]"


def _respell(title: str) -> str:
    """Correct all words that are, or are close to, title words."""

    def spell(found: re.Match[str]) -> str:
        meant = find_meant(found["word"], _TITLE_WORDS)
        return f" {meant[0]}: " if meant else found[0]

    return " ".join(_WORD.sub(spell, title).split())


def _suggest_title(title: str) -> str:
    """Return which title an unknown one was probably meant to be, or all that there are."""
    word, rest = _FIRST_WORD_AND_REST.fullmatch(title).groups()  # type: ignore[union-attr]  # it matches any text
    nearest = find_meant(word, ("table", "gsi", *_NAMED_KINDS) if rest else _SUGGESTED_TITLES)
    if not nearest and (named := find_meant(word, _NAMED_KINDS)):
        return f"did you mean [{named[0]}: {_GOOD_NAMES[named[0]]}]?"
    if nearest:
        meant = f"{nearest[0]}: {rest}" if rest else nearest[0]
        if nearest[0] == "gsi":
            meant = _respell(meant)
            if " table: " not in meant:
                meant += " table: ^my_table$"
        if meant != title:
            return f"did you mean [{clip(meant)}]?"
    return f"write [global], [logging], [default_options], {_GOOD_TITLES}"
