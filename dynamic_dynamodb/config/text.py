"""Make texts from outside safe to show: short, printable, and without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

MASK: Final = "********"
LONGEST_SHOWN_CHARACTERS: Final = 60
MOST_ENUMERATED: Final = 3
_LONGEST_SEARCHED_CHARACTERS: Final = 10_000
"""How much of a text is searched for secrets; if the rest may end a password, nothing is shown."""
UNSENDABLE: Final = "contains a line break, a space or another character that keys never contain"
SHORTEST_TOKEN_CHARACTERS: Final = 16
"""A run of letters and digits of this length counts as a token."""
_SECRET: Final = re.compile(
    f"({'|'.join(option.name for option in OPTIONS if option.is_secret)}).*", re.DOTALL
)
_PASSWORD: Final = re.compile(r"(^(?!https?:)[^/@:]*|//[^/@:]*|^https?(?!://)):.*@")
_USER: Final = re.compile(r"//[^/@:]+@")
_SECRET_PARAMETER: Final = re.compile(
    r"([?&;#][^=?&;#]*(?:auth|code|cred|key|passw|pwd|secret|sig|token)[^=?&;#]*=)[^&;#]*", re.IGNORECASE
)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
_PARTS: Final = re.compile(r"((?:[^/?#;]*://)?[^/?#;]*)([^?#;]*)(.*)", re.DOTALL)
_VALUE: Final = re.compile(r"=[^&;#]*")
_PIECE: Final = re.compile(r"[^/?&;#=]+")
_WORDS: Final = re.compile(r"[A-Za-z0-9]+")
_SHORTEST_ODD_CHARACTERS: Final = 6
_ODD: Final = re.compile(
    r"[A-Za-z][0-9]+[A-Za-z]|[0-9][A-Za-z]+[0-9]|[0-9]{6}|(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z].*[A-Z])"
)
"""Shorter ones are, if they alternate between letters and digits, contain a long number, or mix all kinds."""


def shorten(text: str) -> str:
    """Return a value for a message, clipped and in quotes."""
    return f"'{clip(text)}'"


def clip(text: str) -> str:
    """Return a text for a message: secrets masked, shortened, and printable.

    Everything after the name of a secret option is dropped, since a line may be misplaced.
    """
    start, rest = text[:_LONGEST_SEARCHED_CHARACTERS], text[_LONGEST_SEARCHED_CHARACTERS:]
    shown = MASK if "@" in rest else _SECRET.sub(r"\1 …", mask_text(start))
    kept = shown if len(shown) <= LONGEST_SHOWN_CHARACTERS else f"{shown[:LONGEST_SHOWN_CHARACTERS]}…"
    return escape(kept)


def enumerate_names(names: Sequence[str], word: str = "and") -> str:
    """Return names for a sentence, such as `a, b and c`; of many, the first three and how many more."""
    shown = [clip(name) for name in names]
    if len(shown) > MOST_ENUMERATED + 1:
        shown[MOST_ENUMERATED:] = [f"{len(shown) - MOST_ENUMERATED} more"]
    return f" {word} ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def escape(text: str) -> str:
    """Return a text with unprintable characters, which could control a terminal, as escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def mask_url(url: str) -> str:
    """Mask the password, the values of all parameters, and parts of the path that look like tokens.

    The host, words of the path and names of parameters stay, so that readers recognize the URL.
    It need not be well-formed.
    """
    parts = _PARTS.fullmatch(_mask_user(url))
    if parts is None:
        return MASK
    host, path, parameters = parts.groups()
    return host + _PIECE.sub(_mask_token, path) + _PIECE.sub(_mask_token, _VALUE.sub(f"={MASK}", parameters))


def mask_text(text: str) -> str:
    """Mask all URLs in a text, and whatever else looks like a password or a secret parameter."""
    return _SECRET_PARAMETER.sub(rf"\1{MASK}", _mask_user(mask_urls(text)))


def mask_urls(text: str) -> str:
    """Mask all URLs in a text, and leave the rest of it."""
    return _URL.sub(lambda found: mask_url(found[0]), text)


def _mask_user(text: str) -> str:
    return _USER.sub(f"//{MASK}@", _PASSWORD.sub(rf"\1:{MASK}@", text))


def _mask_token(found: re.Match[str]) -> str:
    """Mask a piece of a URL if one of its words looks like a token."""
    return MASK if any(map(_is_token, _WORDS.findall(found[0]))) else found[0]


def _is_token(word: str) -> bool:
    return len(word) >= SHORTEST_TOKEN_CHARACTERS or (
        len(word) >= _SHORTEST_ODD_CHARACTERS and _ODD.search(word) is not None
    )


def is_sendable(key: str) -> bool:
    """Return whether a key or token can be sent in a header; surrounding spaces do not count."""
    text = key.strip()
    return text.isascii() and text.isprintable() and " " not in text
