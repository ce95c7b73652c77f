"""The JSON answers of control methods that are called over HTTP."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.emulator.wire import Answer


def json_answer(status: int, result: object) -> Answer:
    """Write any result of a control method: moments in ISO 8601, a pair (table, index) as "table/index"."""
    body = json.dumps(_plain(result)).encode()
    return Answer(status, body, {"Content-Type": "application/json"})


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {_name(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _name(key: object) -> str:
    if isinstance(key, tuple):
        return "/".join(str(part) for part in key if part is not None)
    return str(key)
