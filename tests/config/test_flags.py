"""A command line is read as by 2.5.1, abbreviations included."""

from __future__ import annotations

import re

import pytest

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.config.flags import SHOWN, parse_command_line
from dynamic_dynamodb.config.help import SHORT_HELP
from dynamic_dynamodb.config.loader import examine
from dynamic_dynamodb.options import OPTIONS, Scope


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


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        pytest.param(["start"], "start (did you mean --daemon start?)", id="a command of the daemon"),
        pytest.param(
            ["-c", "x", "statsu"], "statsu (did you mean --daemon status?)", id="a misspelt command"
        ),
        pytest.param(["help"], "help (did you mean --help?)", id="help"),
        pytest.param(["version"], "version (did you mean --version?)", id="version"),
        pytest.param(["check-config"], "check-config (did you mean --check-config?)", id="a flag"),
        pytest.param(["my.conf"], "my.conf (did you mean --config my.conf?)", id="a file"),
        pytest.param(["--dry-rn"], "--dry-rn (did you mean --dry-run?)", id="a misspelt flag"),
        pytest.param(["--hepl"], "--hepl (did you mean --help?)", id="misspelt help"),
        pytest.param(["-config", "x"], "-config (did you mean --config?)", id="one dash"),
        pytest.param(["-region=x"], "-region (did you mean --region?)", id="one dash and a value"),
        pytest.param(["orders"], "orders", id="nothing known"),
    ],
)
def test_a_word_that_may_stand_for_a_flag_suggests_it(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"unrecognized arguments: {meant}")


def test_the_short_help_fits_on_a_screen_and_the_long_help_has_every_flag(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line(["-h"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert len(shown.splitlines()) <= 30
    assert max(map(len, shown.splitlines())) <= 80
    assert "--help " in shown
    with pytest.raises(SystemExit) as ended:
        parse_command_line(["--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert [flag for option in OPTIONS for flag in option.flags if flag not in shown] == []


def test_every_example_of_the_short_help_is_a_valid_command_line() -> None:
    examples = re.findall(rf"^  {PROGRAM} ([^>\n]*)", SHORT_HELP, re.MULTILINE)
    commands = [line.split("  ")[0].split() for line in examples]
    assert len(commands) == 6
    for command in commands:
        if command != ["--help"]:
            assert find_flag_faults_of(command) == []


def find_flag_faults_of(arguments: list[str]) -> list[str]:
    """Return what is wrong with a command line, whose file is not read."""
    flags = parse_command_line(arguments)
    flags.pop("config", None)
    return list(examine(flags, {}).faults)


def test_flags_that_require_a_table_name_come_last(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_command_line(["--help"])
    shown = capsys.readouterr().out
    of_tables = [option.flags[0] for option in OPTIONS if option.scope is Scope.TARGET and option.flags]
    others = [option.flags[0] for option in OPTIONS if option.scope is not Scope.TARGET and option.flags]
    assert max(shown.index(f"\n  {flag}") for flag in others) < min(
        shown.index(f"\n  {flag}") for flag in of_tables
    )


def test_no_arguments_print_the_short_help_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line([])
    assert (ended.value.code, capsys.readouterr()) == (2, ("", SHORT_HELP))


@pytest.mark.parametrize("flag", ["--log", "--print", "--d"])
def test_an_ambiguous_abbreviation_is_refused(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line([flag])
    assert ended.value.code == 2
    assert f"ambiguous option: {flag} could match" in capsys.readouterr().err
