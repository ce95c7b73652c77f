"""A command line is read as by 2.5.1, abbreviations included."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.config.flags import SHOWN, parse_command_line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--check", "60"], {"check-interval": "60"}),
        (["--s"], {"show-config": True}),
        (["--log-f", "a.log"], {"log-file": "a.log"}),
        (["--log-fo", "json"], {"log-format": "json"}),
        (["--check-c"], {"check-config": True}),
        (["--dry"], {"dry-run": True}),
        (["--check=60"], {"check-interval": "60"}),
        (["--increase-reads-w=--check"], {"increase-reads-with": "--check"}),
        (["--repl", "history"], {"replay": "history"}),
        (["-tfoo"], {"table-name": "foo"}),
    ],
)
def test_an_abbreviation_means_what_it_did_in_2_5_1(
    arguments: list[str], expected: dict[str, object]
) -> None:
    assert parse_command_line(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--daemon", "status", "a/b", "^c", "--instance", "x"], id="after the command"),
        pytest.param(["a/b", "--daemon", "status", "^c", "--instance", "x"], id="anywhere"),
        pytest.param(["--daemon=status", "--instance=x", "--", "a/b", "^c"], id="after two dashes"),
    ],
)
def test_names_after_a_status_are_kept_in_their_order(arguments: list[str]) -> None:
    assert parse_command_line(arguments) == {"daemon": "status", "instance": "x", SHOWN: "a/b\n^c"}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["orders"], id="alone"),
        pytest.param(["--daemon", "stop", "orders"], id="another command of the daemon"),
        pytest.param(["--daemon", "status", "orders", "--odd"], id="an unknown flag"),
    ],
)
def test_other_words_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line(arguments)
    assert ended.value.code == 2
    assert "unrecognized arguments: " in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--log", "--print", "--d"])
def test_an_ambiguous_abbreviation_is_refused(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line([flag])
    assert ended.value.code == 2
    assert f"ambiguous option: {flag} could match" in capsys.readouterr().err
