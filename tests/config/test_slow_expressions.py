"""An expression that can take forever is a warning; an ordinary one is not."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from dynamic_dynamodb.config.expressions import (
    SLOW_EXPRESSION_ADVICE,
    MatchBudget,
    compile_expression,
    find_hard_name,
)
from tests.builders import load_flags
from tests.conformance.vectors import read_vectors

ROOT = Path(__file__).parents[2]
_TITLE = re.compile(r"^\[(?:gsi: *(\S+) +)?table: *(\S+)\]", re.MULTILINE)
SLOW = ("^(a|aa)+$", "^(a|a)*$", "^([a-z]|[a-z0-9])+-prod$", r"^(\w|[a-z])+-x$", "^prod-(orders|[a-z])+$")
ORDINARY = (
    "my_table", "^my_table$", ".*", "^.*$", "^prod-.*$", "^.*-prod$", "^.*-.*-prod$", "^.*-.*-.*-.*-.*-prod$",
    "^(users|orders)$", "^(users|orders).*$", "^app-[a-z]+-[0-9]+$", "^(dev|stg|prod)-.*-orders$",
    "^[a-z]+_[0-9]{4}_[0-9]{2}$", "^(?!test-).*$", "^(?!.*-test$).*-prod.*$", "^prod_.*_(a|b)_.*$",
    "^[^-]+-[^-]+-[^-]+$", "^([a-z]+-){2}prod$", "^.*orders.*$", "^(a|b)+$", "^foo(-[a-z]+)*$", "^.+_.+_.+$",
    "^(prod|stage)[-_.](users|orders)[-_.]?[0-9]*$", "^([a-z]+-)+prod$", "^(.*)-(.*)-(.*)$",
    "^[a-z]+(-[a-z0-9]+)*-v[0-9]+$", "^([a-z0-9]+[-_]?)*-orders$", "^(?:(?:eu|us)-[a-z]+-[0-9]-)?orders$",
)  # fmt: skip


def written_expressions() -> set[str]:
    """Return the expressions of 2.5.1's files, of the example and of the documentation."""
    texts = [vector["conf"] for vector in read_vectors("config") if vector["conf"]]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]
    texts.append((ROOT / "example-dynamic-dynamodb.conf").read_text(encoding="utf-8"))
    return {one for text in texts for pair in _TITLE.findall(text) for one in pair if one}


def is_slow(text: str) -> bool:
    return find_hard_name(compile_expression(text), MatchBudget(time.perf_counter)) is not None


def is_readable(text: str) -> bool:
    """Skip the expressions of invalid files."""
    try:
        return bool(compile_expression(text))
    except ValueError:
        return False


@pytest.mark.parametrize("text", SLOW)
def test_an_expression_that_can_take_forever_is_found(text: str) -> None:
    assert is_slow(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_expression_has_no_warning(text: str) -> None:
    assert not is_slow(text)


def test_expressions_of_known_files_have_no_warning() -> None:
    expressions = written_expressions()
    assert len(expressions) > 20
    assert [text for text in expressions if is_readable(text) and is_slow(text)] == []


def test_the_warning_says_what_to_write_instead() -> None:
    limits = {f"max_provisioned_{side}": "9" for side in ("reads", "writes")}
    (warning,) = load_flags(table_name="^(a|aa)+$", **limits).warnings
    assert warning == (
        "[table: ^(a|aa)+$] takes too long to match some names,"
        " and tables and indexes so named are not scaled:"
        f" {SLOW_EXPRESSION_ADVICE}"
    )
