"""Every vector measured on the old program gives what is expected of the new one."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.vectors import Replay, Vector, load_vector, read_vectors

if TYPE_CHECKING:
    from pathlib import Path

OVERLAPPING = [
    "seq-table-020",
    "seq-gsi-024",
    "seq-gsi-105",
    "seq-table-154",
    "seq-gsi-156",
    "seq-table-251",
    "seq-gsi-288",
]
COMPARED = ("update_calls", "would_update", "consecutive_checks_after", "sns")


def _pick(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in COMPARED if result.get(name) is not None}


def _tell(vector: Vector, seen: object, expected: object) -> str:
    return f"{vector['id']} {vector['rulings']}\n  seen     {seen}\n  expected {expected}"


@pytest.mark.parametrize(("name", "number"), [("tables", 11808), ("gsis", 5891), ("named", 244)], ids=str)
def test_a_check_gives_what_is_expected(name: str, number: int, tmp_path: Path) -> None:
    path = tmp_path / "vector.conf"
    differences, seen_vectors = [], Counter[bool]()
    for vector in read_vectors(name):
        configuration = load_vector(vector, path)
        has_fault = vector.get("config_fault", False)
        seen_vectors[has_fault] += 1
        if (configuration is None) != has_fault:
            differences.append(
                _tell(vector, "fault" if configuration is None else "no fault", vector["expected"])
            )
        elif configuration is not None:
            expected, seen = _pick(vector["expected"]), _pick(Replay(vector, configuration).check(vector))
            if seen != expected:
                differences.append(_tell(vector, seen, expected))
    assert seen_vectors.total() == number
    assert not differences, f"{len(differences)} differ:\n" + "\n".join(differences[:10])


def test_only_these_sequences_have_windows_that_overlap() -> None:
    # A raise has answered the throttling of its window, which 2.5.1 did not know: of all sequences only these
    # could therefore end otherwise. None does: in none of them does an answered minute decide.
    assert [
        vector["id"]
        for vector in read_vectors("sequences")
        if not vector.get("config_fault") and _has_overlapping_windows(vector)
    ] == OVERLAPPING


def _has_overlapping_windows(vector: Vector) -> bool:
    moments = [timedelta(hours=int(hour), minutes=int(minute)) for hour, minute in _read_times(vector)]
    waits = [(later - sooner) % timedelta(days=1) for sooner, later in pairwise(moments)]
    period = timedelta(minutes=int(vector["options"].get("lookback-period", 5)))
    return any(wait < period for wait in waits)


def _read_times(vector: Vector) -> list[list[str]]:
    return [check["now_utc"].split(":") for check in vector["checks"]]


def test_a_sequence_of_checks_gives_what_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "vector.conf"
    differences, number = [], 0
    for vector in read_vectors("sequences"):
        number += 1
        configuration = load_vector(vector, path)
        if (configuration is None) != vector.get("config_fault", False):
            differences.append(_tell(vector, configuration is None, vector.get("config_fault", False)))
        if configuration is None:
            continue
        replay = Replay(vector, configuration)
        for check in vector["checks"]:
            seen, expected = _pick(replay.check(check)), _pick(check["expected"])
            if seen != expected:
                differences.append(_tell(vector, seen, expected))
    assert number == 178
    assert not differences, f"{len(differences)} differ:\n" + "\n".join(differences[:10])
