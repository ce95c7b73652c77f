"""A misspelt name suggests the name that was meant, and a different name suggests nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.config.suggestions import find_meant, find_near_names, suggest, suggest_expression
from dynamic_dynamodb.options import Scope, options_in

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_SCOPES = (Scope.GLOBAL, Scope.LOGGING, Scope.TARGET)
NAMES = {scope: [name for option in options_in(scope) for name in option.spellings] for scope in FILE_SCOPES}
OF_TARGETS = NAMES[Scope.TARGET]
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("max-provisoned-reads", ["max-provisioned-reads"]),
        ("max_provisioned_reads", ["max-provisioned-reads"]),
        ("Max-Provisioned-Reads", ["max-provisioned-reads"]),
        ("maxprovisioned-reads", ["max-provisioned-reads"]),
        ("provisioned-max-reads", ["max-provisioned-reads"]),
        ("max-reads", ["max-provisioned-reads"]),
        ("wirte-upper-threshold", ["writes-upper-threshold"]),
        ("num-reads-checks-before-scale-down", ["num-read-checks-before-scale-down"]),
        ("enable-read-autoscaling", ["enable-reads-autoscaling"]),
        ("maintenance-window", ["maintenance-windows"]),
        ("sns-topic", ["sns-topic-arn"]),
        ("decrease-reads-scale", ["decrease-consumed-reads-scale"]),
        ("mix-provisioned-reads", ["min-provisioned-reads", "max-provisioned-reads"]),
        ("reads-threshold", ["reads-upper-threshold", "reads-lower-threshold"]),
        # Different options.
        ("throttled-reads-lower-threshold", []),
        ("throttled-writes-lower-threshold", []),
        ("increase-reads-up-scaling", []),
        ("disable-reads-up-scaling", []),
        ("scale-down", []),
        ("reads", []),
        ("x", []),
        ("", []),
        ("reads-upper-threshold" * 500, []),
    ],
)
def test_the_nearest_name_is_the_one_that_was_meant(name: str, expected: Sequence[str]) -> None:
    assert list(find_meant(name, OF_TARGETS)) == expected


ALIKE = ({"state-file", "status-file"}, {"region", "regions"})
"""One letter of a typing error may mean either."""


@pytest.mark.parametrize("scope", FILE_SCOPES)
def test_no_option_suggests_another_option(scope: Scope) -> None:
    """If it were unknown, only a name that contains all of its words would be suggested."""
    for name in NAMES[scope]:
        for other in find_meant(name, [one for one in NAMES[scope] if one != name]):
            assert {name, other} in ALIKE or set(name.split("-")) < set(other.split("-")), (name, other)


@PATIENT
@given(st.sampled_from(OF_TARGETS), st.data())
def test_a_typing_error_in_any_name_suggests_this_name(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(name) - 2))
    slips = (
        name[:place] + name[place + 1 :],
        name[:place] + name[place] + name[place:],
        name[:place] + name[place + 1] + name[place] + name[place + 2 :],
    )
    for slip in slips:
        assert name in find_meant(slip, OF_TARGETS), slip


@PATIENT
@given(st.sampled_from(OF_TARGETS), st.sampled_from(OF_TARGETS), st.data())
def test_a_suggestion_never_replaces_a_known_word(name: str, other: str, data: st.DataObject) -> None:
    """A name made of the words of two options never suggests an option with another word of them."""
    words, others = name.split("-"), other.split("-")
    place = data.draw(st.integers(0, min(len(words), len(others)) - 1))
    mixed = "-".join((*words[:place], others[place], *words[place + 1 :]))
    for meant in find_meant(mixed, OF_TARGETS):
        word = others[place]
        assert any(one.startswith(word) or word.startswith(one) for one in meant.split("-")), (mixed, meant)


def test_several_names_are_all_suggested_and_flags_as_flags() -> None:
    flags = {"rat": "--rat", "rats": "--rats", "other": "--other"}
    assert suggest("rate", flags, flags) == "did you mean --rat or --rats?"
    assert suggest("other things", ("rat",)) == ""


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--max-provisoned-reads", "--max-provisoned-reads (did you mean --max-provisioned-reads?)"),
        ("--throttled-reads-lower-threshold", "arguments: --throttled-reads-lower-threshold\n"),
    ],
)
def test_an_unknown_flag_suggests_by_the_same_rule(
    flag: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_command_line([flag, "5"])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("ord*", "did you mean ord.*?", id="a beginning"),
        pytest.param("*", "did you mean .*?", id="everything"),
        pytest.param("*-orders", "did you mean .*-orders?", id="an end"),
        pytest.param("^prod-*-orders$", "did you mean ^prod-.*-orders$?", id="a middle, with anchors"),
        pytest.param("my.orders-*", "did you mean my.orders-.*?", id="a name with a full stop"),
        pytest.param("prod-**", "did you mean prod-.*?", id="two asterisks"),
        pytest.param("ord.*", "", id="a regular expression"),
        pytest.param(".*", "", id="the regular expression for everything"),
        pytest.param("orders", "", id="a name"),
        pytest.param("orders[0-9]*", "", id="a repeated set"),
        pytest.param("(a|b)*", "", id="a repeated group"),
        pytest.param(r"a\.b*", "", id="an escaped full stop"),
    ],
)
def test_what_looks_like_a_file_pattern_gets_its_regular_expression(text: str, meant: str) -> None:
    assert suggest_expression(text) == meant


TABLES = ("carts", "orders", "orders-archive", "prod-users-1", "prod-users-2", "prod-users-3", "prod-users-4")


@pytest.mark.parametrize(
    ("expression", "near"),
    [
        pytest.param("^ordres$", ["orders"], id="swapped letters"),
        pytest.param("Orders$", ["orders"], id="another case"),
        pytest.param("^order$", ["orders"], id="a missing letter"),
        pytest.param("^pord-users-.*$", ["prod-users-1", "prod-users-2", "prod-users-3"], id="a beginning"),
        pytest.param("^users-1$", ["prod-users-1"], id="part of a name"),
        pytest.param("archive", ["orders-archive"], id="an end"),
        pytest.param("ordes*", ["orders", "orders-archive"], id="a file pattern"),
        pytest.param("^invoices$", [], id="another name"),
        pytest.param("^x$", [], id="too short"),
        pytest.param("[", [], id="no literal text"),
        pytest.param("x" * 300, [], id="too long"),
    ],
)
def test_an_expression_that_matches_nothing_gets_the_nearest_names(expression: str, near: list[str]) -> None:
    assert [*find_near_names(expression, TABLES)] == near
