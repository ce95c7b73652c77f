"""The worst targets come first, and names or expressions choose some."""

from __future__ import annotations

import random

import pytest

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.status.selection import order, select
from dynamic_dynamodb.service.status.snapshot import Condition
from tests.builders import HARD_EXPRESSION, HARD_NAME
from tests.service.status.builders import side, target

TARGETS = [target(name) for name in ("orders", "orders/by-customer", "orders-archive", "prod.users", "a")]


def test_targets_are_in_the_order_of_the_conditions() -> None:
    targets = [target(f"table-{number}", one) for number, one in enumerate(Condition)]
    shuffled = random.Random(7).sample(targets, len(targets))  # noqa: S311 - an order
    assert [one.condition for one in order(shuffled)] == [
        Condition.FAILING,
        Condition.THROTTLED,
        Condition.AT_MAXIMUM,
        Condition.STOPPED,
        Condition.NEAR_THRESHOLD,
        Condition.UNKNOWN,
        Condition.HELD,
        Condition.CHANGED,
        Condition.STEADY,
        Condition.SKIPPED,
    ]


def test_in_one_condition_the_largest_share_comes_first_and_then_the_name() -> None:
    targets = [
        target("b", reads=side(10), writes=side(20)),
        target("a", reads=None, writes=None),
        target("d", reads=side(20), writes=side(10)),
        target("c", reads=side(None), writes=side(90)),
    ]
    assert [one.table for one in order(targets)] == ["c", "b", "d", "a"]


@pytest.mark.parametrize(
    ("names", "chosen", "missing"),
    [
        pytest.param((), "orders orders/by-customer orders-archive prod.users a", [], id="all"),
        pytest.param(("orders",), "orders orders/by-customer", [], id="a table and its indexes"),
        pytest.param(("orders/by-customer",), "orders/by-customer", [], id="an index"),
        pytest.param(("orders:by-customer",), "orders/by-customer", [], id="an index with a colon"),
        pytest.param(("ord",), "orders orders/by-customer orders-archive", [], id="from the start"),
        pytest.param(
            ("rders",), "", ["no table or index is named 'rders': did you mean orders?"], id="a part"
        ),
        pytest.param((".*/by-",), "orders/by-customer", [], id="all indexes of a kind"),
        pytest.param(("a", "^prod"), "prod.users a", [], id="several"),
        pytest.param(("prod.users",), "prod.users", [], id="a name with a dot"),
        pytest.param(("zzz", "a"), "a", ["no table or index is named 'zzz'"], id="one of two"),
        pytest.param(
            ("\x1b[31m]",), "", ["no table or index is named '\\x1b[31m]'"], id="a control character"
        ),
    ],
)
def test_names_and_expressions_choose(names: tuple[str, ...], chosen: str, missing: list[str]) -> None:
    found, sentences = select(TARGETS, names)
    assert (" ".join(str(one.target) for one in found), sentences) == (chosen, missing)


def test_an_expression_that_is_not_valid_is_a_fault() -> None:
    with pytest.raises(
        ConfigurationError, match=r"'\(' is not a valid regular expression: .* use a name such as"
    ):
        select(TARGETS, ["("])


def test_an_expression_that_takes_too_long_chooses_nothing() -> None:
    found, sentences = select([target(HARD_NAME)], [HARD_EXPRESSION])
    assert (found, len(sentences)) == ([], 1)


PLACED = [
    target(f"{place} {name}")
    for place in ("production/us-east-1", "production/eu-west-1", "staging/us-east-1")
    for name in ("orders", "orders/by-customer", "users")
]
PLACES = ["production/us-east-1", "production/eu-west-1", "staging/us-east-1", "staging/eu-west-1"]


@pytest.mark.parametrize(
    ("name", "chosen", "missing"),
    [
        pytest.param(
            "users",
            ["production/us-east-1 users", "production/eu-west-1 users", "staging/us-east-1 users"],
            [],
            id="a table in all places",
        ),
        pytest.param(
            "staging/us-east-1",
            [
                "staging/us-east-1 orders",
                "staging/us-east-1 orders/by-customer",
                "staging/us-east-1 users",
            ],
            [],
            id="a place",
        ),
        pytest.param(
            "production/us-east-1 orders/by-customer",
            ["production/us-east-1 orders/by-customer"],
            [],
            id="an index in a place",
        ),
        pytest.param(
            "production/eu-west-1 orders",
            ["production/eu-west-1 orders", "production/eu-west-1 orders/by-customer"],
            [],
            id="a table in a place, with its indexes",
        ),
        pytest.param(
            "us-east-1 users",
            ["production/us-east-1 users", "staging/us-east-1 users"],
            [],
            id="a table in a region of all accounts",
        ),
        pytest.param(
            "production users",
            ["production/us-east-1 users", "production/eu-west-1 users"],
            [],
            id="a table in an account",
        ),
        pytest.param(
            "eu-west-1",
            [
                "production/eu-west-1 orders",
                "production/eu-west-1 orders/by-customer",
                "production/eu-west-1 users",
            ],
            [],
            id="a region",
        ),
        pytest.param(
            "east-1 users",
            [],
            [
                (
                    "no table or index is named 'east-1 users':"
                    " did you mean production/us-east-1 users or staging/us-east-1 users?"
                )
            ],
            id="a part of a region",
        ),
        pytest.param(
            "use",
            ["production/us-east-1 users", "production/eu-west-1 users", "staging/us-east-1 users"],
            [],
            id="an expression without a place",
        ),
        pytest.param(
            "production/.* .*/by-",
            ["production/us-east-1 orders/by-customer", "production/eu-west-1 orders/by-customer"],
            [],
            id="an expression with a place",
        ),
        pytest.param(
            "staging",
            [
                "staging/us-east-1 orders",
                "staging/us-east-1 orders/by-customer",
                "staging/us-east-1 users",
            ],
            [],
            id="an account, as the beginning of its places",
        ),
        pytest.param(
            "staging/eu-west-1",
            [],
            ["no table or index is known in 'staging/eu-west-1'"],
            id="a place in which nothing could be checked",
        ),
        pytest.param(
            "staging/us-east-l",
            [],
            ["no table or index is named 'staging/us-east-l': did you mean staging/us-east-1?"],
            id="a misspelt place",
        ),
        pytest.param(
            "usres",
            [],
            ["no table or index is named 'usres': did you mean users?"],
            id="a misspelt table",
        ),
        pytest.param(
            "staging/us-east-1 usres",
            [],
            ["no table or index is named 'staging/us-east-1 usres': did you mean staging/us-east-1 users?"],
            id="a misspelt table in a place",
        ),
    ],
)
def test_of_several_places_names_choose_with_and_without_the_place(
    name: str, chosen: list[str], missing: list[str]
) -> None:
    found, sentences = select(PLACED, [name], PLACES)
    assert ([str(one.target) for one in found], sentences) == (chosen, missing)
