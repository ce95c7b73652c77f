"""Match names with regular expressions in bounded time, whatever the expression and the name are."""

from __future__ import annotations

import re
import time
import warnings
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, product
from operator import or_
from typing import TYPE_CHECKING, Final

import regex

from dynamic_dynamodb.scaling.model import LONGEST_NAME_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_SECONDS_A_NAME: Final = 0.2
"""Most expressions take a microsecond for a name."""
MOST_SECONDS_IN_TOTAL: Final = 2.0
_LEAST_SECONDS_A_NAME: Final = 0.001
_SHARE_OF_REMAINING: Final = 0.25
SLOW_EXPRESSION_ADVICE: Final = (
    "avoid repeated groups whose parts match the same text, such as (a|aa)+ and (a+)*, and use few .*"
)
_LEAST_SECONDS_TO_TEST: Final = 0.2
"""With less time left, even ordinary expressions would seem slow."""
_REPEATED: Final = ("a", "A", "1", "-", "_", ".", "ab", "a-", "a_", "a.")
_SPOILERS: Final = ("", ".", "-", "_", "a", "A", "1")
"""Characters that make a name fail to match after a long run of text that matches."""
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
    """A regular expression in the syntax of Python's `re`, as written.

    Another engine matches it, because `re` cannot be stopped and blocks all other threads. Two expressions
    are equal if they are written alike: the patterns of that engine are equal only to themselves.
    """

    text: str
    pattern: regex.Pattern[str] = field(compare=False)


@dataclass(slots=True)
class MatchBudget:
    """The time for matching many names: at most 2 s in total, and at most 0.2 s for one name.

    `clock` returns seconds. When the budget is spent, each match still gets a millisecond: enough for
    ordinary names, so that one slow expression does not affect them.
    """

    clock: Callable[[], float] = time.perf_counter
    left_seconds: float = MOST_SECONDS_IN_TOTAL

    def matches(self, expression: Expression, name: str) -> bool | None:
        """Return whether a name matches from its start; None if that takes too long."""
        share = self.left_seconds * _SHARE_OF_REMAINING
        most = min(MOST_SECONDS_A_NAME, max(_LEAST_SECONDS_A_NAME, share))
        began = self.clock()
        try:
            return expression.pattern.match(name, timeout=most) is not None
        except TimeoutError:
            return None
        finally:
            self.left_seconds -= self.clock() - began


def compile_expression(text: str) -> Expression:
    """Compile an expression that `re` accepts; raise ValueError with the reason if either engine does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about future syntax
            warnings.simplefilter("ignore", DeprecationWarning)  # flags that are not at the start
            read = re.compile(text)
        # To re, a flag that is not at the start, as Python 3.10 allows, applies to the whole expression.
        flags = [theirs for ours, theirs in _FLAGS if read.flags & ours]
        return Expression(text, regex.compile(_TOKEN.sub(_quote, text), reduce(or_, flags, regex.VERSION0)))
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error


def match_only(name: str) -> str:
    """Return the expression that matches one name; a dot is the only special character of names."""
    return f"^{escape_name(name)}$"


def escape_name(part: str) -> str:
    """Return a part of a name as an expression that matches only itself."""
    return part.replace(".", r"\.")


def _quote(token: re.Match[str]) -> str:
    """Escape what is plain text to `re`, but a fuzzy constraint or a POSIX class to the other engine."""
    if token["brace"]:
        return "\\{"
    if token["set"]:
        return token["set"][0] + token["set"][1:].replace("[:", "\\[:")
    return token[0]


def find_hard_name(expression: Expression, budget: MatchBudget) -> str | None:
    """Return a name that takes the expression too long, among those that are likely to; else None."""
    repeats = len(_REPEAT.findall(expression.text))
    if repeats == 0 or (repeats == 1 and "|" not in expression.text):
        return None
    for name in _list_hard_names(expression.text):
        if budget.left_seconds < _LEAST_SECONDS_TO_TEST:
            return None
        if budget.matches(expression, name) is None:
            return name
    return None


def _list_hard_names(text: str) -> Iterator[str]:
    """Yield names that start as the expression requires, repeat a text, and then fail to match."""
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
