from __future__ import annotations

import pytest

from dynamic_dynamodb.scaling.model import Target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("orders", Target("orders")),
        ("orders/by-date", Target("orders", "by-date")),
        ("orders:by-date", Target("orders", "by-date")),
        ("orders@by-date", Target("orders", "by-date")),
        ("my.table_1-x/A.b_c-9", Target("my.table_1-x", "A.b_c-9")),
    ],
)
def test_every_spelling_of_a_target_is_read(text: str, target: Target) -> None:
    assert Target.parse(text) == target


@pytest.mark.parametrize("target", [Target("orders"), Target("orders", "by-date")])
def test_what_is_written_is_read(target: Target) -> None:
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    "text", ["", "/", "orders/", "/by-date", "orders:", "@by-date", "a/b/c", "a:b@c", "orders//by-date"]
)
def test_anything_but_one_or_two_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not TABLE or TABLE/INDEX"):
        Target.parse(text)


@pytest.mark.parametrize(
    ("target", "is_valid"),
    [
        (Target("orders"), True),
        (Target("orders", "by-date"), True),
        (Target("or"), False),
        (Target("orders", "by"), False),
        (Target("orders", "by/date"), False),
        (Target("ordérs"), False),
        (Target("x" * 256), False),
    ],
)
def test_names_are_valid_as_dynamodb_defines_them(target: Target, *, is_valid: bool) -> None:
    assert target.has_valid_names is is_valid
