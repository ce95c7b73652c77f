"""Render a status for a terminal: a header, a table of 80 columns, and details of some targets."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.text import escape
from dynamic_dynamodb.service.status.age import Writer, format_duration
from dynamic_dynamodb.service.status.snapshot import SEVERITY, Condition, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.service.status.age import Age
    from dynamic_dynamodb.service.status.snapshot import (
        CapacityStatus,
        CheckStatus,
        Failure,
        PlaceStatus,
        ProgramStatus,
        Status,
        TargetStatus,
    )

COLUMNS: Final = 80
_HEADINGS: Final = ("TABLE OR INDEX", "READS", "USED", "WRITES", "USED", "CONDITION")
_RIGHT_ALIGNED: Final = (1, 2, 3, 4)
_GAP: Final = "  "
_UNKNOWN: Final = "-"
_HARD_SPACE: Final = "\xa0"
_INDENT: Final = "  "
_LABEL_WIDTH: Final = 14
_LEAST_NAME_WIDTH: Final = 20


def write_header(status: Status, age: Age, now: datetime) -> Iterator[str]:
    """Yield the lines about the program, and about its last check in each place."""
    program, check = status.program, status.check
    for warning in age.warnings:
        yield from _wrap(f"old: {warning}")
    if program.dry_run:
        yield "dry run: nothing is changed"
    account = f", account {program.account}" if program.account else ""
    where = f"{len(status.places)} places" if status.places else program.region
    files = ", ".join(program.configuration_files) or "flags only"
    yield from _wrap(f"version {program.version}, {where}{account}, configuration: {files}")
    writer = _describe_writer(program, age, now)
    if status.places:
        yield from _wrap(writer)
        if not account:
            yield from _write_accounts(status.places)
        ages = dict(age.places)
        for place in status.places:
            yield from _write_place(place, ages.get(place.name), now)
    else:
        yield from _wrap(f"{_describe_check(check, age)}; {writer}")
    counts = Counter(one.condition for one in status.targets)
    parts = ", ".join(f"{counts[one]} {one.value}" for one in Condition if counts[one])
    yield from _wrap(f"{_count(len(status.targets), 'target')}{f': {parts}' if parts else ''}")
    if check.failing is not None and not status.places:
        yield from _wrap(f"nothing could be checked {_describe_failure(check.failing, now)}")
    for notice in status.notices:
        yield from _wrap(f"{notice.level}: {notice.sentence}")


def _write_accounts(places: Sequence[PlaceStatus]) -> Iterator[str]:
    """Yield the ids of the accounts by their names, as far as they are known; regions alone need none."""
    named = [(one.name.split("/")[0], one.account) for one in places if "/" in one.name and one.account]
    if named:
        yield from _wrap(f"accounts: {', '.join(dict.fromkeys(map(' '.join, named)))}")


def _write_place(place: PlaceStatus, age: Age | None, now: datetime) -> Iterator[str]:
    """Yield the lines about a place; it has no age before its first check has ended."""
    check = place.check
    if check is None or age is None:
        yield from _wrap(f"{place.name}: the first check has not ended")
        return
    failures = f", {_count(check.failures, 'failure')}" if check.failures and not check.failing else ""
    yield from _wrap(f"{place.name}: {_describe_check(check, age)}{failures}")
    if check.failing is not None:
        yield from _wrap(f"nothing could be checked {_describe_failure(check.failing, now)}", _INDENT)


def _describe_check(check: CheckStatus, age: Age) -> str:
    took = f"last check {format_duration(age.since_check)} ago, took {check.seconds:.1f} s"
    cut = "" if check.complete or check.failing else ", ended before the rest"
    then = ""
    if age.until_next is not None:
        overdue = age.overdue
        then = f", next in {format_duration(age.until_next)}"
        if overdue is not None:
            then = f", next was due {format_duration(overdue)} ago"
    return f"{took}{cut}{then}"


def _describe_writer(program: ProgramStatus, age: Age, now: datetime) -> str:
    if program.mode is Mode.ONCE:
        return f"by pid {program.pid}, a single run"
    if age.writer is Writer.ENDED:
        return f"by pid {program.pid}, a process that has ended"
    return f"{program.mode.value} with pid {program.pid} for {format_duration(now - program.started)}"


def write_table(status: Status, now: datetime) -> Iterator[str]:
    """Yield a table of the targets, in their order, with a reason for each that needs attention.

    A target that the last check has not reported on is shown with the age of what is known about it.
    """
    targets = status.targets
    since = {one.name: one.check.started for one in status.places if one.check is not None}
    rows = [
        (
            str(one.target),
            *map(_or_unknown, _list_cells(one, since.get(one.place or "", status.check.started), now)),
        )
        for one in targets
    ]
    rest = [max(map(len, column)) for column in zip(*(row[1:] for row in (_HEADINGS, *rows)), strict=True)]
    room = COLUMNS - sum(rest) - len(rest) * len(_GAP)
    longest = max((len(row[0]) for row in rows), default=0)
    widths = (min(max(longest, len(_HEADINGS[0])), max(room, _LEAST_NAME_WIDTH)), *rest)
    yield from _write_row(_HEADINGS, widths)
    for row, target in zip(rows, targets, strict=True):
        yield from _write_row(row, widths)
        if SEVERITY[target.condition] < SEVERITY[Condition.CHANGED]:
            for sentence in _list_sentences(target, now):
                yield from _wrap(sentence, indent=_INDENT)


def _write_row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield a row; a name that is too long for its column has lines of its own above the rest."""
    name, *others = cells
    if len(name) > widths[0]:
        yield from (name[start : start + COLUMNS] for start in range(0, len(name), COLUMNS))
        name = ""
    padded = [
        cell.rjust(width) if place in _RIGHT_ALIGNED else cell.ljust(width)
        for place, (cell, width) in enumerate(zip((name, *others), widths, strict=True))
    ]
    yield _GAP.join(padded).rstrip()


def _list_cells(target: TargetStatus, since: datetime, now: datetime) -> Iterator[object]:
    for side in (target.reads, target.writes):
        yield None if side is None else side.provisioned
        yield None if side is None or side.consumed_percent is None else f"{side.consumed_percent:.0f} %"
    age = f" {format_duration(now - target.checked)} ago" if target.checked < since else ""
    yield f"{target.condition.value}{age}"


def _or_unknown(cell: object) -> str:
    return _UNKNOWN if cell is None else str(cell)


def _list_sentences(target: TargetStatus, now: datetime) -> Iterator[str]:
    """Yield why a target is in its condition."""
    if target.failing is not None:
        yield f"failing {_describe_failure(target.failing, now)}"
    elif target.skipped is not None:
        yield target.skipped.sentence
    else:
        yield from (f"{name}: {_explain(side)}" for name, side in target.capacities if side.reason)
    if target.refusal is not None:
        yield target.refusal.sentence


def _explain(side: CapacityStatus) -> str:
    events = side.throttled_events
    return f"{events:g} throttled events; {side.reason}" if events else f"{side.reason}"


def _describe_failure(failure: Failure, now: datetime) -> str:
    checks = "1 check" if failure.checks == 1 else f"{failure.checks} checks"
    return f"for {format_duration(now - failure.since)} ({checks}): {failure.sentence}"


def write_details(targets: Iterable[TargetStatus], now: datetime) -> Iterator[str]:
    """Yield everything that is known about some targets."""
    for target in targets:
        yield ""
        yield from _wrap(f"{target.target}: {target.condition.value}")
        for label, text in _list_details(target, now):
            if text:
                first, rest = f"{_INDENT}{label.ljust(_LABEL_WIDTH)}", " " * (len(_INDENT) + _LABEL_WIDTH)
                yield from _break(text, first, rest)


def _list_details(target: TargetStatus, now: datetime) -> Iterator[tuple[str, str]]:
    yield "section", f"[{target.section}]" if target.section else ""
    for name, side in target.capacities:
        yield name, _describe_capacity(side)
        yield "", f"{side.reason} [{', '.join(side.codes)}]" if side.reason else ""
        if side.low_checks is not None and side.low_checks_needed is not None:
            yield "", f"low checks: {side.low_checks} of {side.low_checks_needed}"
        change = side.last_change
        if change is not None:
            moved = f"{change.units_before} -> {change.units_after}, {_describe_moment(change.at, now)}"
            yield "", f"last change: {change.direction.value}, {moved}"
    if target.free_decreases_left is not None:
        yield "decreases", _describe_decreases(target, now)
    if target.status not in (None, "ACTIVE"):
        yield "status", target.status or ""
    if target.failing is not None:
        yield "failing", f"{_describe_failure(target.failing, now)} [{target.failing.code}]"
    elif target.skipped is not None:
        yield "skipped", f"{target.skipped.sentence} [{target.skipped.code}]"
    if target.refusal is not None:
        yield "refused", f"{target.refusal.sentence} [{target.refusal.code}]"
    yield "checked", _describe_moment(target.checked, now)
    if target.decided not in (None, target.checked):
        yield "decided", _describe_moment(target.decided or target.checked, now)


def _describe_capacity(side: CapacityStatus) -> str:
    parts = [_count(side.provisioned, "unit")]
    if side.consumed is not None:
        parts.append(f"{side.consumed:g} consumed ({side.consumed_percent:.0f} %)")
    if side.throttled_events is not None:
        parts.append(f"{side.throttled_events:g} throttled")
    elif side.consumed is not None:
        parts.append("throttled events not requested")
    if side.minimum is not None:
        most = "no maximum" if side.maximum is None else f"maximum {side.maximum}"
        parts.append(f"minimum {side.minimum}, {most}")
    if side.held is not None:
        parts.append(f"not {side.held}")
    return ", ".join(parts)


def _describe_decreases(target: TargetStatus, now: datetime) -> str:
    if target.free_decreases_left:
        return f"{target.free_decreases_left} left today at any time"
    following = target.next_decrease
    then = "one possible now" if following is None else f"next possible {_describe_moment(following, now)}"
    return f"none left today at any time, {then}"


def _describe_moment(moment: datetime, now: datetime) -> str:
    distance = now - moment
    words = (
        f"{format_duration(distance)} ago" if distance >= timedelta() else f"in {format_duration(-distance)}"
    )
    return f"{words} ({moment.isoformat(timespec='seconds')})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _wrap(text: str, indent: str = "") -> list[str]:
    """Return a text as lines, without control characters; further lines are indented."""
    return _break(text, indent, f"{indent}{_INDENT}")


def _break(text: str, first: str, rest: str) -> list[str]:
    """Return a text as lines; a percentage stays whole."""
    whole = escape(text).replace(" %", _HARD_SPACE + "%")
    lines = wrap(whole, COLUMNS, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.replace(_HARD_SPACE, " ") for line in lines]
