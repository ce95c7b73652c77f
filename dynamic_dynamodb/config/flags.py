"""Build the command line from the declared options; values stay texts until the loader parses them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import PROGRAM, VERSION_LINE
from dynamic_dynamodb.config.help import SHORT_HELP
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.options import OPTIONS, Group, Kind, Option
from dynamic_dynamodb.options.program import DAEMON_COMMANDS

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_METAVARS: Final = {Kind.INTEGER: "N", Kind.NUMBER: "N", Kind.PATH: "PATH"}
_GENERAL: Final = {"help": "--help", "version": "--version"}
_FLAGS: Final = {
    **_GENERAL,
    **{flag[2:]: flag for option in OPTIONS for flag in option.flags if flag.startswith("--")},
}
_COMMANDS: Final = {**_GENERAL, **{command: f"--daemon {command}" for command in DAEMON_COMMANDS}}
"""Commands of other programs, with the flag that stands for each: `start` is not the flag of --replay."""
_OLD_FLAGS: Final = tuple(flag for option in OPTIONS if not option.since for flag in option.flags)
SHOWN: Final = "shown"
"""The key of the names after `--daemon status`, one a line."""


class _Parser(argparse.ArgumentParser):
    """An argparse parser that reports what it cannot print."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help or version; argparse would ignore an OSError here."""
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


class _ShortHelp(argparse._HelpAction):  # noqa: SLF001 - completion scripts recognize help by this class
    """Print the short help and exit."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it as argparse prints --help."""
        parser._print_message(SHORT_HELP, sys.stdout)  # noqa: SLF001 - argparse has no public function
        parser.exit()


def parse_command_line(arguments: list[str]) -> dict[str, str | bool]:
    """Return the flags in use, by option name; a switch is True, everything else is text.

    Names that follow `--daemon status` are returned as `SHOWN`.
    argparse exits for -h, --help and --version (0), and for flags that it cannot parse or no arguments (2).
    Raises OSError if help or version cannot be written.
    """
    parser = build_parser()
    if not arguments:
        parser.exit(2, SHORT_HELP)
    if single := [word for word in map(_drop_value, arguments) if word[:1] == "-" and word[1:] in _FLAGS]:
        parser.error(_describe_unknown(single))  # argparse would read -config as -c onfig
    namespace, others = parser.parse_known_args([_complete(argument) for argument in arguments])
    flags = {name: given for name, given in vars(namespace).items() if given is not None}
    names = [other for other in others if other != "--"]
    if names:
        is_flag = "--" not in others and any(name.startswith("-") for name in names)
        if flags.get("daemon") != "status" or is_flag:
            parser.error(_describe_unknown(names))
        flags[SHOWN] = "\n".join(names)
    return flags


def _describe_unknown(words: list[str]) -> str:
    """Return a fault that names unknown flags, or else words, each with the flag that it may stand for.

    Words beside an unknown flag may be its value, and values may be secrets: neither is shown.
    """
    flags = [_drop_value(word) for word in words if word.startswith("-")]
    return f"unrecognized arguments: {' '.join(map(_add_suggestion, flags or words))}"


def _drop_value(argument: str) -> str:
    return argument.partition("=")[0]


def _add_suggestion(word: str) -> str:
    if word.endswith(".conf"):
        return f"{word} (did you mean --config {word}?)"
    name = word.lstrip("-")
    # A word without dashes may be the name of a table, such as orders, which is near --workers.
    known = _FLAGS if name != word or (name in _FLAGS and name not in _COMMANDS) else _COMMANDS
    meant = suggest(name, known, known)
    return f"{word} ({meant})" if meant else word


def _complete(argument: str) -> str:
    """Complete an abbreviation that 2.5.1 accepted, so that newer flags cannot make it ambiguous."""
    name, equals, text = argument.partition("=")
    meant = [flag for flag in _OLD_FLAGS if name.startswith("--") and flag.startswith(name)]
    return f"{meant[0]}{equals}{text}" if len(meant) == 1 else argument


def build_parser() -> argparse.ArgumentParser:
    """Return the parser, with one group of flags per heading of --help."""
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} (-c PATH | -t NAME) [--dry-run] [--run-once] [flags]",
        description="Scale the provisioned capacity of DynamoDB tables and indexes by your own rules.",
        add_help=False,
        epilog="A configuration file accepts more options than the command line, for tables and for indexes.",
    )
    parser.add_argument("-h", action=_ShortHelp, help="Print a short help with examples.")
    parser.add_argument("--help", action="help", help="Print all flags.")
    parser.add_argument(
        "--version", action="version", version=VERSION_LINE, help="Print the version, and exit."
    )
    groups = {group: parser.add_argument_group(group.value) for group in Group}
    for option in OPTIONS:
        if option.group is not None:
            _add_flag(groups[option.group], option)
    return parser


def _add_flag(group: argparse._ArgumentGroup, option: Option) -> None:
    # argparse treats % in a help text as a placeholder.
    text = _describe(option).replace("%", "%%")
    if option.kind is Kind.SWITCH:
        group.add_argument(*option.flags, dest=option.name, help=text, action="store_true", default=None)
        return
    group.add_argument(*option.flags, dest=option.name, help=text, metavar=name_placeholder(option))


def name_placeholder(option: Option) -> str:
    """Return what --help shows after a flag; empty for a switch."""
    if option.kind is Kind.SWITCH:
        return ""
    last_word = option.name.split("-")[-1].upper()
    return option.metavar or "|".join(option.choices) or _METAVARS.get(option.kind, last_word)


def _describe(option: Option) -> str:
    default = _describe_default(option)
    unit = f" In {option.unit}." if option.unit and not default else ""
    return f"{option.help}{unit}{f' (default: {default})' if default else ''}"


def _describe_default(option: Option) -> str:
    if option.default is None or option.default is False:
        return ""
    unit = option.unit.removesuffix("s") if option.default == 1 else option.unit
    return f"{option.default} {unit}".strip()
