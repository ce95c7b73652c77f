"""Those who upgrade from 2.5.1 see what differs with their file, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.migration import describe_differences

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = "[default_options]\nmax-provisioned-reads: 500\nmax-provisioned-writes: 500\n"
TABLE = f"{LIMITS}[table: ^a$]\n"
INDEX = f"{TABLE}[gsi: ^g$ table: ^a$]\n"


REGIONS = "[global]\nregions: us-east-1, eu-west-1\n"


def differences_of(path: Path, text: str) -> list[str]:
    path.write_text(text)
    loaded = load({"config": str(path)}, {})
    return list(describe_differences(loaded.sections, loaded.places))


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        pytest.param("[table: ^a$]\n", "without max-provisioned-reads or", id="no maximum"),
        pytest.param(
            f"{INDEX}decrease-consumed-reads-with: 10\n",
            "decrease-consumed-* options apply to indexes too",
            id="an index's decrease by consumption",
        ),
        pytest.param(
            f"{INDEX}decrease-consumed-writes-scale: {{0.5: 10}}\n",
            "decrease-consumed-* options apply to indexes too",
            id="an index's decrease scale",
        ),
        pytest.param(
            f"{TABLE}maintenance-windows: 22:00-06:00\n",
            "maintenance-windows across midnight",
            id="a window across midnight",
        ),
        pytest.param(
            f"{TABLE}maintenance-windows: 10:00-11:00, 12:00-13:00\n",
            "maintenance-windows with spaces",
            id="a space in windows",
        ),
        pytest.param(
            f"{TABLE}maintenance-windows: 9:00-11:00\n",
            "maintenance-windows with spaces",
            id="an hour of one digit",
        ),
        pytest.param(
            f"{TABLE}always-decrease-rw-together: true\n", "always-decrease-rw-together waits", id="together"
        ),
        pytest.param(
            f"{TABLE}increase-consumed-reads-scale: {{0: 5, 0.5: 10}}\n",
            "an increase scale that starts at 0",
            id="a scale from 0 on",
        ),
        pytest.param(
            f"{INDEX}throttled-writes-upper-threshold: 10\n",
            "throttled-*-upper-threshold also prevents",
            id="a threshold of throttled events",
        ),
        pytest.param(
            f"{TABLE}num-write-checks-before-scale-down: 2\n",
            "num-*-checks-before-scale-down counts across",
            id="counted checks",
        ),
        pytest.param(
            f"{TABLE}lookback-window-start: 6\n", "the look-back window ends less than", id="a young window"
        ),
        pytest.param(
            f"{TABLE}[gsi: ^g table: ^a$]\n[gsi: ^g2$ table: ^a$]\n",
            "an index that two sections match",
            id="two sections for one index",
        ),
        pytest.param(
            f"{TABLE}[gsi: .* table: ^a$]\n[gsi: ^by_.* table: ^a$]\n",
            "an index that two sections match",
            id="two expressions for one index",
        ),
    ],
)
def test_a_difference_is_listed_with_its_section(path: Path, text: str, beginning: str) -> None:
    (only,) = differences_of(path, text)
    assert only.startswith(beginning)
    assert only.endswith("table: ^a$]")


def test_another_amount_after_throttling_is_listed(path: Path) -> None:
    text = f"{TABLE}throttled-reads-upper-threshold: 10\nincrease-consumed-reads-with: 10\n"
    found = differences_of(path, text)
    assert [one.split(" by ")[0] for one in found][1:] == [
        "throttled-reads-upper-threshold raises the reads of a table"
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(INDEX, id="defaults"),
        pytest.param(f"{TABLE}decrease-consumed-reads-with: 10\n", id="a table's decrease by consumption"),
        pytest.param(f"{TABLE}maintenance-windows: 10:00-11:00,12:00-13:00\n", id="windows as in 2.5.1"),
        pytest.param(f"{TABLE}maintenance-windows: Mon-Fri 8:00-20:00, Dec 24-26\n", id="windows with days"),
        pytest.param(f"{TABLE}maintenance-windows: 2026-11-27..2026-11-30\n", id="windows with dates"),
        pytest.param(f"{TABLE}increase-consumed-reads-scale: {{0: 0, 0.5: 10}}\n", id="nothing from 0 on"),
        pytest.param(f"{TABLE}decrease-consumed-reads-scale: {{0: 5, 0.5: 10}}\n", id="a decrease scale"),
        pytest.param(f"{TABLE}throttled-writes-upper-threshold: 10\n", id="throttled writes of a table"),
        pytest.param(
            f"{TABLE}[gsi: ^(\\w+_?)+-idx$ table: ^a$]\n[gsi: ^{'x' * 40}$ table: ^a$]\n", id="a slow one"
        ),
        pytest.param(f"{TABLE}lookback-window-start: 8\n", id="a window of known minutes"),
        pytest.param(
            f"{TABLE}lookback-window-start: 5\nreads-target-utilization: 80\n"
            "throttled-reads-upper-threshold: 1\n",
            id="a target utilization, which 2.5.1 did not have",
        ),
        pytest.param(f"{TABLE}[gsi: ^g1$ table: ^a$]\n[gsi: ^g2$ table: ^a$]\n", id="an index each"),
        pytest.param(
            f"{REGIONS}{TABLE}[gsi: ^g.*$ table: ^a$]\nregions: us-east-1\n"
            "[gsi: ^g1$ table: ^a$]\nregions: eu-west-1\n",
            id="an index in each region",
        ),
    ],
)
def test_unchanged_behaviour_is_not_listed(path: Path, text: str) -> None:
    assert differences_of(path, text) == []


def test_an_index_that_two_sections_match_in_one_region_is_listed(path: Path) -> None:
    (only,) = differences_of(
        path, f"{REGIONS}{TABLE}[gsi: ^g.*$ table: ^a$]\n[gsi: ^g1$ table: ^a$]\nregions: eu-west-1\n"
    )
    assert only.endswith("by both: [gsi: ^g.*$ table: ^a$], [gsi: ^g1$ table: ^a$]")


def test_a_title_that_occurs_in_each_region_is_named_once(path: Path) -> None:
    sections = "".join(f"[table: ^a$]\nregions: {region}\n" for region in ("us-east-1", "eu-west-1"))
    (only,) = differences_of(path, f"{REGIONS}{LIMITS}always-decrease-rw-together: true\n{sections}")
    assert only.endswith(": [table: ^a$]")


def test_many_sections_are_counted(path: Path) -> None:
    sections = "".join(f"[table: ^t{number}$]\n" for number in range(5))
    (only,) = differences_of(path, f"{LIMITS}always-decrease-rw-together: true\n{sections}")
    assert only.endswith(": [table: ^t0$], [table: ^t1$], [table: ^t2$] and 2 more")
