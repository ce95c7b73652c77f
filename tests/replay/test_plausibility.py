"""A warning points out figures that cannot be Sums of capacity units, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.replay.files import read, refuse, stamp
from tests.replay.recordings import wave

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HALF_DAY = wave(720, 20, 80)
FRACTIONS = "most reads are not multiples of 0.5, as Sums of capacity units are"
TINY = "of the provisioned reads were ever used: are the figures Sums, not rates per second?"
BEYOND = "rows have more reads than provisioned units and burst capacity allow: are they Sums over"


def remark(folder: Path, reads: Sequence[float], provisioned: int | None, period: int = 1) -> str:
    """Return the remarks on a recording of these reads."""
    level = "" if provisioned is None else provisioned
    rows = (f"{stamp(number * period)},{units},{level}" for number, units in enumerate(reads))
    return "; ".join(read(folder, "\n".join(("timestamp,consumed_reads,provisioned_reads", *rows))).remarks)


@pytest.mark.parametrize(
    ("reads", "provisioned", "period", "expected"),
    [
        pytest.param(HALF_DAY, 100, 1, (), id="sums"),
        pytest.param([units / 2 for units in HALF_DAY], 100, 1, (), id="eventually consistent"),
        pytest.param([units * 60 for units in HALF_DAY], 100, 60, (), id="hourly sums"),
        pytest.param(HALF_DAY, None, 1, (), id="sums alone"),
        pytest.param([0.0] * 700 + [2.0] * 20, 1000, 1, (), id="nearly idle"),
        pytest.param([units / 60 for units in HALF_DAY], None, 1, (FRACTIONS,), id="rates alone"),
        pytest.param([units / 60 for units in HALF_DAY], 100, 1, (FRACTIONS, TINY), id="rates"),
        pytest.param([units // 60 for units in HALF_DAY], 100, 1, (TINY,), id="rounded rates"),
        pytest.param([units * 60 for units in HALF_DAY], 100, 1, (BEYOND,), id="hourly sums each minute"),
    ],
)
def test_figures_that_cannot_be_sums_are_a_warning(
    tmp_path: Path, reads: list[float], provisioned: int | None, period: int, expected: tuple[str, ...]
) -> None:
    found = remark(tmp_path, reads, provisioned, period)
    assert [one for one in (FRACTIONS, TINY, BEYOND) if one in found] == list(expected)


@pytest.mark.parametrize(
    "name",
    ["consumed_reads_per_second", "consumed_reads (avg)", "Consumed_Reads", "consumed_reads/s"],
)
def test_a_column_named_almost_like_one_of_sums_is_refused(tmp_path: Path, name: str) -> None:
    rows = f"{stamp(0)},1,1\n{stamp(1)},1,1\n"
    assert refuse(tmp_path, f"timestamp,{name},consumed_writes\n{rows}") == (
        f"has a column '{name}': rename it to consumed_reads if it holds a Sum over each row's minutes; rates"
        " and averages cannot be used"
    )
    assert read(tmp_path, f"timestamp,{name},consumed_reads\n{rows}").sides.reads is not None
