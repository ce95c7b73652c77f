"""Names in answers of AWS must be safe to use; names that people write must be valid in DynamoDB."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.scaling.model import is_name, is_safe_name


@pytest.mark.parametrize(
    ("given", "is_taken", "is_safe"),
    [
        pytest.param("orders", True, True, id="a usual one"),
        pytest.param("Az09_.-" + "n" * 248, True, True, id="the longest, of every kind of character"),
        pytest.param("...", True, True, id="three dots"),
        pytest.param("a1", False, True, id="shorter than DynamoDB's"),
        pytest.param(".", False, False, id="this directory"),
        pytest.param("..", False, False, id="the directory above"),
        pytest.param("", False, False, id="empty"),
        pytest.param("n" * 256, False, False, id="too long"),
        pytest.param("orders\n", False, False, id="a newline at its end"),
        pytest.param("a/b1", False, False, id="a slash"),
        pytest.param("größe", False, False, id="other letters"),
        pytest.param(None, False, False, id="no text"),
    ],
)
def test_names(given: object, is_taken: bool, is_safe: bool) -> None:  # noqa: FBT001 - a table's column
    assert (is_name(given), is_safe_name(given)) == (is_taken, is_safe)
