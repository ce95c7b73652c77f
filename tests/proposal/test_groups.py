"""Alike tables share an expression only if it matches exactly them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.proposal.groups import group_tables

MONTHS = tuple(f"prod-orders-2024-{month:02}" for month in range(1, 4))


@pytest.mark.parametrize(
    ("kinds", "others", "expected"),
    [
        pytest.param(
            dict.fromkeys(MONTHS, "a"), (), [("^prod-orders-2024-[0-9]{2}$", MONTHS)], id="a table a month"
        ),
        pytest.param(
            dict.fromkeys(("shard-1", "shard-12"), "a"),
            (),
            [("^shard-[0-9]+$", ("shard-1", "shard-12"))],
            id="numbers of different lengths",
        ),
        pytest.param(
            dict.fromkeys(("a.v2.01", "a.v2.02"), "a"),
            (),
            [(r"^a\.v2\.[0-9]{2}$", ("a.v2.01", "a.v2.02"))],
            id="dots, and a number that all have",
        ),
        pytest.param(
            dict.fromkeys(MONTHS[:2], "a"),
            MONTHS[2:],
            [(f"^{name}$", (name,)) for name in MONTHS[:2]],
            id="another table has such a name",
        ),
        pytest.param(
            {**dict.fromkeys(MONTHS[:2], "a"), MONTHS[2]: "b"},
            (),
            [(f"^{name}$", (name,)) for name in MONTHS],
            id="one table is of another kind",
        ),
        pytest.param(
            {"eu1-a": "a", "eu1-b": "a"},
            (),
            [("^eu1-a$", ("eu1-a",)), ("^eu1-b$", ("eu1-b",))],
            id="names that differ in letters",
        ),
        pytest.param(
            dict.fromkeys(("v1-x-1", "v1-x-2"), "a") | {"v2-x-1": "b"},
            (),
            [("^v1-x-[0-9]{1}$", ("v1-x-1", "v1-x-2")), ("^v2-x-1$", ("v2-x-1",))],
            id="a number that tells kinds apart",
        ),
        pytest.param({"a.b": "a"}, ("axb",), [(r"^a\.b$", ("a.b",))], id="a dot matches only itself"),
    ],
)
def test_groups_match_exactly_their_tables(
    kinds: dict[str, str], others: tuple[str, ...], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert list(group_tables(kinds, (*kinds, *others))) == expected


NAMES = st.from_regex(r"[ab12.-]{1,5}", fullmatch=True)


@given(st.dictionaries(NAMES, st.sampled_from("xy"), max_size=20), st.sets(NAMES, max_size=10))
def test_each_table_of_the_account_is_matched_by_its_own_group_alone(
    kinds: dict[str, str], others: set[str]
) -> None:
    names = kinds.keys() | others
    groups = group_tables(kinds, names)
    assert sorted(name for group in groups for name in group.tables) == sorted(kinds)
    for group in groups:
        assert {name for name in names if re.match(group.expression, name)} == set(group.tables)
        assert len({kinds[name] for name in group.tables}) == 1
