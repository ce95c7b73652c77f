"""Render the content of a state file as text, and parse it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.check.failures import (
    NOTHING_FAILS,
    AccountFailure,
    Cause,
    Failing,
    FailureMemory,
    MessageKey,
    Subscription,
)
from dynamic_dynamodb.check.state import Entries, Entry
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.memory import MOST_RAISES, Memory, Raise
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamic_dynamodb.check.failures import FailureKey

_NAME: Final = "dynamic-dynamodb counts"
_FORMAT: Final = f"{_NAME}, version 2"
_LISTS_FORMAT: Final = f"{_NAME}, version 1"
"""The previous format, in which an entry is a list: two counts, and the time of the check."""
_MOMENTS: Final = ("answered_until", "throttled_until", "datapoint_until")
_COUNTS: Final = ("doubtful_raises", "throttled_checks")
"""Fields of a memory that are written only if they are set."""
_HEAD: Final = re.compile(rb'\s*\{\s*"format"\s*:\s*"' + _NAME.encode())
_WRONG_TYPES: Final = (KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""Raised by JSON of another structure."""


def find_flaw(head: bytes) -> str:
    """Return why a file is not a state file, by its beginning; empty if it is one."""
    return "" if _HEAD.match(head) else "is not a state file of this program"


@dataclass(slots=True)
class Content:
    """What a state file has by the names of accounts and regions: their targets, and what is failing.

    It is kept as JSON, and only what is asked for is parsed: many places share a file.
    """

    regions: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read_entries(self, key: str) -> Entries:
        """Return the targets of an account and region; raise ValueError if they are damaged."""
        with _refusing_damage():
            entries = self.regions.get(key, {})
            return {Target.parse(name): _parse_entry(entry) for name, entry in entries.items()}

    def write_entries(self, key: str, entries: Entries) -> None:
        """Replace the targets of an account and region."""
        self.regions[key] = {str(target): _render_entry(entry) for target, entry in sorted(entries.items())}

    def forget_old(self, now: datetime, after: timedelta) -> None:
        """Drop the targets that were last checked so long before, or after, this moment."""
        for key, entries in self.regions.items():
            self.regions[key] = {
                name: entry for name, entry in entries.items() if not _is_old(entry, now, after)
            }

    def read_failures(self, key: str) -> FailureMemory:
        """Return what is failing in an account and region; raise ValueError if that is damaged."""
        with _refusing_damage():
            found = self.failures.get(key)
            return NOTHING_FAILS if found is None else _parse_failure_memory(found)

    def write_failures(self, key: str, memory: FailureMemory) -> None:
        """Replace what is failing in an account and region."""
        self.failures[key] = _render_failure_memory(memory)


def parse(text: bytes) -> Content:
    """Return the content of a file; raise ValueError if the text is damaged.

    What is damaged in an account and region raises when that is read.
    """
    with _refusing_damage():
        content = json.loads(text)
        if content["format"] not in (_FORMAT, _LISTS_FORMAT):
            message = f"unknown format: {content['format']}"
            raise ValueError(message)
        parsed = Content(_make_dicts(content["regions"]), _make_dicts(content.get("failures", {})))
        if content["format"] == _LISTS_FORMAT:
            for key, entries in parsed.regions.items():
                with suppress(ValueError, *_WRONG_TYPES):  # `read_entries` raises it
                    parsed.write_entries(
                        key, {Target.parse(name): _parse_list(entry) for name, entry in entries.items()}
                    )
        return parsed


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except _WRONG_TYPES as error:
        message = f"unexpected content ({type(error).__name__})"
        raise ValueError(message) from error


def _make_dicts(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the parts of all accounts and regions; one that is not a dict as the entry of no target."""
    return {key: one if isinstance(one, dict) else {"": one} for key, one in given.items()}


def _is_old(entry: Mapping[str, Any], now: datetime, after: timedelta) -> bool:
    """Return whether an entry is old; one that is damaged is not known to be."""
    try:
        return abs(now - _parse_moment(entry["checked"])) > after
    except (ValueError, *_WRONG_TYPES):
        return False


def render(content: Content) -> str:
    """Return the content as text; a region of which nothing is known is left out.

    A version that does not know `failures` ignores them, and drops them when it writes the file.
    """
    regions = {key: entries for key, entries in content.regions.items() if entries}
    failures = {key: one for key, one in content.failures.items() if one.get("failing") or one.get("sent")}
    return json.dumps({"format": _FORMAT, "regions": regions, **({"failures": failures} if failures else {})})


def _parse_entry(entry: Mapping[str, Any]) -> Entry:
    """Return an entry; unknown names of a later version are ignored."""
    memory = PerCapacity.of(lambda capacity: _parse_memory(entry[capacity.value]))
    return Entry(memory, _parse_moment(entry["checked"]))


def _parse_memory(fields: Mapping[str, Any]) -> Memory:
    known: dict[str, Any] = {"low_checks": _parse_count(fields["low_checks"])}
    known |= {name: _parse_moment(fields[name]) for name in _MOMENTS if fields.get(name) is not None}
    known |= {name: _parse_count(fields[name]) for name in _COUNTS if fields.get(name) is not None}
    raises = [
        Raise(_parse_moment(moment), _parse_count(units)) for moment, units in fields.get("raises") or ()
    ]
    return Memory(**known, raises=tuple(raises[-MOST_RAISES:]), event=str(fields.get("event") or ""))


def _parse_list(entry: Sequence[Any]) -> Entry:
    reads, writes, checked = entry
    memory = PerCapacity(Memory(_parse_count(reads)), Memory(_parse_count(writes)))
    return Entry(memory, _parse_moment(checked))


def _parse_count(number: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    count = int(number)
    if count < 0:
        message = f"{count} is not a count"
        raise ValueError(message)
    return count


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text} has no time zone"
        raise ValueError(message)
    return moment


def _render_entry(entry: Entry) -> dict[str, Any]:
    sides = {capacity.value: _render_memory(entry.memory[capacity]) for capacity in Capacity}
    return {"checked": entry.checked.isoformat(), **sides}


def _render_memory(memory: Memory) -> dict[str, Any]:
    moments = {name: getattr(memory, name) for name in _MOMENTS}
    counts = {name: getattr(memory, name) for name in _COUNTS}
    raises = memory.raises
    return {
        "low_checks": memory.low_checks,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
        **{name: count for name, count in counts.items() if count},
        **({"event": memory.event} if memory.event else {}),
        **({"raises": [(one.moment.isoformat(), one.units_before) for one in raises]} if raises else {}),
    }


def _parse_failure_memory(fields: Mapping[str, Any]) -> FailureMemory:
    return FailureMemory(
        dict(map(_parse_failing, fields["failing"])),
        dict(map(_parse_sent, fields["sent"])),
    )


def _parse_failing(fields: Mapping[str, Any]) -> tuple[FailureKey, Failing]:
    failed: FailureKey = _parse_account_failure(fields) or Target.parse(fields["target"])
    ended = fields.get("ended")
    return failed, Failing(
        Cause(str(fields["code"]), str(fields["action"])),
        str(fields["sentence"]),
        _parse_moment(fields["since"]),
        _parse_moment(fields["checked"]),
        Subscription(str(fields["topic"]), frozenset(map(str, fields["types"]))),
        _parse_count(fields["checks"]),
        is_reported=bool(fields["reported"]),
        is_late=bool(fields["late"]),
        ended=None if ended is None else _parse_moment(ended),
        is_gone=bool(fields["gone"]),
    )


def _parse_sent(fields: Mapping[str, Any]) -> tuple[MessageKey, datetime]:
    cause = Cause(str(fields["code"]), str(fields["action"]))
    key = MessageKey(str(fields["kind"]), str(fields["topic"]), _parse_account_failure(fields), cause)
    return key, _parse_moment(fields["sent"])


def _parse_account_failure(fields: Mapping[str, Any]) -> AccountFailure | None:
    name = fields.get("account_failure")
    return None if name is None else AccountFailure(name)


def _render_failure_memory(memory: FailureMemory) -> dict[str, Any]:
    return {
        "failing": [_render_failing(failed, one) for failed, one in memory.failing.items()],
        "sent": [
            {
                "kind": one.kind,
                "topic": one.topic_arn,
                "account_failure": one.account_failure and one.account_failure.value,
                "code": one.cause.code,
                "action": one.cause.action,
                "sent": moment.isoformat(),
            }
            for one, moment in memory.sent.items()
        ],
    }


def _render_failing(failed: FailureKey, one: Failing) -> dict[str, Any]:
    name = {"target": str(failed)} if isinstance(failed, Target) else {"account_failure": failed.value}
    return {
        **name,
        "code": one.cause.code,
        "action": one.cause.action,
        "sentence": one.sentence,
        "since": one.since.isoformat(),
        "checked": one.checked.isoformat(),
        "checks": one.checks,
        "topic": one.subscription.topic,
        "types": sorted(one.subscription.types),
        "reported": one.is_reported,
        "late": one.is_late,
        "ended": one.ended and one.ended.isoformat(),
        "gone": one.is_gone,
    }
