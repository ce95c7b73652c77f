"""A text is parsed, or refused with what it must be."""

from __future__ import annotations

from typing import Any

import pytest

from dynamic_dynamodb.config.values import parse_value
from dynamic_dynamodb.options import OPTIONS, Capacity, Kind

BY_NAME = {option.name: option for option in OPTIONS}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("reads-upper-threshold", "33.3", 33.3),
        ("reads-upper-threshold", "8e1", 80.0),
        ("increase-reads-with", " 50 ", 50),
        ("increase-consumed-reads-with", "0", None),
        ("enable-reads-up-scaling", "No", False),
        ("enable-reads-up-scaling", "1", True),
        ("log-level", "DEBUG", "debug"),
        ("increase-consumed-reads-scale", "{0: 0, 0.25: 5}", {0: 0, 0.25: 5}),
        ("increase-consumed-reads-scale", "{}", {}),
        ("maintenance-windows", "22:00-06:00", "22:00-06:00"),
        ("maintenance-windows", "", None),
        ("sns-message-types", "scale-up, ,scale-up,scale-down", ["scale-up", "scale-down"]),
        ("circuit-breaker-url", "https://u:p@example.com:8443/ok", "https://u:p@example.com:8443/ok"),
        ("region", "", None),
        ("regions", "us-east-1, eu-west-1,,us-east-1", ("us-east-1", "eu-west-1")),
    ],
)
def test_a_text_is_parsed_into_its_value(name: str, text: str, expected: Any) -> None:
    assert parse_value(BY_NAME[name], text) == expected


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("reads-upper-threshold", "0", "must be at least 1, got 0"),
        ("reads-upper-threshold", "nan", "must be a number such as 90 or 33.3, got 'nan'"),
        ("reads-upper-threshold", "1e999", "must be a number such as 90 or 33.3, got '1e999'"),
        ("reads-upper-threshold", "80,5", "must be a number such as 90 or 33.3, got '80,5'"),
        ("increase-reads-with", "1_000", "must be a whole number such as 50, got '1_000'"),
        ("increase-reads-with", "2.5", "must be a whole number such as 50, got '2.5'"),
        ("increase-reads-with", "\u0663", "must be a whole number such as 50, got '\u0663'"),
        ("increase-reads-with", "9" * 80, f"must be a whole number such as 50, got '{'9' * 60}…'"),
        ("increase-consumed-reads-with", "-1", "must be at least 0, got -1"),
        (
            "increase-reads-unit",
            "Percent",
            "must be one of percent, units, got 'Percent': did you mean percent?",
        ),
        (
            "maintenance-windows",
            "10:00-11:00, always",
            "must be times such as 22:00-06:00, 12:00-13:00, got 'always'",
        ),
        ("enable-reads-up-scaling", "t", "must be true or false, got 't'"),
        ("log-level", "trace", "must be one of debug, info, warning, error, got 'trace'"),
        ("sns-message-types", "scale-up, bogus", "must be one or more of scale-up,"),
        (
            "regions",
            "us-east-1 eu-west-1",
            "must be names such as us-east-1, eu-west-1, got 'us-east-1 eu-west-1'",
        ),
        ("region", "us east", "must be a name such as us-east-1, got 'us east'"),
        ("instance", "../x", "must be a name such as default, got '../x'"),
        ("check-interval", "99999999999", "must be at most 604800, got 99999999999"),
        ("circuit-breaker-url", "ftp://x", "must be an http or https URL"),
        ("circuit-breaker-url", "http://u:secret@[bad", "got 'http://u:********@[bad'"),
    ],
)
def test_an_invalid_text_is_refused_with_what_it_must_be(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="must be") as raised:
        parse_value(BY_NAME[name], text)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "5",
        "None",
        "{'50': 5}",
        "{-1: 5}",
        "{1: -5}",
        "{1: True}",
        "{1: {}}",
        "{1: 1+1j}",
        "{1: 1e999}",
        "dict()",
        "{",
        "",
        "(" * 500,
    ],
)
def test_a_scale_is_a_dict_of_numbers_or_a_fault(text: str) -> None:
    with pytest.raises(ValueError, match="must be a dict of percentages and amounts"):
        parse_value(BY_NAME["increase-consumed-reads-scale"], text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{80: 10, 90: 50, 80: 200}", "80"),
        ("{80: 10, 80.0: 200}", "80"),
        ("{0: 1, 0.5: 2, 5e-1: 2}", "0.5"),
        ("{1: 5,\n1: 5}", "1"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [option.name for option in OPTIONS if option.kind is Kind.SCALE and option.capacity is Capacity.READS],
)
def test_a_duplicate_key_in_a_scale_is_a_fault(name: str, text: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"^has the key {key} twice"):
        parse_value(BY_NAME[name], text)
