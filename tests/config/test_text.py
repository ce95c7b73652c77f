"""Secrets in URLs and texts are masked, and everything else stays."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.config.text import mask_text, mask_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://status.example.com:8443/ok", "https://status.example.com:8443/ok"),
        ("https://token@example.com/ok", "https://********@example.com/ok"),
        ("http:/user:secret@example.com/ok", "http:********@example.com/ok"),
        (
            "https://example.com/ok?id=1&api_token=x#y",
            "https://example.com/ok?id=********&api_token=********#y",
        ),
        (
            "https://example.com/ok?auth=x;pwd=y#code=z",
            "https://example.com/ok?auth=********;pwd=********#code=********",
        ),
        ("https://example.com/ok?page=x#top", "https://example.com/ok?page=********#top"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("https://user:secret@example.com/ok", "https://user:********@example.com/ok"),
        ("https://user:se/cr@et@example.com/ok", "https://user:********@example.com/ok"),
        ("user:secret@example.com/ok", "user:********@example.com/ok"),
        ("ftp://u:p@x/ok?k=1", "ftp:********@x/ok?k=********"),
        (
            "https://x/ok?token=a&k=b&pass=c&jwt=e.y.j&session=&x",
            "https://x/ok?token=********&k=********&pass=********&jwt=********&session=********&x",
        ),
        ("https://x/ok?1AbCdEfG12", "https://x/ok?********"),
        ("https://x/ok;id=abc?y=1", "https://x/ok;id=********"),
        ("x.example.com/ok?k=secret", "x.example.com/ok?k=********"),
        (
            "https://hooks.slack.com/services/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",
            "https://hooks.slack.com/services/********/********/********",
        ),
        (
            "https://hc-ping.com/550e8400-e29b-41d4-a716-446655440000/start",
            "https://hc-ping.com/********/start",
        ),
        ("https://example.com/api/push/1AbCdEfG12", "https://example.com/api/push/********"),
        ("https://example.com/hook/sk_live_abcDEF1234/x", "https://example.com/hook/********/x"),
        ("https://example.com/deadbeefdeadbeef", "https://example.com/********"),
        ("https://example.com/hooks/12345678/x", "https://example.com/hooks/********/x"),
        (
            "https://example.com/v1/status-page-2024/us-east-1/circuit-breaker.json",
            "https://example.com/v1/status-page-2024/us-east-1/circuit-breaker.json",
        ),
    ],
)
def test_possible_secrets_in_a_url_are_masked_and_the_rest_stays(url: str, expected: str) -> None:
    assert mask_url(url) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("^(?<=x)abc=1$", "^(?<=x)abc=1$"),
        ("(?P<name>x)=5", "(?P<name>x)=5"),
        ("see https://x/ok?k=S, then", "see https://x/ok?k=******** then"),
        ("user:pw@host", "user:********@host"),
        ("?token=abc&x=1", "?token=********&x=1"),
        ("10:00-11:00, 12:00-13:00", "10:00-11:00, 12:00-13:00"),
        ("arn:aws:sns:us-east-1:123456789012:my_topic", "arn:aws:sns:us-east-1:123456789012:my_topic"),
        ("^customers1a2b3c4d5e6f7g8h9$", "^customers1a2b3c4d5e6f7g8h9$"),
    ],
)
def test_possible_secrets_in_a_text_are_masked(text: str, expected: str) -> None:
    assert mask_text(text) == expected
