"""Parse AWS's JSON so that a malformed value spoils only itself, not the whole answer.

botocore raises if any value does not have the shape in the service's model. Here such a value is returned
as it is, and the code that reads it decides.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timezone
from functools import lru_cache
from reprlib import Repr
from typing import TYPE_CHECKING, Any, Final

from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory
from botocore.utils import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_NUMBER: Final = 10**12
"""More units or events than any table has in a minute; a larger number is malformed."""
_JSON: Final = "json"
_MINUTES_TO_REMEMBER: Final = 4096
_NOT_A_MOMENT: Final = (ValueError, TypeError, OverflowError, OSError, RuntimeError, AttributeError)
_SHAPES_WITHOUT_PARSER: Final = frozenset({"boolean", "double", "float", "integer", "long", "string"})
"""The types that `JSONParser` returns as they are in the JSON."""

_short = Repr()
_short.maxstring = _short.maxother = 60


def shorten_value(malformed: object) -> str:
    """Return a malformed value of AWS for a message, shortened."""
    return _short.repr(malformed)


def read_token(answer: Mapping[str, Any]) -> str | None:
    """Return the token of the next page, None after the last one; raise ValueError if it is malformed."""
    token = answer.get("NextToken")
    if token is not None and not isinstance(token, str):
        raise ValueError(f"NextToken is {shorten_value(token)}")
    return token or None


def make_parser_factory() -> ResponseParserFactory:
    """Return the factory of parsers for a botocore session."""
    factory = _ParserFactory()
    factory.set_parser_defaults(timestamp_parser=_read_moment)
    return factory


@lru_cache(_MINUTES_TO_REMEMBER)
def _read_number_as_moment(seconds: float) -> datetime:
    """Return the moment of seconds since 1970; a check reads the same few minutes many times."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def _read_moment(given: Any) -> Any:  # noqa: ANN401 - whatever AWS sends
    """Return a number, or a text with a time zone, as a moment in UTC; anything else as it is."""
    with suppress(*_NOT_A_MOMENT):
        if type(given) in (int, float):
            return _read_number_as_moment(given)
        if type(given) is str:
            return parse_timestamp(given).astimezone(timezone.utc)
    return given


def _read_integer(digits: str) -> int | str:
    """Return an integer; one of thousands of digits stays a text."""
    with suppress(ValueError):
        return int(digits)
    return digits


class _JsonParser(JSONParser):
    """A parser that returns values of the wrong shape as they are."""

    def _parse_body_as_json(self, body_contents: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
        if not body_contents:
            return {}
        text = body_contents.decode(self.DEFAULT_ENCODING)
        for reader in (None, _read_integer):  # the second is slower
            with suppress(ValueError):
                return json.loads(text, parse_int=reader)
        return {"message": text}  # as botocore does

    def _handle_structure(self, shape: Any, value: Any) -> Any:  # noqa: ANN401 - botocore's own shapes
        if not isinstance(value, dict):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc]  # the stubs leave it out

    def _handle_list(self, shape: Any, node: Any) -> Any:  # noqa: ANN401 - botocore's own shapes
        if not isinstance(node, list) or shape.member.type_name in _SHAPES_WITHOUT_PARSER:
            return node
        if shape.member.type_name == "timestamp":
            return [_read_moment(each) for each in node]
        return super()._handle_list(shape, node)  # type: ignore[misc]  # the stubs leave it out

    def _handle_map(self, shape: Any, value: Any) -> Any:  # noqa: ANN401 - botocore's own shapes
        if not isinstance(value, dict):
            return value
        return super()._handle_map(shape, value)  # type: ignore[misc]  # the stubs leave it out


class _ParserFactory(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> ResponseParser:
        if protocol_name == _JSON:
            return _JsonParser(timestamp_parser=_read_moment)
        return super().create_parser(protocol_name)
