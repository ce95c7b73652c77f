"""Tell which keys and tokens can be sent to AWS: they travel in headers."""

from __future__ import annotations

from typing import Final

UNSENDABLE: Final = "has a line break, a space or another character that no key has"


def is_sendable(key: str) -> bool:
    """Tell whether a header takes it; spaces around it are not its part."""
    text = key.strip()
    return text.isascii() and text.isprintable() and " " not in text
