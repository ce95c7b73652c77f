"""Hold what a command prints and the exit code it ends with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MOST_FAULTS: Final = 100


class ExitCode(IntEnum):
    """The exit codes of all commands but `--daemon status`, which has those of LSB init scripts."""

    SUCCESS = 0
    FAILURE = 1
    UNUSABLE_CONFIGURATION = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What a command prints, and its exit code.

    `text` goes to stdout, so that it can be redirected. `remarks` and `faults` are lines for stderr: remarks
    come before the text, faults after it.
    """

    text: str = ""
    remarks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    code: int = ExitCode.SUCCESS


def add_program_name(lines: Iterable[str]) -> tuple[str, ...]:
    """Put the program's name before each line, as programs do on stderr."""
    return tuple(f"{PROGRAM}: {line}" for line in lines)


def refuse(
    flags: Mapping[str, str | bool], faults: Sequence[str], source: str = "", text: str = ""
) -> Result:
    """Return the result of a command whose configuration, or whose `source` if given, cannot be used."""
    is_file_at_fault = "config" in flags and not all(fault.startswith("--") for fault in faults)
    unusable = source or (flags["config"] if is_file_at_fault else "the command line")
    return Result(text, faults=tuple(_list(str(unusable), faults)), code=ExitCode.UNUSABLE_CONFIGURATION)


def _list(unusable: str, faults: Sequence[str]) -> Iterator[str]:
    yield f"{PROGRAM}: {unusable} cannot be used:"
    yield from (f"  {fault}" for fault in faults[:_MOST_FAULTS])
    if len(faults) > _MOST_FAULTS:
        yield f"  … and {len(faults) - _MOST_FAULTS} more"
