"""Build the command line from the declarations; values stay texts until the loader reads them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dynamic_dynamodb import __version__
from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.options import OPTIONS, Group, Kind, Option

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

PROGRAM: Final = "dynamic-dynamodb"
_METAVARS: Final = {Kind.INTEGER: "N", Kind.NUMBER: "N", Kind.PATH: "PATH"}


_FLAGS: Final = tuple(option.name for option in OPTIONS if option.flags)
_NEW: Final = frozenset(option.name for option in OPTIONS if option.since)
_UNKNOWN: Final = "unrecognized arguments: "


class _Parser(argparse.ArgumentParser):
    """An argparse parser that takes 2.5.1's abbreviations, and quotes no values, which may be secrets."""

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        """Take a flag of 2.5.1 for meant if only new flags make its beginning ambiguous.

        It overrides what argparse keeps to itself, since argparse has no other way.
        """
        found = super()._get_option_tuples(option_string)
        of_old = [one for one in found if one[0].dest not in _NEW]
        return of_old if len(of_old) == 1 else found

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help and version; argparse would keep to itself that they could not be written."""
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        """Name unknown flags alone, each with the nearest known one."""
        start, unknown, words = message.partition(_UNKNOWN)
        if unknown:
            flags = [word.partition("=")[0] for word in words.split() if word.startswith("-")]
            message = f"{start}{unknown}{' '.join(map(_suggest, flags)) or words}"
        super().error(message)


def _suggest(flag: str) -> str:
    meant = suggest(flag.lstrip("-"), _FLAGS, "--")
    return f"{flag} ({meant})" if meant else flag


def parse_command_line(arguments: list[str]) -> dict[str, str | bool]:
    """Give the flags that were used, by option name; a switch is True, all else is text.

    argparse itself ends the program for --help and --version (0) and for unusable flags (2). Raises OSError
    if help or version cannot be written.
    """
    namespace = build_parser().parse_args(arguments)
    return {name: given for name, given in vars(namespace).items() if given is not None}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser, one group of flags after the other."""
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} (-c PATH | -t NAME) [--dry-run] [--run-once] [flags]",
        description="Raise and lower the provisioned capacity of DynamoDB tables by written rules.",
        epilog="Configuration files can say more than flags: every option of a table, and of each index.",
    )
    parser.add_argument("--version", action="version", version=f"Dynamic DynamoDB version: {__version__}")
    groups = {group: parser.add_argument_group(group.value) for group in Group}
    for option in OPTIONS:
        if option.group is not None:
            _add_flag(groups[option.group], option)
    return parser


def _add_flag(group: argparse._ArgumentGroup, option: Option) -> None:
    # argparse would read a % in a help text as a placeholder.
    text = _describe(option).replace("%", "%%")
    if option.kind is Kind.SWITCH:
        group.add_argument(*option.flags, dest=option.name, help=text, action="store_true", default=None)
        return
    group.add_argument(*option.flags, dest=option.name, help=text, metavar=name_placeholder(option))


def name_placeholder(option: Option) -> str:
    """Say what help puts after a flag; a switch has nothing there."""
    if option.kind is Kind.SWITCH:
        return ""
    last_word = option.name.split("-")[-1].upper()
    return option.metavar or "|".join(option.choices) or _METAVARS.get(option.kind, last_word)


def _describe(option: Option) -> str:
    default = f"{option.default} {option.unit}".strip() if option.default not in (None, False) else ""
    unit = f" In {option.unit}." if option.unit and not default else ""
    return f"{option.help}{unit}{f' (default: {default})' if default else ''}"
