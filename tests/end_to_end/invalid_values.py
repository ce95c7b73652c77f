"""Invalid values that replace valid ones in answers of AWS."""

from __future__ import annotations

from typing import Any, Final

from tests.emulator.faults import LEFT_OUT

Replacement = dict[str, Any]
"""The fields of a fault that replace a value in an answer."""


HUGE = "9" * 5_000
DEEP = "[" * 100_000 + "]" * 100_000


CONSUMED = "ConsumedReadCapacityUnits"
EVERYWHERE: Final[dict[str, Replacement]] = {
    "null": {"value": None},
    "a text": {"value": "a text"},
    "an empty text": {"value": ""},
    "true": {"value": True},
    "negative": {"value": -5},
    "large": {"value": 1e300},
    "not a number": {"raw": "NaN"},
    "infinite": {"raw": "1e999"},
    "digits without end": {"raw": HUGE},
    "a list": {"value": []},
    "a list of null": {"value": [None]},
    "an object": {"value": {}},
    "left out": {"value": LEFT_OUT},
    "deep": {"raw": DEEP},
}
