"""One status of several places has what a second computation finds in those of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.config.places import Place, label_places
from dynamic_dynamodb.service.status.places import find_part, merge
from dynamic_dynamodb.service.status.snapshot import CheckStatus, Failure, Notice, PlaceStatus, Status
from tests.service.status.builders import (
    EU,
    NOW,
    OTHER_ACCOUNT,
    OWN_ACCOUNT,
    US,
    program,
    status,
    status_of_places,
    target,
)

DENIED = Failure(NOW, 3, "AccessDenied", "sts:AssumeRole failed: no")
LATER = replace(DENIED, since=NOW + timedelta(minutes=5), checks=2)
PLACES = label_places(Place(f"region-{number}") for number in range(4))


@st.composite
def parts(draw: st.DrawFn) -> dict[Place, Status | None]:
    """Return the statuses of places, of which the first has been checked."""
    found: dict[Place, Status | None] = {}
    for place in PLACES[: draw(st.integers(2, len(PLACES)))]:
        is_checked: bool = draw(st.booleans())
        if found and not is_checked:
            found[place] = None
            continue
        started = NOW + timedelta(seconds=draw(st.integers(0, 1000)))
        check = CheckStatus(
            started,
            draw(st.integers(0, 300)),
            complete=draw(st.booleans()),
            failures=draw(st.integers(0, 3)),
            metrics_requested=draw(st.none() | st.integers(0, 100)),
            next=draw(st.none() | st.just(started + timedelta(minutes=5))),
            failing=draw(st.none() | st.sampled_from((DENIED, LATER))),
        )
        names = draw(st.lists(st.sampled_from(("orders", "users", "carts")), unique=True))
        found[place] = Status(
            program(region=place.region, account=draw(st.sampled_from((None, OWN_ACCOUNT, OTHER_ACCOUNT)))),
            check,
            (Notice("warning", f"{place.name}: slow"),) if draw(st.booleans()) else (),
            tuple(target(f"{place.name} {name}") for name in sorted(names)),
        )
    return found


@given(parts())
def test_the_summary_is_the_same_as_by_a_plain_second_computation(found: dict[Place, Status | None]) -> None:
    merged = merge(program(), found, (Notice("warning", "general"),))
    known = [one for one in found.values() if one is not None]
    checks = [one.check for one in known]
    assert merged.places == tuple(
        PlaceStatus(place.name, place.region, one.program.account, one.check, one.notices)
        if one is not None
        else PlaceStatus(place.name, place.region)
        for place, one in found.items()
    )
    assert merged.targets == sum((one.targets for one in known), ())
    assert merged.notices == (Notice("warning", "general"), *sum((one.notices for one in known), ()))
    summary = merged.check
    assert summary.started == min(one.started for one in checks)
    assert summary.seconds == max(one.seconds for one in checks)
    assert summary.complete == (
        None not in found.values() and [one.complete for one in checks].count(True) == len(checks)
    )
    assert summary.failures == sum(one.failures for one in checks)
    assert (summary.metrics_requested or 0) == sum(one.metrics_requested or 0 for one in checks)
    assert (summary.metrics_requested is None) == all(one.metrics_requested is None for one in checks)
    assert summary.next == next(iter(sorted(one.next for one in checks if one.next)), None)
    failing = [one.failing for one in checks if one.failing]
    assert (summary.failing is None) == (len(failing) < len(checks))
    if summary.failing is not None:
        assert summary.failing == (LATER if LATER in failing else DENIED)
    assert merged.program.region == ", ".join(one.region for one in found)


@given(parts())
def test_a_part_is_found_again_in_the_whole(found: dict[Place, Status | None]) -> None:
    merged = merge(program(), found)
    for place, one in found.items():
        account = one.program.account if one is not None else None
        assert find_part(merged, place, account) == one


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        pytest.param(("no", "no"), "no", id="the same"),
        pytest.param(("no", "expired"), "production/us-east-1: no", id="different ones"),
    ],
)
def test_a_failure_in_all_places_names_its_place_unless_it_is_the_same_in_all(
    sentences: tuple[str, str], expected: str
) -> None:
    us, eu = (
        status(check=replace(status().check, failing=replace(DENIED, sentence=one))) for one in sentences
    )
    failing = status_of_places(us=us, eu=eu).check.failing
    assert failing is not None
    assert failing.sentence == expected


def test_an_account_is_that_of_the_program_if_it_is_the_same_in_all_places() -> None:
    one, other = (
        replace(status(), program=program(account=account)) for account in (OWN_ACCOUNT, OTHER_ACCOUNT)
    )
    assert merge(program(), {US: one, EU: one}).program.account == OWN_ACCOUNT
    assert merge(program(), {US: one, EU: other}).program.account is None
