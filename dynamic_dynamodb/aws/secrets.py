"""Mask secrets in what botocore and AWS put into their messages."""

from __future__ import annotations

import html
import json
import re
import threading
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

from dynamic_dynamodb.config.text import MASK, mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHORTEST_CHARACTERS: Final = 8
"""A shorter text is not a key of AWS, and masking it would garble table names."""
_BEGINNING_CHARACTERS: Final = 20
"""This many characters from the start of a secret show that the rest follows, perhaps cut off."""
_KEPT_ISSUES: Final = 4
"""How many of the temporary credentials that were issued last are masked: earlier ones have expired."""
_VARIABLES: Final = (
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
)
_USER_IN_URL: Final = re.compile(r"://[^\s'\"]*@")
_HEADER: Final = re.compile(r"(Invalid header (?:name|value)).*", re.DOTALL)
"""How http.client reports a header that it cannot send. It quotes the value, usually a token."""
_FIELD: Final = re.compile(
    r"""((?:token|secret_?access_?key)(?:["']\s?:\s?["']|[:=>]))[^\s"'<>&,;]{8,}""", re.IGNORECASE
)
"""How answers, forms and signed headers name a secret that this process may never have read."""
_IDENTITY: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
"""A web identity token (RFC 7519), which starts with JSON in base64."""
_PASSWORD_IN_URL: Final = re.compile(r"://([^:]*:)?(.*)@", re.DOTALL)

_DELIMITERS: Final = re.compile("[/?#@:]")


class Secrets:
    """The secrets that this process has read so far; threads may share them."""

    def __init__(self, environment: Mapping[str, str], base: Secrets | None = None) -> None:
        """Start with the secrets in the environment variables, which include passwords in URLs.

        Those of `base` are masked too.
        """
        self._base = base
        self._forms: set[str] = set()
        self._issued: deque[set[str]] = deque(maxlen=_KEPT_ISSUES)
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()
        self.add(environment.get(name) for name in _VARIABLES)
        for text in environment.values():
            if user := _PASSWORD_IN_URL.search(text):
                # A slash in a password ends the host part of a URL: what precedes it is parsed as a port.
                self.add((user[2], *_DELIMITERS.split(user[2])))

    def add(self, secrets: Iterable[str | None]) -> None:
        """Mask these secrets too from now on."""
        new = _find_all_forms(secrets)
        with self._lock:
            if not new <= self._forms:
                self._forms |= new
                self._compile()

    def add_issued(self, secrets: Iterable[str | None]) -> None:
        """Mask the secrets of temporary credentials too, until several others have been issued."""
        new = _find_all_forms(secrets)
        with self._lock:
            if new not in self._issued:
                self._issued.append(new)
                self._compile()

    def _compile(self) -> None:
        forms = sorted({*self._forms, *chain(*self._issued)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(forms)) if forms else None

    def mask(self, text: str) -> str:
        """Return a text with secrets masked: known ones, and what looks like one where secrets occur."""
        shown = self._pattern.sub(MASK, text) if self._pattern else text
        if self._base is not None:
            return self._base.mask(shown)
        shown = _IDENTITY.sub(MASK, _FIELD.sub(rf"\1{MASK}", shown))
        return _HEADER.sub(rf"\1 {MASK}", mask_urls(_USER_IN_URL.sub(f"://{MASK}@", shown)))


def _find_all_forms(secrets: Iterable[str | None]) -> set[str]:
    return {form for secret in secrets for form in _find_forms(secret or "")}


def _find_forms(secret: str) -> Iterator[str]:
    """Return patterns for each line of a secret: plain, quoted as in code, URLs, JSON or XML, and cut off."""
    for line in secret.split():
        if len(line) < SHORTEST_CHARACTERS:
            continue
        quoted = (quote(line), quote(line, safe=""), quote_plus(line), html.escape(line))
        written = (repr(line)[1:-1], repr(line.encode())[2:-1], json.dumps(line)[1:-1])
        yield from map(re.escape, (line, *quoted, *written))
        if len(line) > _BEGINNING_CHARACTERS:
            yield re.escape(line[:_BEGINNING_CHARACTERS]) + r"[\w/+=%-]*"
