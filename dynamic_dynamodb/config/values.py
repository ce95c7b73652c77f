"""Parse an option's text into its value, or explain what it must be."""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from dynamic_dynamodb.config.address import GOOD_ADDRESS, Address
from dynamic_dynamodb.config.moments import parse_moment, parse_zone
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import clip, mask_url, shorten
from dynamic_dynamodb.options import GOOD_ROLE, MESSAGE_TYPES, OBSOLETE_MESSAGE_TYPES, Kind, Option
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.times import Times

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_SCALE_NUMBER: Final = 1e15
_OF_SEVERAL_LINES: Final = (Kind.SCALE, Kind.TIMES, Kind.MESSAGE_TYPES)
_TRUE: Final = frozenset({"1", "yes", "true", "on"})
_NEVER_EMPTY: Final = frozenset({Kind.NAMES, Kind.ROLE})
_FALSE: Final = frozenset({"0", "no", "false", "off"})
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\x21-\x7e]+", re.ASCII)
_SESSION: Final = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/\s]+)/\S+", re.ASCII)
_ACCOUNT_ID: Final = re.compile(r"(\d{4}-?\d{4}-?\d{4})|arn:aws[a-z-]*:iam::(\d{12}):root", re.ASCII)
_IAM_KINDS: Final = {
    "user": "a user",
    "group": "a group",
    "policy": "a policy",
    "instance-profile": "an instance profile",
}
_IAM_RESOURCE: Final = re.compile(rf"arn:aws[a-z-]*:iam::\d{{12}}:({'|'.join(_IAM_KINDS)})/\S+", re.ASCII)


def parse_value(option: Option, text: str) -> Any:  # noqa: ANN401 - the declaration decides the type
    """Return the value of a text; raise ValueError with a predicate for the option's name."""
    text = "" if text.strip() == '""' else text.strip()
    if "\n" in text and option.kind not in _OF_SEVERAL_LINES:
        message = "continues on an indented line: start each option at the beginning of its line"
        raise ValueError(message)
    if option.kind in _PARSERS_WITH_EXAMPLE:
        return _PARSERS_WITH_EXAMPLE[option.kind](text, option.example)
    _refuse_empty(option, text)
    parsed = _PARSERS[option.kind](text)
    if parsed is not None and option.pattern:
        _check_pattern(option, parsed, text)
    if option.choices and option.kind is not Kind.MESSAGE_TYPES:
        if option.name == "log-level":
            parsed = text.lower()
        if parsed not in option.choices:
            meant = suggest(text, option.choices)
            message = f"must be one of {', '.join(option.choices)}, got {shorten(text)}"
            message += f": {meant}" if meant else ""
            raise ValueError(message)
    if option.minimum is not None and parsed < option.minimum:
        message = f"must be at least {option.minimum}, got {clip(text)}"
        raise ValueError(message)
    if option.maximum is not None and parsed > option.maximum:
        message = f"must be at most {option.maximum}, got {clip(text)}"
        raise ValueError(message)
    if option.zero_is_unset and parsed == 0:
        return None
    return parsed


def _check_pattern(option: Option, parsed: str | tuple[str, ...], text: str) -> None:
    names = parsed if isinstance(parsed, tuple) else (parsed,)
    if all(re.fullmatch(option.pattern, name) for name in names):
        return
    what = "names" if option.kind is Kind.NAMES else "a name"
    message = f"must be {what} such as {option.default or option.example}, got {shorten(text)}"
    if option.name == "region" and "," in text:
        message += ": regions takes several"
    raise ValueError(message)


def _refuse_empty(option: Option, text: str) -> None:
    """Raise ValueError for an empty value that would scale another account, or everywhere."""
    if option.kind in _NEVER_EMPTY and not text.strip(", "):
        message = f"is empty: give it a value such as {option.example}, or remove it"
        raise ValueError(message)


def _parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        message = f"must be a whole number such as 50, got {shorten(text)}"
        raise ValueError(message)
    return int(text)


def _parse_number(text: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        message = f"must be a number such as 90 or 33.3, got {shorten(text)}"
        raise ValueError(message)
    return number


def _parse_boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    message = f"must be true or false, got {shorten(text)}"
    raise ValueError(message)


def _parse_text(text: str) -> str | None:
    return text or None


def _parse_role(text: str) -> str:
    """Return the ARN of a role; raise ValueError that says what else the ARN is of."""
    if _ROLE.fullmatch(text):
        return text
    advice = ""
    if session := _SESSION.fullmatch(text):
        partition, account, role = session.groups()
        advice = f": this is a session of a role, did you mean arn:{partition}:iam::{account}:role/{role}?"
    elif account_id := _ACCOUNT_ID.fullmatch(text):
        account = (account_id[1] or account_id[2]).replace("-", "")
        advice = f": this is an account, write the role too, as in arn:aws:iam::{account}:role/scaling"
    elif resource := _IAM_RESOURCE.fullmatch(text):
        advice = f": this is the ARN of {_IAM_KINDS[resource[1]]}, which cannot be assumed"
    message = f"must be the ARN of a role such as {GOOD_ROLE}, got {shorten(text)}{advice}"
    raise ValueError(message)


def _parse_scale(text: str, example: str) -> dict[float, float]:
    message = (
        f"must be a dict of percentages and amounts, none negative, such as {example}, got {shorten(text)}"
    )
    try:
        parsed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise ValueError(message) from None
    if not isinstance(parsed, dict) or not all(
        _is_amount(number) for step in parsed.items() for number in step
    ):
        raise ValueError(message)
    if duplicate := _find_duplicate_key(text):
        message = f"has the key {duplicate} twice: keep one amount for each percentage"
        raise ValueError(message)
    return parsed


def _find_duplicate_key(text: str) -> str | None:
    """Return a key that a dict has twice, where Python keeps the last; 80 and 80.0 are the same."""
    keys = [ast.literal_eval(key) for key in ast.parse(text, mode="eval").body.keys]  # type: ignore[attr-defined]  # it is a dict
    doubled = [key for place, key in enumerate(keys) if key in keys[:place]]
    return f"{doubled[0]:g}" if doubled else None


def _is_amount(number: object) -> bool:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return False
    return 0 <= number < LARGEST_SCALE_NUMBER


def _parse_times(text: str, example: str) -> Times | None:
    if not text:
        return None
    try:
        return Times(text)
    except ValueError as error:
        message = f"must be times such as {example}, got {shorten(str(error))}"
        raise ValueError(message) from None


def _parse_message_types(text: str) -> list[str]:
    given = list(dict.fromkeys(entry.strip() for entry in text.split(",") if entry.strip()))
    unknown = [entry for entry in given if entry not in (*MESSAGE_TYPES, *OBSOLETE_MESSAGE_TYPES)]
    if unknown:
        message = f"must be one or more of {', '.join(MESSAGE_TYPES)}, got {shorten(', '.join(unknown))}"
        raise ValueError(message)
    return [entry for entry in given if entry in MESSAGE_TYPES]


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _parse_url(text: str) -> str | None:
    if not text:
        return None
    shown = shorten(mask_url(text))
    message = f"must be an http or https URL such as https://status.example.com/ok, got {shown}"
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(message) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or " " in text:
        raise ValueError(message)
    return text


def _parse_address(text: str) -> Address | None:
    if not text:
        return None
    try:
        return Address(text)
    except ValueError:
        message = f"must be an address and a port such as {GOOD_ADDRESS} or [::1]:9109, got {shorten(text)}"
        raise ValueError(message) from None


def _parse_target(text: str) -> Target | None:
    if not text:
        return None
    try:
        return Target.parse(text)
    except ValueError:
        message = f"must be TABLE or TABLE/INDEX such as orders/by-date, got {shorten(text)}"
        raise ValueError(message) from None


_PARSERS_WITH_EXAMPLE: Final[dict[Kind, Callable[[str, str], Any]]] = {
    Kind.SCALE: _parse_scale,
    Kind.TIMES: _parse_times,
}
_PARSERS: Final[dict[Kind, Callable[[str], Any]]] = {
    Kind.INTEGER: _parse_integer,
    Kind.NUMBER: _parse_number,
    Kind.BOOLEAN: _parse_boolean,
    Kind.TEXT: _parse_text,
    Kind.PATH: _parse_text,
    Kind.MESSAGE_TYPES: _parse_message_types,
    Kind.URL: _parse_url,
    Kind.TARGET: _parse_target,
    Kind.ROLE: _parse_role,
    Kind.NAMES: _parse_names,
    Kind.ADDRESS: _parse_address,
    Kind.ZONE: parse_zone,
    Kind.MOMENT: parse_moment,
}
