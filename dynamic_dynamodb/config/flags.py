"""Build the command line from the declared options; values stay texts until the loader parses them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from dynamic_dynamodb import PROGRAM, VERSION_LINE
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.options import OPTIONS, Group, Kind, Option

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_METAVARS: Final = {Kind.INTEGER: "N", Kind.NUMBER: "N", Kind.PATH: "PATH"}
_NAMES: Final = tuple(option.name for option in OPTIONS if option.flags)
_OLD_FLAGS: Final = tuple(flag for option in OPTIONS if not option.since for flag in option.flags)
_UNKNOWN: Final = "unrecognized arguments: "
SHOWN: Final = "shown"
"""The key of the names after `--daemon status`, one a line."""


class _Parser(argparse.ArgumentParser):
    """An argparse parser that never quotes values, which may be secrets."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help or version; argparse would ignore an OSError here."""
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        """List unknown flags without their values, each with the nearest known flag."""
        start, unknown, words = message.partition(_UNKNOWN)
        if unknown:
            flags = [word.partition("=")[0] for word in words.split() if word.startswith("-")]
            message = f"{start}{unknown}{' '.join(map(_suggest, flags)) or words}"
        super().error(message)


def _suggest(flag: str) -> str:
    meant = suggest(flag.lstrip("-"), _NAMES, "--")
    return f"{flag} ({meant})" if meant else flag


def parse_command_line(arguments: list[str]) -> dict[str, str | bool]:
    """Return the flags in use, by option name; a switch is True, everything else is text.

    Names that follow `--daemon status` are returned as `SHOWN`.
    argparse exits for --help and --version (0) and for flags that it cannot parse (2).
    Raises OSError if help or version cannot be written.
    """
    parser = build_parser()
    namespace, others = parser.parse_known_args([_complete(argument) for argument in arguments])
    flags = {name: given for name, given in vars(namespace).items() if given is not None}
    names = [other for other in others if other != "--"]
    if names:
        is_flag = "--" not in others and any(name.startswith("-") for name in names)
        if flags.get("daemon") != "status" or is_flag:
            parser.error(f"{_UNKNOWN}{' '.join(names)}")
        flags[SHOWN] = "\n".join(names)
    return flags


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
        epilog="A configuration file accepts more options than the command line, for tables and for indexes.",
    )
    parser.add_argument("--version", action="version", version=VERSION_LINE)
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
