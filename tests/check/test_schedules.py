"""A check uses the options that hold at its time: schedules open and close between checks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.service.state_format import Content, parse, render
from tests.check.fake_world import FakeWorld
from tests.check.test_quiet_check_interval import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dynamic_dynamodb.config.sections import Section

A, A_INDEX = Target("a"), Target("a", "by-date")
LIMITS = "max-provisioned-reads: 500\nmax-provisioned-writes: 500\n"
PEAK = "[schedule: peak]\ntimes: 12:05-12:09\n"
TABLE = f"[table: ^a$]\n{LIMITS}"
RAISED = "[table: ^a$ during: peak]\nmin-provisioned-reads: 200\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], tuple[Section, ...]]:
    """Return what reads the sections of a file."""

    def read_sections(text: str) -> tuple[Section, ...]:
        path = tmp_path / "own.conf"
        path.write_text(text, encoding="utf-8")
        return load({"config": str(path)}, {}).sections

    return read_sections


def test_a_check_in_an_open_schedule_raises_to_its_minimum_and_says_so(
    read: Callable[[str], tuple[Section, ...]],
) -> None:
    world = World(*read(PEAK + TABLE + RAISED), seconds=None, targets=[A])
    before = world.run(timedelta()).targets[0]
    world.run(timedelta(minutes=3))
    during = world.run(timedelta(minutes=3)).targets[0]
    assert [before.outcome, during.outcome] == [Outcome.UNCHANGED, Outcome.UPDATED]
    assert during.decision is not None
    assert [reason.code for reason in during.decision.capacities.reads.reasons] == [Code.SCHEDULED_MINIMUM]
    assert during.decision.capacities.reads.sentence == (
        "100 is below min-provisioned-reads 200 while schedule peak is open"
    )
    assert during.section is not None
    assert during.section.typed.capacities.reads.min_provisioned == 200
    assert world.tables.descriptions[A].provisioned == PerCapacity(200, 100)


def test_the_minimum_of_the_section_applies_again_once_the_schedule_is_closed(
    read: Callable[[str], tuple[Section, ...]],
) -> None:
    world = World(*read(PEAK + TABLE + RAISED), seconds=None, targets=[A])
    minimums = []
    for _ in range(8):
        section = world.run(timedelta(minutes=1)).targets[0].section
        assert section is not None
        minimums.append(section.typed.capacities.reads.min_provisioned)
    assert minimums == [1, 1, 1, 1, 200, 200, 200, 200]
    world.run(timedelta(minutes=2))
    section = world.run(timedelta()).targets[0].section
    assert section is not None
    assert section.typed.capacities.reads.min_provisioned == 1


def test_an_overlay_of_an_index_leaves_its_table_alone(read: Callable[[str], tuple[Section, ...]]) -> None:
    index = f"[gsi: .* table: ^a$]\n{LIMITS}[gsi: .* table: ^a$ during: peak]\nmin-provisioned-writes: 300\n"
    world = World(*read(PEAK + TABLE + index), seconds=None, targets=[A, A_INDEX])
    world.run(timedelta(minutes=6))
    units = {target: one.provisioned for target, one in world.tables.descriptions.items()}
    assert units == {A: PerCapacity(100, 100), A_INDEX: PerCapacity(100, 300)}


def test_a_resting_target_is_looked_at_when_a_schedule_opens_and_when_it_closes(
    read: Callable[[str], tuple[Section, ...]],
) -> None:
    during = "[table: ^a$ during: peak]\nmin-provisioned-reads: 50\n"
    world = World(*read(PEAK + TABLE + during), seconds=3600, targets=[A])
    world.run(timedelta())
    looked = [f"{world.now:%H:%M}" for _ in range(12) if world.looked_at()]
    assert {"12:05", "12:10"} <= set(looked)
    assert len(looked) <= 3  # with the one of its usual turn, if that is now


def test_a_circuit_breaker_that_only_a_schedule_sets_is_asked_while_it_is_open(
    read: Callable[[str], tuple[Section, ...]],
) -> None:
    during = "[table: ^a$ during: always]\ncircuit-breaker-url: http://example.com/\n"
    world = FakeWorld(*read(f"[schedule: always]\ntimes: *\n{TABLE}{during}"))
    world.breaker.answer = "it answered 503"
    report = next(one for one in world.run().targets if one.target == A)
    assert report.skipped is not None
    assert report.skipped.code is Code.CIRCUIT_BREAKER


def test_a_topic_that_only_a_schedule_sets_gets_messages_and_is_in_the_policy(
    read: Callable[[str], tuple[Section, ...]],
) -> None:
    topic = "arn:aws:sns:us-east-1:1:events"
    during = f"[table: ^a$ during: always]\nsns-topic-arn: {topic}\nsns-message-types: scale-up\n"
    (section,) = read(f"[schedule: always]\ntimes: *\n{TABLE}{during}")
    world = FakeWorld(section)
    world.run()
    assert [one.topic for one in world.notifier.messages] == [topic]
    assert topic in [one.typed.sns_topic_arn for one in section.variants]


def test_the_first_decrease_after_an_event_goes_in_one_step_even_after_a_restart_and_missed_checks(
    read: Callable[[str], tuple[Section, ...]],
) -> None:
    event = PEAK.replace("[schedule: peak]", "[schedule: peak]\nreturn-at-once: true")
    slow = "decrease-reads-with: 10\n"
    sections = read(event + TABLE + slow + RAISED.replace("200", "400"))
    during = World(*sections, seconds=None)
    during.add(A, 40, 40)
    during.run(timedelta(minutes=6))
    assert during.tables.descriptions[A].provisioned == PerCapacity(400, 100)
    content = Content()
    content.write_entries("us-east-1", during.memory.entries)
    kept = parse(render(content).encode()).read_entries("us-east-1")
    assert kept[A].memory.map(lambda one: one.event) == PerCapacity("peak", "")

    later = World(*sections, seconds=None)
    later.memory = AccountMemory(entries=kept)
    later.check = later.build_check()
    later.add(A, 40, 40)
    later.tables.descriptions[A] = during.tables.descriptions[A]
    later.run(timedelta(hours=3))
    assert later.tables.descriptions[A].provisioned == PerCapacity(67, 100)  # 40 are 60 % of 67
    assert later.memory.entries[A].memory.reads.event == ""
