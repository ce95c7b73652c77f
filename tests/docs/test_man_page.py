"""The man page has every flag, and the sections that a reader of man pages looks for."""

from __future__ import annotations

import re
from pathlib import Path

from docs.tools.reference import ROOT
from dynamic_dynamodb.config.help import SHORT_HELP
from dynamic_dynamodb.options import OPTIONS

PAGE = (ROOT / Path("dynamic_dynamodb/contrib/dynamic-dynamodb.1")).read_text(encoding="utf-8")
MACROS = {"TH", "SH", "TP", "B", "br"}


def test_the_last_sections_are_in_the_order_of_man_pages() -> None:
    titles = re.findall(r"^\.SH (.*)$", PAGE, re.MULTILINE)
    assert titles[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]
    assert titles[-5:] == ["EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES", "EXAMPLES"]


def test_every_flag_is_in_the_page() -> None:
    plain = PAGE.replace("\\-", "-")
    flags = ["-h", "--help", "--version", *(flag for option in OPTIONS for flag in option.flags)]
    assert [flag for flag in flags if f"\\fB{flag}\\fR" not in plain] == []


def test_signals_exit_codes_variables_and_examples_are_in_their_sections() -> None:
    sections = dict(re.findall(r"^\.SH (.*)\n((?:(?!\.SH).*\n?)*)", PAGE.replace("\\-", "-"), re.MULTILINE))
    for title, parts in {
        "EXIT STATUS": ("0\n", "1\n", "2\n", "3\n"),
        "SIGNALS": ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"),
        "ENVIRONMENT": ("AWS_PROFILE", "AWS_REGION", "STATE_DIRECTORY", "NOTIFY_SOCKET"),
        "FILES": ("/dynamic-dynamodb.INSTANCE.pid", "~/.local/state/dynamic-dynamodb"),
        "EXAMPLES": re.findall(r"^  (dynamic-dynamodb .* my\.conf.*)$", SHORT_HELP, re.MULTILINE),
    }.items():
        assert [part for part in parts if part not in sections[title]] == [], title


def test_no_text_begins_like_a_macro() -> None:
    assert {line.split(" ")[0][1:] for line in PAGE.splitlines() if line.startswith(".")} <= MACROS
