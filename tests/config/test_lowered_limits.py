"""Sections that a reload removes and limits that it lowers are listed in one short line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.lowered_limits import describe_lowered_limits

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration

OLD = """\
[table: ^orders$]
min-provisioned-reads: 20
max-provisioned-reads: 400
max-provisioned-writes: 100
[gsi: ^by-day$ table: ^orders$]
max-provisioned-writes: 50
"""


def _load(tmp_path: Path, text: str) -> Configuration:
    path = tmp_path / "own.conf"
    path.write_text(text)
    return load({"config": str(path)}, {})


@pytest.mark.parametrize(
    ("replaced", "by", "said"),
    [
        pytest.param("", "", "", id="nothing"),
        pytest.param("400", "4000", "", id="a maximum that grew"),
        pytest.param("400", "40", "[table: ^orders$] max-provisioned-reads 400 -> 40", id="a digit fewer"),
        pytest.param(
            "max-provisioned-writes: 100\n",
            "",
            "[table: ^orders$] max-provisioned-writes 100 -> none",
            id="a maximum that is gone",
        ),
        pytest.param(
            "min-provisioned-reads: 20",
            "min-provisioned-reads: 2",
            "[table: ^orders$] min-provisioned-reads 20 -> 2",
            id="a minimum",
        ),
        pytest.param(
            "max-provisioned-writes: 50",
            "max-provisioned-writes: 5",
            "[gsi: ^by-day$ table: ^orders$] max-provisioned-writes 50 -> 5",
            id="an index's maximum",
        ),
        pytest.param(
            "[gsi: ^by-day$ table: ^orders$]\nmax-provisioned-writes: 50\n",
            "",
            "[gsi: ^by-day$ table: ^orders$] is gone",
            id="a section",
        ),
    ],
)
def test_lower_limits_and_removed_sections_are_listed(
    tmp_path: Path, replaced: str, by: str, said: str
) -> None:
    new = _load(tmp_path, OLD.replace(replaced, by) if replaced else OLD)
    assert describe_lowered_limits(_load(tmp_path, OLD), new) == said


def test_many_changes_are_counted(tmp_path: Path) -> None:
    old = _load(tmp_path, "".join(f"[table: t{number}]\n" for number in range(9)))
    said = describe_lowered_limits(old, _load(tmp_path, "[table: other]\n"))
    assert said == "; ".join(f"[table: t{number}] is gone" for number in range(5)) + "; and 4 more"


SCHEDULED = """\
[schedule: hours]
times: Mon-Fri 07:30-20:30
[schedule: night]
times: 22:00-06:00
[table: ^orders$]
max-provisioned-reads: 500
max-provisioned-writes: 500
[table: ^orders$ during: hours]
min-provisioned-reads: 200
[table: ^orders$ during: night]
max-provisioned-reads: 50
"""


@pytest.mark.parametrize(
    ("replaced", "by", "said"),
    [
        pytest.param("", "", "", id="nothing: a schedule that closes lowers no limit"),
        pytest.param("07:30-20:30", "08:30-09:30", "", id="other times"),
        pytest.param(
            "min-provisioned-reads: 200",
            "min-provisioned-reads: 20",
            "[table: ^orders$ during: hours] min-provisioned-reads 200 -> 20",
            id="a minimum",
        ),
        pytest.param(
            "[table: ^orders$ during: night]\nmax-provisioned-reads: 50\n",
            "",
            "[table: ^orders$ during: night] is gone",
            id="a section",
        ),
    ],
)
def test_sections_for_schedules_are_compared_with_each_other(
    tmp_path: Path, replaced: str, by: str, said: str
) -> None:
    new = _load(tmp_path, SCHEDULED.replace(replaced, by) if replaced else SCHEDULED)
    assert describe_lowered_limits(_load(tmp_path, SCHEDULED), new) == said
