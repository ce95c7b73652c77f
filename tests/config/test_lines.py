"""Every fault and warning about an option or a section of a file begins with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.sources import ConfigSources

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = "max-provisioned-reads: 5\nmax-provisioned-writes: 5\n"


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        pytest.param(
            "[table: a]\n\n# x\nreads-upper-threshold: 0\n", "line 4: [table: a] reads-upper", id="value"
        ),
        pytest.param("[table: a]\nodd name: 0\n", "line 2: [table: a] has no option 'odd name'", id="name"),
        pytest.param("[ table :a]\nx: 0\n", "line 2: [table: a] has no option 'x'", id="spaces in the title"),
        pytest.param(
            "[table: [a]]\nx: 0\n", "line 2: [table: [a]] has no option 'x'", id="brackets in a title"
        ),
        pytest.param("[DEFAULT]\nx: 0\n[table: a]\n", "line 2: [DEFAULT] has no option 'x'", id="[DEFAULT]"),
        pytest.param(
            "[default_options]\nmin-provisioned-reads: 9\n[table: a]\nmax-provisioned-reads: 5\n",
            "line 4: [table: a] min-provisioned-reads 9 is above",
            id="two options, of which the section sets the second",
        ),
        pytest.param(
            "[default_options]\nmin-provisioned-reads: 9\nmax-provisioned-reads: 5\n[table: a]\n",
            "line 4: [table: a] min-provisioned-reads 9 is above",
            id="two options that the section takes from another",
        ),
        pytest.param(
            "[table: a]\n[gsi: b table: c]\n", "line 2: [gsi: b table: c] has no table", id="an index"
        ),
        pytest.param("[table: a]\n[tabel: b]\n", "line 2: section [tabel: b] is unknown", id="a title"),
        pytest.param(
            "[global]\ncheck-interval: 90\nquiet-check-interval: 60\n[table: a]\n",
            "line 3: [global] quiet-check-interval 60 is shorter",
            id="two options of [global]",
        ),
        pytest.param(
            "[table: a]\n[logging]\nlog-file: /nowhere/a.log\n",
            "line 3: log-file /nowhere/a.log cannot be written",
            id="a file",
        ),
        pytest.param("[table: (]\n", "line 1: [table: (] '(' is not a valid", id="an expression"),
    ],
)
def test_a_fault_begins_with_its_line(path: Path, text: str, beginning: str) -> None:
    path.write_text(text, encoding="utf-8")
    faults = ConfigSources({"config": str(path)}, {}, path.parent).examine().faults
    assert [fault[: len(beginning)] for fault in faults] == [beginning]


def test_faults_are_in_the_order_of_their_lines_and_those_without_a_line_come_last(path: Path) -> None:
    path.write_text(
        "[table: a]\nx: 1\n[logging]\nlog-file: /nowhere/a.log\n[tabel: b]\n[global]\ny: 1\n"
        "[table: c]\nreads-upper-threshold: 0\n[gsi: d table: e]\nreads-upper-threshold: 0\nx: 1\n",
        encoding="utf-8",
    )
    flags: dict[str, str | bool] = {"config": str(path), "check-interval": "0"}
    faults = ConfigSources(flags, {}, path.parent).examine().faults
    starts = [fault.partition(": ")[0] for fault in faults]
    lines = ["line 2", "line 4", "line 5", "line 7", "line 9", "line 10", "line 11", "line 12"]
    assert starts[:-1] == lines
    assert starts[-1].startswith("--check-interval ")


def test_a_warning_begins_with_its_line(path: Path) -> None:
    path.write_text(f"[table: a]\n{LIMITS}lookback-window-start: 2\nlookback-period: 2\n", encoding="utf-8")
    (warning,) = ConfigSources({"config": str(path)}, {}, path.parent).examine().configuration.warnings
    assert warning.startswith("line 4: [table: a] lookback-window-start 2: ")


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        pytest.param(
            {"quiet-check-interval": "60"},
            "[global] quiet-check-interval 60 is shorter",
            id="a replaced option",
        ),
        pytest.param(
            {"table-name": "^a$", "min-provisioned-reads": "9", "max-provisioned-reads": "5"},
            "[table: ^a$] min-provisioned-reads 9 is above",
            id="replaced sections",
        ),
    ],
)
def test_what_a_flag_sets_is_in_no_line(path: Path, flags: dict[str, str], fault: str) -> None:
    path.write_text(f"[global]\nquiet-check-interval: 400\n[table: ^a$]\n{LIMITS}", encoding="utf-8")
    faults = ConfigSources({"config": str(path), **flags}, {}, path.parent).examine().faults
    assert [one[: len(fault)] for one in faults] == [fault]
