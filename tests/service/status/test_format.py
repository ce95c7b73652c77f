"""A status is the same after it was written and read; what is damaged is refused, whatever it is."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from datetime import datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.service.status.format import find_flaw, parse, to_json
from dynamic_dynamodb.service.status.format import render as render_pieces
from dynamic_dynamodb.service.status.snapshot import (
    CapacityStatus,
    Change,
    Condition,
    Direction,
    Failure,
    PlaceStatus,
    ProgramStatus,
    Status,
    TargetStatus,
)
from tests.service.status.builders import NOW, program, side, status, target

if TYPE_CHECKING:
    from enum import Enum

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)


def render(shown: Status) -> str:
    """Return the JSON of a status."""
    return "".join(render_pieces(shown))


NAMED: dict[type[Any], dict[str, st.SearchStrategy[Any]]] = {
    TargetStatus: {"table": NAMES, "index": st.none() | NAMES, "place": st.none()},
    PlaceStatus: {"name": st.from_regex(r"[A-Za-z0-9_.-]{1,9}(/[a-z0-9-]{1,9})?", fullmatch=True)},
}
PLAIN: dict[type[Any], st.SearchStrategy[Any]] = {
    datetime: st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, timezone.utc)),
    float: st.floats(-1e9, 1e9),
    int: st.integers(0, 10**9),
}
SOME = status(
    target("orders", Condition.FAILING, failing=Failure(NOW, 2, "AccessDenied", "no"), reads=side(None)),
    target("orders/by-customer", writes=side(last_change=Change(NOW, Direction.UP, 50, 100))),
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a type of the snapshot."""
    if isinstance(kind, UnionType):
        (some,) = (one for one in get_args(kind) if one is not NoneType)
        return st.none() | values(some)
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=2).map(tuple)
    if hasattr(kind, "__dataclass_fields__"):
        named = NAMED.get(kind, {})
        rest = {name: values(hint) for name, hint in get_type_hints(kind).items() if name not in named}
        return st.builds(kind, **named, **rest)
    return PLAIN[kind] if kind in PLAIN else st.from_type(kind)


@given(values(Status))
def test_a_status_is_the_same_after_it_was_written_and_read(written: Status) -> None:
    names: list[str | None] = [one.name for one in written.places] or [None]
    placed = tuple(
        replace(one, place=names[number % len(names)]) for number, one in enumerate(written.targets)
    )
    written = replace(written, targets=placed)
    assert parse(render(written).encode()) == written


def test_a_status_of_one_place_names_no_place() -> None:
    content = json.loads(render(SOME))
    assert "places" not in content
    assert not any("place" in one for one in content["targets"])


def test_the_json_is_ascii_in_one_line_without_control_characters() -> None:
    odd = replace(SOME, program=program(log="/var/log/\x1b[31m\u202e\x7f\x85\n"))
    text = render(odd)
    assert text.isascii()
    assert text.isprintable()
    assert parse(text.encode()) == odd


def test_a_status_of_many_targets_is_the_same_after_it_was_written_and_read() -> None:
    many = status(*[target(f"table-{number}") for number in range(401)])
    assert len([*render_pieces(many)]) == 5
    assert parse(render(many).encode()) == many


def test_times_have_an_offset() -> None:
    assert json.loads(to_json({"at": NOW})) == {"at": "2026-03-04T12:00:30+00:00"}


def test_a_file_with_fields_that_are_missing_or_unknown_is_read() -> None:
    content = json.loads(render(SOME))
    optional = {one.name for one in fields(TargetStatus) if one.default is not MISSING}
    content["targets"] = [
        {name: one[name] for name in one if name not in optional} | {"new": 1} for one in content["targets"]
    ]
    content["later"] = {"x": [1]}
    first, _ = parse(json.dumps(content).encode()).targets
    assert first == TargetStatus("orders", None, Condition.FAILING, "unchanged", NOW)


def change(*path: str | int, to: Any) -> bytes:
    """Return the JSON of a status with another value in one place."""
    content = json.loads(render(SOME))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(render(SOME).encode()[:-40], id="cut off"),
        pytest.param(b"[" * 100_000, id="a deep nest"),
        pytest.param(b"7", id="a number"),
        pytest.param(b"{}", id="without fields"),
        pytest.param(change("targets", to={}), id="targets that are no list"),
        pytest.param(change("targets", 0, to=7), id="a target that is a number"),
        pytest.param(change("targets", 0, "table", to="a\x1b[31m"), id="an escape sequence in a name"),
        pytest.param(change("targets", 0, "table", to="x" * 300), id="a name that is too long"),
        pytest.param(change("targets", 0, "index", to=".."), id="an index that is a directory"),
        pytest.param(change("targets", 0, "condition", to="odd"), id="an unknown condition"),
        pytest.param(change("targets", 0, "condition", to=[]), id="a condition that is a list"),
        pytest.param(change("targets", 0, "checked", to="then"), id="a time that is none"),
        pytest.param(change("targets", 0, "checked", to="2026-03-04T12:00:00"), id="a time of nowhere"),
        pytest.param(change("targets", 0, "checked", to="0001-01-01T00:00:00+14:00"), id="before all times"),
        pytest.param(change("targets", 0, "reads", "provisioned", to=True), id="a truth for a number"),
        pytest.param(change("targets", 0, "reads", "provisioned", to=1.5), id="half a unit"),
        pytest.param(change("targets", 1, "reads", "consumed", to=float("nan")), id="not a number"),
        pytest.param(change("targets", 1, "reads", "consumed", to=float("inf")), id="infinity"),
        pytest.param(
            render(SOME).encode().replace(b'"consumed":50', b'"consumed":1e999'), id="beyond all floats"
        ),
        pytest.param(
            render(SOME).encode().replace(b'"pid":4711', b'"pid":' + b"9" * 1_000_000), id="a long number"
        ),
        pytest.param(change("check", "seconds", to=1e300), id="a check of ages"),
    ],
)
def test_what_is_damaged_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("head", "flaw"),
    [
        pytest.param(render(SOME).encode()[:100], "", id="ours"),
        pytest.param(to_json(json.loads(render(SOME)), indent=2).encode()[:100], "", id="ours, indented"),
        pytest.param(
            b'{"format": "dynamic-dynamodb counts', "is not a status file of this program", id="counts"
        ),
        pytest.param(b"garbage", "is not a status file of this program", id="garbage"),
        pytest.param(
            b'{"format": "dynamic-dynamodb status", "version": 2, "x',
            "has version 2 of the format, not 1",
            id="a later version",
        ),
    ],
)
def test_a_file_is_recognized_by_its_beginning(head: bytes, flaw: str) -> None:
    assert find_flaw(head) == flaw


def test_keys_are_snake_case_and_conditions_are_words() -> None:
    kinds: list[type[Any]] = [Status, ProgramStatus, TargetStatus, CapacityStatus, Failure, Change]
    names = [one.name for kind in kinds for one in fields(kind)]
    assert all(name.isidentifier() and name == name.lower() for name in names)
    enums: tuple[type[Enum], ...] = (Condition, Direction)
    assert all(str(one.value).replace("-", "").isalpha() for kind in enums for one in kind)


def test_a_status_of_an_hour_ahead_keeps_its_offset() -> None:
    moved = change("check", "started", to="2026-03-04T13:00:30+01:00")
    assert parse(moved).check.started == NOW
    assert parse(moved).check.started.utcoffset() == timedelta()
