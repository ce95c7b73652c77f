"""Checks of several places run side by side; those of one account and region never do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.config.places import Place, Role
from dynamic_dynamodb.service.check_runs import CheckRuns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.service.place_check import PlaceCheck

PATIENCE_SECONDS = 30
EAST, WEST = Place("us-east-1", label="us-east-1"), Place("eu-west-1", label="eu-west-1")


@dataclass
class Held:
    """A check that goes on until it is let go; `events` is shared by all, in their order."""

    place: Place
    events: list[str]
    before: object | None = None
    is_well: bool = True
    error: Exception | None = None
    thread: int = 0
    _begun: threading.Event = field(default_factory=threading.Event)
    _goes_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def take_over(self) -> None:
        self.events.append(f"take over {self.place.name}")

    def end_early(self) -> None:
        self.events.append(f"end {self.place.name} early")

    def leave(self) -> None:
        self.events.append(f"leave {self.place.name}")

    def run(self, _first: object = None) -> bool:
        self.thread = threading.get_ident()
        self.events.append(f"begin {self.place.name}")
        self._begun.set()
        assert self._goes_on.acquire(timeout=PATIENCE_SECONDS)
        self.events.append(f"end {self.place.name}")
        if self.error is not None:
            raise self.error
        return self.is_well

    def await_begin(self) -> None:
        assert self._begun.wait(PATIENCE_SECONDS)
        self._begun.clear()

    def let_go(self) -> None:
        self._goes_on.release()


class Runs:
    """Runs with a wait for the end of a check."""

    def __init__(self) -> None:
        self.woken = threading.Semaphore(0)
        self.runs = CheckRuns(self.woken.release, Conditions())
        self.events: list[str] = []

    def begin(self, *places: Place) -> list[Held]:
        held = [Held(one, self.events) for one in places]
        self.runs.begin(cast("Sequence[PlaceCheck]", held))
        return held

    def start_due(self, interval_seconds: float = 1000.0) -> None:
        self.runs.start_due(interval_seconds)

    def await_end(self, check: Held) -> None:
        check.let_go()
        assert self.woken.acquire(timeout=PATIENCE_SECONDS)

    def take_events(self) -> list[str]:
        taken, self.events[:] = self.events[:], []
        return taken


@pytest.fixture
def runs() -> Iterator[Runs]:
    """Yield runs whose checks have all ended when the test has."""
    made = Runs()
    yield made
    made.runs.wait_for_all()


def test_an_only_place_is_checked_in_the_thread_that_calls(runs: Runs) -> None:
    (only,) = runs.begin(EAST)
    only.let_go()
    runs.start_due()
    assert only.thread == threading.get_ident()
    assert runs.take_events() == ["take over us-east-1", "begin us-east-1", "end us-east-1"]


def test_a_place_whose_check_goes_on_is_started_again_when_it_has_ended(runs: Runs) -> None:
    east, west = runs.begin(EAST, WEST)
    for _ in range(3):
        runs.start_due(0)
        east.await_begin()
        runs.await_end(east)
    west.await_begin()
    assert [one for one in runs.take_events() if "eu-west-1" in one] == [
        "take over eu-west-1",
        "begin eu-west-1",
    ]
    runs.await_end(west)
    runs.start_due(0)
    west.await_begin()
    east.let_go()
    west.let_go()


def test_a_place_is_due_an_interval_after_its_check_began(runs: Runs) -> None:
    east, west = runs.begin(EAST, WEST)
    runs.start_due()
    runs.await_end(east)
    runs.await_end(west)
    runs.start_due()
    assert runs.take_events().count("begin us-east-1") == 1
    assert runs.runs.find_next(1000.0) > runs.runs.find_next(10.0)


def test_a_reloaded_place_waits_for_its_older_check_and_the_others_do_not(runs: Runs) -> None:
    old_east, old_west = runs.begin(EAST, WEST)
    runs.start_due()
    runs.await_end(old_east)
    old_west.await_begin()
    runs.take_events()
    new_east, new_west = runs.begin(EAST, WEST)
    runs.start_due()
    new_east.await_begin()
    runs.await_end(new_east)
    assert runs.take_events() == ["take over us-east-1", "begin us-east-1", "end us-east-1"]
    runs.await_end(old_west)
    runs.start_due()
    new_west.await_begin()
    assert runs.take_events() == ["end eu-west-1", "take over eu-west-1", "begin eu-west-1"]
    new_west.let_go()


def test_a_place_with_another_name_is_the_same_account_and_region(runs: Runs) -> None:
    role = Role("arn:aws:iam::111122223333:role/scaling")
    old, old_west = runs.begin(Place("us-east-1", "a", role, "a/us-east-1"), WEST)
    runs.start_due()
    runs.await_end(old_west)
    new, new_west = runs.begin(Place("us-east-1", "b", role, "b/us-east-1"), WEST)
    runs.start_due()
    runs.await_end(new_west)
    assert "begin b/us-east-1" not in runs.take_events()
    runs.await_end(old)
    runs.start_due()
    new.await_begin()
    new.let_go()


def test_a_check_that_crashes_is_logged_and_made_again(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    east, west = runs.begin(EAST, WEST)
    east.error = RuntimeError("odd")
    runs.start_due(0)
    runs.await_end(east)
    runs.start_due(0)
    east.await_begin()
    assert "us-east-1: the check failed: RuntimeError: odd" in caplog.text
    east.let_go()
    west.let_go()


@pytest.mark.parametrize(("results", "expected"), [((True, True), True), ((True, False), False)])
def test_a_single_run_is_well_if_all_places_are(runs: Runs, results: Any, expected: bool) -> None:  # noqa: FBT001 - a case
    held = [Held(place, runs.events, is_well=one) for place, one in zip((EAST, WEST), results, strict=True)]
    for each in held:
        each.let_go()
    assert runs.runs.run_once(cast("Sequence[PlaceCheck]", held)) is expected


def test_a_place_that_is_left_out_is_left_when_its_check_has_ended(runs: Runs) -> None:
    east, west = runs.begin(EAST, WEST)
    runs.start_due()
    east.await_begin()
    runs.begin(WEST)
    runs.await_end(east)
    west.let_go()
    assert [one for one in runs.take_events() if EAST.name in one] == [
        "take over us-east-1",
        "begin us-east-1",
        "end us-east-1 early",
        "end us-east-1",
        "leave us-east-1",
    ]


def test_a_place_that_is_left_out_between_its_checks_is_left_at_once(runs: Runs) -> None:
    runs.begin(EAST, WEST)
    runs.begin(WEST)
    assert runs.take_events() == ["end us-east-1 early", "leave us-east-1"]
