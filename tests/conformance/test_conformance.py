"""Compare each vector measured on 2.5.1 with what the program does, in one check or a sequence of checks."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.vectors import Replay, Vector, load_vector, read_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SINGLE_CHECKS = {"tables": 11_808, "gsis": 5_891, "named": 244}
SEQUENCES = 178
VECTORS_PER_TEST = 1_000
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


def _find_differences(vector: Vector, path: Path) -> Iterator[str]:
    """Yield each difference between what a vector expects and what the program does."""
    configuration = load_vector(vector, path)
    has_fault = vector.get("config_fault", False)
    if (configuration is None) != has_fault:
        yield f"{vector['id']} {vector['rulings']}: the configuration has {'no ' * has_fault}faults"
    if configuration is None:
        return
    replay = Replay(vector, configuration)
    for check in vector.get("checks", [vector]):
        seen, expected = _pick(replay.check(check)), _pick(check["expected"])
        if seen != expected:
            yield f"{vector['id']} {vector['rulings']}\n  seen     {seen}\n  expected {expected}"


def _pick(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in COMPARED if result.get(name) is not None}


def _compare(vectors: Iterator[Vector], expected_number: int, path: Path) -> None:
    number = 0
    differences: list[str] = []
    for vector in vectors:
        number += 1
        differences += _find_differences(vector, path)
    assert number == expected_number
    assert not differences, f"{len(differences)} differ:\n" + "\n".join(differences[:10])


@pytest.mark.parametrize(
    ("name", "start"),
    [
        pytest.param(name, start, id=f"{name} from {start:,}")
        for name, total in SINGLE_CHECKS.items()
        for start in range(0, total, VECTORS_PER_TEST)
    ],
)
def test_a_check_does_what_its_vector_expects(name: str, start: int, tmp_path: Path) -> None:
    total = SINGLE_CHECKS[name]
    end = start + VECTORS_PER_TEST
    # The last part reads to the end of the file, so that a vector more or less is noticed.
    vectors = read_vectors(name, start, end if end < total else None)
    _compare(vectors, min(VECTORS_PER_TEST, total - start), tmp_path / "vector.conf")


def test_a_sequence_of_checks_does_what_its_vector_expects(tmp_path: Path) -> None:
    _compare(read_vectors("sequences"), SEQUENCES, tmp_path / "vector.conf")


def test_only_these_sequences_have_windows_that_overlap() -> None:
    # A raise answers the throttling of its window, which 2.5.1 did not know: of all sequences only these
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
