"""A reload keeps what a place has, and ends what a place that it removes has."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.check.failures import Cause, Failing, FailureMemory, MessageKey, Subscription
from dynamic_dynamodb.check.state import Entry
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.scaling.memory import NO_MEMORY
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.logs import shut_down_logging
from dynamic_dynamodb.service.service import Service
from dynamic_dynamodb.service.signals import SignalRequests
from tests.builders import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynamic_dynamodb.service.place_check import PlaceCheck

PATIENCE_SECONDS = 30


@dataclass
class Reloads:
    """A service, which opens one configuration in place of another."""

    service: Service
    path: Path

    def open(self, regions: str) -> tuple[PlaceCheck, ...]:
        self.path.write_text(f"[global]\nregions: {regions}\n[table: ^a$]\n", encoding="utf-8")
        self.service.opened = self.service.open(self.service.sources.load(), self.service.opened)
        return self.service.opened.places


@pytest.fixture
def reloads(tmp_path: Path) -> Iterator[Reloads]:
    """Yield a service that has not opened any configuration."""
    path = tmp_path / "own.conf"
    sources = ConfigSources({"config": str(path)}, {"XDG_STATE_HOME": str(tmp_path)}, tmp_path)
    with start_workers() as workers:
        yield Reloads(Service(sources, SignalRequests(), workers), path)
    shut_down_logging()


def fail(target: Target) -> FailureMemory:
    """Return the memory of a target that fails, about which a message has been sent."""
    cause = Cause("AccessDeniedException", "dynamodb:UpdateTable")
    failing = Failing(cause, "it fails", NOW, NOW, Subscription("arn", frozenset({"failure"})))
    return FailureMemory({target: failing}, {MessageKey("failure", "arn", None, cause): NOW})


def start_thread(place: PlaceCheck) -> threading.Thread:
    """Return a thread that looks something up in a place."""
    return place.account.workers.lookups.submit(threading.current_thread).result(PATIENCE_SECONDS)


def test_a_check_that_outlasts_two_reloads_is_continued_from(reloads: Reloads) -> None:
    """The configuration between them has checked nothing."""
    regions = "us-east-1, eu-west-1"
    first, _ = reloads.open(regions)
    reloads.open(regions)
    third, _ = reloads.open(regions)
    found = first.failures.memory = fail(Target("a", place="us-east-1"))
    third.take_over()
    assert third.failures.memory == found


def test_a_place_that_gets_another_name_goes_on_with_what_is_known_of_its_targets(reloads: Reloads) -> None:
    """Even where no file can be written, as on a full disk."""
    (only,) = reloads.open("us-east-1")
    only.check.memory.entries[Target("a")] = Entry(NO_MEMORY, NOW)
    only.failures.memory = fail(Target("a"))
    east, _ = reloads.open("us-east-1, eu-west-1")
    renamed = Target("a", place="us-east-1")
    assert east.check.memory.entries == {renamed: Entry(NO_MEMORY, NOW)}
    assert east.failures.memory == fail(renamed)


@pytest.mark.parametrize("after", ["us-east-1, eu-west-1", "eu-west-1, eu-central-1"])
def test_conditions_of_an_only_place_are_none_of_the_process_after_a_reload(
    reloads: Reloads, after: str
) -> None:
    (only,) = reloads.open("us-east-1")
    reloads.service.runs.begin((only,))
    only.conditions.set("slow", "a check takes longer than check-interval 1 s: increase it")
    only.conditions.set("status file", "it cannot be written")
    reloads.service.runs.begin(reloads.open(after))
    assert [one.topic for one in reloads.service.workers.conditions.in_force] == ["status file"]


@pytest.mark.parametrize("after", ["us-east-1", "us-east-1, eu-central-1"])
def test_the_threads_of_a_place_that_a_reload_removes_end(reloads: Reloads, after: str) -> None:
    east, west = map(start_thread, reloads.open("us-east-1, eu-west-1"))
    reloads.open(after)
    west.join(PATIENCE_SECONDS)
    assert not west.is_alive()
    if "," not in after:  # it has no label any more
        east.join(PATIENCE_SECONDS)
    assert east.is_alive() is ("," in after)


def test_a_reload_keeps_the_threads_of_its_places(reloads: Reloads) -> None:
    before = [one.account.workers for one in reloads.open("us-east-1, eu-west-1")]
    after = [one.account.workers for one in reloads.open("eu-west-1, us-east-1")]
    assert [*map(id, after)] == [*map(id, reversed(before))]
