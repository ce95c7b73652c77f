"""Match names with regular expressions within a bound, whatever the expression and the name are."""

from __future__ import annotations

import re
import time
import warnings
from dataclasses import dataclass
from functools import reduce
from itertools import chain, product
from operator import or_
from typing import TYPE_CHECKING, Final

import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_SECONDS_A_NAME: Final = 0.2
"""Ordinary expressions take a millionth of a second for a name."""
MOST_SECONDS_IN_ALL: Final = 2.0
_LEAST_SECONDS_A_NAME: Final = 0.001
_SHARE_OF_WHAT_IS_LEFT: Final = 0.25
HOW_TO_BE_QUICK: Final = (
    "let no two parts of a repeated group match the same text, as they do in (a|aa)+ and (a+)*,"
    " and write few .*"
)
LONGEST_NAME_CHARACTERS: Final = 255
"""How long names of tables and indexes may be (API reference, CreateTable)."""
_LEAST_TO_JUDGE_BY_SECONDS: Final = 0.2
"""With less time for all, each name has too little: an ordinary expression would look slow."""
_REPEATED: Final = ("a", "A", "1", "-", "_", ".", "ab", "a-", "a_", "a.")
_SPOILERS: Final = ("", ".", "-", "_", "a", "A", "1")
"""A single character that the beginning of a name may, and the rest of it cannot, be followed by."""
_REPEAT: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\d*\})")
_LITERALS: Final = re.compile(r"(?:[A-Za-z0-9_-]|\\[._-])+(?![*+?{])")
_FLAGS: Final = (
    (re.ASCII, regex.ASCII),
    (re.DOTALL, regex.DOTALL),
    (re.IGNORECASE, regex.IGNORECASE),
    (re.MULTILINE, regex.MULTILINE),
    (re.VERBOSE, regex.VERBOSE),
)
_TOKEN: Final = re.compile(
    r"\\N\{[^}]*\}|\\.|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<brace>\{(?!\d*,?\d*\}))", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression in the language of Python's `re`, as it was written.

    Another engine does the matching, because `re` can neither be stopped nor lets other threads run.
    """

    text: str
    pattern: regex.Pattern[str]


@dataclass(slots=True)
class MatchBudget:
    """The time that matching many names may take: at most 2 s in all, and at most 0.2 s for one of them.

    `clock` gives seconds. Even when all is spent, each match has a millisecond: that is enough for
    ordinary names, so that odd ones do not take them along.
    """

    clock: Callable[[], float] = time.perf_counter
    left_seconds: float = MOST_SECONDS_IN_ALL

    def matches(self, expression: Expression, name: str) -> bool | None:
        """Return whether a name matches from its start; None if that takes too long to find out."""
        share = self.left_seconds * _SHARE_OF_WHAT_IS_LEFT
        most = min(MOST_SECONDS_A_NAME, max(_LEAST_SECONDS_A_NAME, share))
        began = self.clock()
        try:
            return expression.pattern.match(name, timeout=most) is not None
        except TimeoutError:
            return None
        finally:
            self.left_seconds -= self.clock() - began


def compile_expression(text: str) -> Expression:
    """Compile what `re` would accept; raise ValueError with its reason, also if the engines disagree."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about expressions to come
            warnings.simplefilter("ignore", DeprecationWarning)  # flags that are not at the start
            read = re.compile(text)
        # A flag that is not at the start, which Python 3.10 takes, is for all of an expression to re alone.
        flags = [theirs for ours, theirs in _FLAGS if read.flags & ours]
        return Expression(text, regex.compile(_TOKEN.sub(_quote, text), reduce(or_, flags, regex.VERSION0)))
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _quote(token: re.Match[str]) -> str:
    """Quote what is plain text for `re`, and a fuzzy constraint or a POSIX class for the other engine."""
    if token["brace"]:
        return "\\{"
    if token["set"]:
        return token["set"][0] + token["set"][1:].replace("[:", "\\[:")
    return token[0]


def find_hard_name(expression: Expression, budget: MatchBudget) -> str | None:
    """Return a name that the expression takes too long for, if one of the likely ones is."""
    repeats = len(_REPEAT.findall(expression.text))
    if repeats == 0 or (repeats == 1 and "|" not in expression.text):
        return None
    for name in _list_hard_names(expression.text):
        if budget.left_seconds < _LEAST_TO_JUDGE_BY_SECONDS:
            return None
        if budget.matches(expression, name) is None:
            return name
    return None


def _list_hard_names(text: str) -> Iterator[str]:
    """Give names that begin as the expression wants it, repeat something, and then go wrong."""
    literals = [found.replace("\\", "") for found in _LITERALS.findall(text)]
    start = literals[0] if literals else ""
    end = literals[-1] if literals else ""
    for repeated, spoiler, (before, after) in product(
        dict.fromkeys(chain(_REPEATED, literals)), _SPOILERS, (("", ""), ("", end), (end, ""))
    ):
        rest = f"{before}{spoiler}{after}"
        room = LONGEST_NAME_CHARACTERS - len(start) - len(rest)
        for beginning in ("", start):
            yield f"{beginning}{repeated * (room // len(repeated))}{rest}"
