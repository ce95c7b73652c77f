"""Find faults between flags, and warn of flags that are probably not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import OPTIONS, Scope, find_flag_for_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.options.option import Option

_TASKS: Final = ("daemon", "init", "record", "replay", "tune")


def find_flag_faults(flags: Mapping[str, object]) -> Iterator[str]:
    """Yield a fault for flags that exclude each other, or lack the flag that they require."""
    for option in OPTIONS:
        if option.needs and option.name in flags and not any(_is_given(one, flags) for one in option.needs):
            yield f"{option.flags[0]} requires {' or '.join(f'--{one}' for one in option.needs)}"
    tasks = [f"--{name}" for name in _TASKS if name in flags]
    if len(tasks) > 1:
        yield f"{' and '.join(tasks)} exclude each other: use one at a time"
    if {"region", "regions"} <= flags.keys():
        yield "--region and --regions exclude each other: leave out one of them"
    chosen = [option.flags[0] for option in OPTIONS if option.name in flags and _is_for_a_table(option)]
    flag = find_flag_for_all(flags)
    if flag and chosen:
        does = "records" if flag == "--all" else "describes"
        yield f"{flag} {does} every table, so {', '.join(chosen)} cannot be set: leave out one or the other"


def _is_for_a_table(option: Option) -> bool:
    return option.name == "table-name" or (option.scope is Scope.TARGET and bool(option.flags))


def _is_given(needed: str, flags: Mapping[str, object]) -> bool:
    name, _, text = needed.partition(" ")
    return name in flags and text in ("", flags[name])


def warn_of_flags_without_table(flags: Mapping[str, object]) -> Iterator[str]:
    """Yield a warning for scaling flags that have no effect."""
    idle = [
        option.flags[0]
        for option in OPTIONS
        if option.name in flags and option.name != "table-name" and _is_for_a_table(option)
    ]
    if idle and "table-name" not in flags and not find_flag_for_all(flags):
        yield f"{', '.join(idle)} has no effect without --table-name: the sections of the file apply"


def warn_of_secret_flags(flags: Mapping[str, object]) -> Iterator[str]:
    """Yield a warning for a secret on the command line."""
    for option in OPTIONS:
        if option.is_secret and option.name in flags:
            yield (
                f"{option.flags[0]} is visible to every user of this host, for example in ps: use a role,"
                " AWS_PROFILE or AWS_SECRET_ACCESS_KEY, or a configuration file with mode 600"
            )
