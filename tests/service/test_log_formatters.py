"""A text record is one line, whatever it contains; a traceback is indented."""

from __future__ import annotations

import json
import logging

import pytest

from dynamic_dynamodb.service.log_formatters import choose_formatter


def record(
    text: str, *, name: str = "dynamic-dynamodb", error: BaseException | None = None
) -> logging.LogRecord:
    exception = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, "", 0, "%s", (text,), exception)


FORGED = "2026-01-01 00:00:00+0000 - dynamic-dynamodb - INFO - orders: unchanged"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(f"a\n{FORGED}", rf"a\n{FORGED}", id="a forged line"),
        pytest.param("a\rb", r"a\rb", id="carriage return"),
        pytest.param("\x1b[2Ja\x1b]0;title\x07", r"\x1b[2Ja\x1b]0;title\x07", id="escape sequences"),
        pytest.param("\x9b31ma", r"\x9b31ma", id="one-byte escape sequence"),
        pytest.param("a\u202eb\u2066", r"a\u202eb\u2066", id="right to left"),
        pytest.param("a\u2028b\u2029c\x85d\x0be", r"a\u2028b\u2029c\x85d\x0be", id="separators of lines"),
        pytest.param("a\u200bb\ufeff", r"a\u200bb\ufeff", id="invisible characters"),
        pytest.param("a\x00b\x7fc", r"a\x00b\x7fc", id="control characters"),
        pytest.param("bestellungen-größe 100 %", "bestellungen-größe 100 %", id="letters"),
    ],
)
@pytest.mark.parametrize("name", ["text", "json"])
def test_a_record_is_one_line_without_escape_sequences(name: str, text: str, shown: str) -> None:
    line = choose_formatter(name, is_dry_run=False).format(record(text))
    assert line.splitlines() == [line]
    if name == "json":
        assert json.loads(line)["message"] == text
    else:
        assert line.isprintable()
        assert line.endswith(f" - dynamic-dynamodb - ERROR - {shown}")


def fail() -> None:
    raise ValueError(f"odd\n{FORGED}\x1b[2J")


def test_the_lines_of_a_traceback_are_indented() -> None:
    with pytest.raises(ValueError, match="odd") as raised:
        fail()
    text = choose_formatter("text", is_dry_run=False).format(record("odd", error=raised.value))
    first, *others = text.split("\n")
    assert first.endswith(" - ERROR - odd")
    assert others[0] == "    Traceback (most recent call last):"
    assert [line for line in others if not line.startswith("    ") or not line.isprintable()] == []
    assert others[-1] == rf"    {FORGED}\x1b[2J"
