"""A circuit breaker's URL is printed recognizably and without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ("pA55word", "T0K3NT0K3N", "inPass", "inKay", "inJwt", "inSession")
URL = "https://ops:pA55word@example.com/hooks/T0K3NT0K3N/ok?pass=inPass&k=inKay&jwt=inJwt&session=inSession"
SHOWN = "@example.com/hooks/********/ok?pass="
LIMITS = "max-provisioned-reads: 9\nmax-provisioned-writes: 9\n"
NOT_A_URL = URL.replace("https", "htps")


def run(path: Path, text: str, *flags: str) -> int:
    """Run the program on a file with this text."""
    path.write_text(text)
    return main(["-c", str(path), *flags])


@pytest.mark.parametrize(
    ("url", "flag", "is_shown"),
    [
        (URL, "--show-config", True),
        (URL, "--explain=orders", True),
        (URL, "--check-config", False),
        (URL, "--print-iam-policy", False),
        (NOT_A_URL, "--check-config", True),
        (NOT_A_URL, "--show-config", True),
        (NOT_A_URL, "--run-once", True),
    ],
)
def test_a_url_is_shown_without_its_secrets(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    url: str,
    flag: str,
    is_shown: bool,  # noqa: FBT001 - a case
) -> None:
    for text in ("[global]\n{}[table: ^orders$]\n", "[table: ^orders$]\n{}"):
        run(path, text.format(f"circuit-breaker-url: {url}\n") + LIMITS, flag)
        output = "".join(capsys.readouterr())
        assert (SHOWN in output) == is_shown
        assert [secret for secret in SECRETS if secret in output] == []


def test_a_misplaced_url_is_shown_without_its_secrets_too(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        f"[global]\nregion: {URL}\n{URL}: 5\n[{URL}]\n[table: ^a$]\nsns-topic-arn: {URL}\n"
        f"increase-reads-with: {URL}\nmaintenance-windows: {URL}\n{URL}\n"
    )
    assert run(path, text, "--check-config") == 2
    output = "".join(capsys.readouterr())
    assert output.count("********@example.com/hooks/") > 3
    assert [secret for secret in SECRETS if secret in output] == []
