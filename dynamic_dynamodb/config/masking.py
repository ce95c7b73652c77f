"""Hide what may be a secret in URLs, and in texts that may hold one."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "********"
SHORTEST_TOKEN_CHARACTERS: Final = 16
"""A run of letters and digits of this length is a token, whatever it looks like."""
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
"""Shorter ones are if they go to and fro between letters and digits, hold a long number, or mix all kinds."""


def mask_url(url: str) -> str:
    """Hide the password, the values of all parameters, and parts of the path that look like tokens.

    The host, the words of the path and the names of parameters are left, to know the URL by; it need not
    be well-formed.
    """
    parts = _PARTS.fullmatch(_mask_user(url))
    if parts is None:
        return MASK
    host, path, parameters = parts.groups()
    return host + _PIECE.sub(_mask_token, path) + _PIECE.sub(_mask_token, _VALUE.sub(f"={MASK}", parameters))


def mask_text(text: str) -> str:
    """Hide the same in all URLs of a text, and what else in it looks like a password or secret parameter."""
    return _SECRET_PARAMETER.sub(rf"\1{MASK}", _mask_user(mask_urls(text)))


def mask_urls(text: str) -> str:
    """Hide the same in all URLs of a text, and leave the rest of it."""
    return _URL.sub(lambda found: mask_url(found[0]), text)


def _mask_user(text: str) -> str:
    return _USER.sub(f"//{MASK}@", _PASSWORD.sub(rf"\1:{MASK}@", text))


def _mask_token(found: re.Match[str]) -> str:
    """Hide a piece of a URL if one of its words is none that people would use."""
    return MASK if any(map(_is_token, _WORDS.findall(found[0]))) else found[0]


def _is_token(word: str) -> bool:
    return len(word) >= SHORTEST_TOKEN_CHARACTERS or (
        len(word) >= _SHORTEST_ODD_CHARACTERS and _ODD.search(word) is not None
    )
