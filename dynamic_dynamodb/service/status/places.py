"""Merge the statuses of several places into one, and find the part of one place in such a status."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dynamic_dynamodb.service.status.snapshot import CheckStatus, Failure, Notice, PlaceStatus, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.service.status.snapshot import ProgramStatus


def merge(
    program: ProgramStatus, known: Mapping[Place, Status | None], notices: tuple[Notice, ...] = ()
) -> Status:
    """Return one status of several places from that of each, of which at least one is known.

    The notices are those of the program itself; those of the places follow.
    """
    places = tuple(describe_place(place, status) for place, status in known.items())
    return Status(
        describe_all(program, places),
        _sum_up(places),
        notices + tuple(notice for one in places for notice in one.notices),
        tuple(target for status in known.values() if status is not None for target in status.targets),
        places,
    )


def describe_all(program: ProgramStatus, places: Iterable[PlaceStatus]) -> ProgramStatus:
    """Return the program with all regions, and the account if it is the same in all places."""
    regions = ", ".join(dict.fromkeys(one.region for one in places))
    accounts = {one.account for one in places}
    return replace(program, region=regions, account=accounts.pop() if len(accounts) == 1 else None)


def describe_place(place: Place, status: Status | None) -> PlaceStatus:
    """Return a place as its own status has it; None before its first check."""
    if status is None:
        return PlaceStatus(place.name, place.region, place.owner or None)
    return PlaceStatus(place.name, place.region, status.program.account, status.check, status.notices)


def _sum_up(places: Sequence[PlaceStatus]) -> CheckStatus:
    """Return the last checks of all places as one."""
    checks = {one.name: one.check for one in places if one.check is not None}
    known = checks.values()
    requested = [one.metrics_requested for one in known if one.metrics_requested is not None]
    return CheckStatus(
        started=min(one.started for one in known),
        seconds=max(one.seconds for one in known),
        complete=len(checks) == len(places) and all(one.complete for one in known),
        failures=sum(one.failures for one in known),
        metrics_requested=sum(requested) if requested else None,
        next=min((one.next for one in known if one.next is not None), default=None),
        failing=_join({name: one.failing for name, one in checks.items()}),
    )


def _join(failures: Mapping[str, Failure | None]) -> Failure | None:
    """Return the failure of all places since each of them fails; None if one does not."""
    found = [(name, one) for name, one in failures.items() if one is not None]
    if len(found) < len(failures):
        return None
    name, first = found[0]
    is_same = all(one.sentence == first.sentence for _, one in found)
    return Failure(
        max(one.since for _, one in found),
        min(one.checks for _, one in found),
        first.code,
        first.sentence if is_same else f"{name}: {first.sentence}",
    )


def find_part(status: Status, place: Place, account: str | None) -> Status | None:
    """Return what a status has of a place, under the names that it has now; None if that is not known.

    The account is None as long as it is not known. A place is found by its account, or else by its name.
    """
    parts = [(name, one) for name, one in _split(status) if one.program.region == place.region]
    exact = [one for _, one in parts if account and one.program.account == account]
    if exact:
        return _rename(exact[0], place)
    possible = [(name, one) for name, one in parts if not (account and one.program.account)]
    named = [one for name, one in possible if name == place.name]
    if named:
        return _rename(named[0], place)
    # A role leads to one account only: what is of an unknown one is hardly its own.
    is_only_one = len(possible) == 1 and place.role is None
    return _rename(possible[0][1], place) if is_only_one else None


def _split(status: Status) -> Iterator[tuple[str, Status]]:
    """Yield the status of each place with the place's name; of the only one, with the region."""
    if not status.places:
        yield status.program.region, status
    for one in status.places:
        if one.check is not None:
            program = replace(status.program, region=one.region, account=one.account)
            targets = tuple(target for target in status.targets if target.place == one.name)
            yield one.name, Status(program, one.check, one.notices, targets)


def _rename(status: Status, place: Place) -> Status:
    label = place.label or None
    if all(one.place == label for one in status.targets):
        return status
    return replace(status, targets=tuple(replace(one, place=label) for one in status.targets))
