"""A check looks at every target, and one target's trouble is its own."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from dynamic_dynamodb.check.check import Adapters, Check
from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.check.state import CountStore
from dynamic_dynamodb.config.sections import Matches, Section
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code, Reason
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from dynamic_dynamodb.scaling.usage import MINUTE, find_window
from tests.builders import HARD_EXPRESSION, HARD_NAME, NOW, both, low_checks, section
from tests.fakes import FakeCircuitBreaker, FakeMetrics, FakeNotifier, FakeTables, ThisThread

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.check.state import EntriesFile
    from tests.fakes import Load

A, B = Target("a"), Target("b")
TOPIC = {"sns_topic_arn": "arn:aws:sns:us-east-1:1:t", "sns_message_types": "scale-up, high-throughput-alarm"}
DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")


class World:
    """An account of two busy tables, and a loop over it."""

    def __init__(self, *sections: Section, is_dry_run: bool = False, file: EntriesFile | None = None) -> None:
        self.tables, self.metrics = FakeTables(), FakeMetrics()
        self.notifier, self.breaker, self.counts = FakeNotifier(), FakeCircuitBreaker(), CountStore(file=file)
        self.counts.begin(NOW)
        self.is_stopping = False
        for target in (A, B):
            self.add(target)
        thread = ThisThread()
        used = sections or (section(**TOPIC),)
        adapters = Adapters(
            self.tables, self.metrics, self.notifier, self.breaker, self.counts, thread, thread
        )
        discovery = Discovery(self.tables, used, self.counts, thread)
        self.loop = Check(adapters, discovery, is_dry_run, lambda: self.is_stopping)

    def add(self, target: Target, reads: float = 95, writes: float = 50, **settings: str) -> None:
        """Put a target of 100 units each into the account, consuming so much of them."""
        self.tables.add(target, both(100), **settings)
        self.metrics.answers[target] = load(reads, writes)

    def check(self) -> CheckReport:
        """Run one check."""
        return self.loop.check(NOW)

    def outcomes(self) -> dict[str, Outcome]:
        """Run one check and tell what became of each target."""
        return {str(report.target): report.outcome for report in self.check().targets}

    def units(self, target: Target) -> PerCapacity[int]:
        """Tell what a target has now."""
        return self.tables.descriptions[target].provisioned


def load(reads: float, writes: float, now: datetime = NOW) -> Load:
    """Give series of so many units a second through the default window."""
    window = find_window(section().typed, now)
    minutes = [window.start + number * MINUTE for number in range(window.minutes)]
    return PerCapacity(*((dict.fromkeys(minutes, rate * 60), {}) for rate in (reads, writes)))


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """List the warnings so far."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_every_target_gets_one_line_in_the_order_of_names(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    world.add(B, reads=50)
    world.check()
    steady = "writes 100 (50 % consumed is within the thresholds 30 % and 90 %)"
    assert [record.getMessage() for record in caplog.records] == [
        (
            "a: updated: reads 100 -> 150"
            f" (95 % consumed is above reads-upper-threshold 90 %: up by 50 percent); {steady}"
        ),
        f"b: unchanged: reads 100 (50 % consumed is within the thresholds 30 % and 90 %); {steady}",
    ]


def test_a_dry_run_changes_and_publishes_nothing() -> None:
    world = World(section(**TOPIC, reads_upper_alarm_threshold="80"), is_dry_run=True)
    assert world.outcomes() == {"a": Outcome.WOULD_UPDATE, "b": Outcome.WOULD_UPDATE}
    assert (world.tables.updates, world.notifier.messages) == ([], [])


def test_alarms_come_before_the_message_about_the_change() -> None:
    world = World(section("a", **TOPIC, reads_upper_alarm_threshold="80"))
    world.check()
    assert [message.subject for message in world.notifier.messages] == [
        "ALARM: High Throughput for Table a",
        "Updated provisioning for table a",
    ]


def test_a_failed_publish_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.notifier.error = AwsError("sns:Publish", "NotFound", "Topic does not exist")
    assert world.check().failures == 0
    assert world.units(A) == both(150, 100)
    assert "Topic does not exist" in warnings_of(caplog)[0]


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        pytest.param(
            lambda world: world.tables.describe_errors.update(a=DENIED), "AccessDenied", id="description"
        ),
        pytest.param(
            lambda world: world.metrics.answers.update({A: AwsError("cloudwatch:GetMetricData", "Late")}),
            "no metrics",
            id="metrics",
        ),
        pytest.param(
            lambda world: world.tables.update_errors.append(
                AwsError("dynamodb:UpdateTable", "AccessDeniedException", "no")
            ),
            "allow dynamodb:UpdateTable",
            id="update",
        ),
    ],
)
def test_one_target_fails_and_the_others_go_on(
    prepare: object, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    assert callable(prepare)
    prepare(world)
    report = world.check()
    assert report.failures == 1
    assert [each.outcome for each in report.targets] == [Outcome.FAILED, Outcome.UPDATED]
    assert world.units(A) == both(100)
    (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert expected in error


def test_what_nobody_expected_of_one_target_leaves_the_others_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.tables.add(A, both(cast("int", None)))
    report = world.check()
    assert [each.outcome for each in report.targets] == [Outcome.FAILED, Outcome.UPDATED]
    assert "TypeError" in caplog.text


def test_a_table_on_demand_is_skipped_and_its_counts_are_0() -> None:
    world = World()
    world.tables.add(A, both(0))
    world.counts.put(A, low_checks(2))
    report = world.check()
    assert (report.failures, report.targets[0].outcome) == (0, Outcome.SKIPPED)
    assert world.counts.get(A) == low_checks(0)
    assert [request.target for request in world.metrics.requests] == [B]


def test_an_open_breaker_stops_raises_and_alarms_and_zeroes_the_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = CircuitBreakerOptions("https://user:secret@status.example.com/ok", 500)
    world = World(replace(section(**TOPIC, reads_upper_alarm_threshold="80"), circuit_breaker=options))
    world.breaker.answer = "it answered 503"
    world.counts.put(A, low_checks(2))
    assert world.outcomes() == {"a": Outcome.SKIPPED, "b": Outcome.SKIPPED}
    assert world.breaker.questions == [(options, A), (options, B)]
    assert (world.tables.updates, world.notifier.messages) == ([], [])
    assert world.counts.get(A) == low_checks(0)
    assert warnings_of(caplog)[0] == (
        "a: skipped: the circuit breaker https://user:********@status.example.com/ok is open: it answered 503"
    )


def test_tables_that_need_more_are_updated_before_those_that_need_less() -> None:
    world = World()
    world.add(A, reads=10)
    world.check()
    assert [update.table for update in world.tables.updates] == ["b", "a"]


def test_what_has_not_begun_when_it_is_told_to_stop_is_left() -> None:
    world = World()
    answers = iter([False, False])  # asked before and after the breakers, and then before each update
    world.loop.is_stopping = lambda: next(answers, True)
    report = world.check()
    assert world.tables.updates == []
    assert "shutting down, left for the next run" in str(report.targets[0])


def test_a_check_that_is_told_to_stop_early_asks_for_no_metrics_and_is_not_well() -> None:
    world = World()
    world.is_stopping = True
    report = world.check()
    assert (report.is_well, world.metrics.requests) == (False, [])


class TestMatching:
    def test_the_first_matching_section_counts(self) -> None:
        world = World(section("^a$", increase_reads_with="10"), section(".*"))
        world.check()
        assert (world.units(A), world.units(B)) == (both(110, 100), both(150, 100))

    def test_a_section_without_a_table_is_said_once_until_that_changes(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(section("^a$"), section("^z$"))
        for _ in range(3):
            world.check()
        assert warnings_of(caplog) == ["nothing matches [table: ^z$]"]
        world.add(Target("z"))
        world.check()
        del world.tables.descriptions[Target("z")]
        world.check()
        assert len(warnings_of(caplog)) == 2

    def test_an_index_in_two_sections_belongs_to_the_first_with_one_warning(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        gsis = (section("^g.*", increase_reads_with="10"), section("^g1$", increase_reads_with="80"))
        world = World(section("^a$", gsis=gsis))
        world.add(Target("a", "g1"))
        world.check()
        world.check()
        assert world.tables.updates[0].decisions[1].proposed == both(110, 100)
        assert len([text for text in warnings_of(caplog) if "a/g1 matches" in text]) == 1

    def test_an_index_that_only_another_tables_section_matches_is_said_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = World(section("^a$"), section(".*", gsis=(section("g"),)))
        world.add(Target("a", "g1"))
        world.add(Target("b", "g1"))
        world.check()
        world.check()
        assert warnings_of(caplog) == [
            "a/g1 matches [table: g], but its table belongs to [table: ^a$]: not checked"
        ]

    def test_without_the_right_to_list_plain_names_are_checked(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        name = Target("orders")
        world = World(section("^orders$"))
        world.add(name)
        world.tables.list_error = AwsError("dynamodb:ListTables", "AccessDeniedException", "no")
        report = world.check()
        assert (report.failures, world.units(name)) == (0, both(150, 100))
        assert "allow dynamodb:ListTables" in warnings_of(caplog)[0]

    def test_an_expression_that_cannot_be_matched_is_a_failure(self) -> None:
        world = World(section(".*"))
        world.tables.list_error = AwsError("dynamodb:ListTables", "AccessDeniedException", "no")
        assert world.check().failures == 1

    def test_a_table_that_takes_too_long_to_match_fails_alone(self) -> None:
        hard, easy = Target(HARD_NAME), Target("aaa")
        world = World(section(HARD_EXPRESSION), section(".*"))
        world.add(hard)
        world.add(easy)
        for _ in range(2):
            report = world.check()
            failed = [one for one in report.targets if one.outcome is Outcome.FAILED]
            assert [(one.target, one.skipped and one.skipped.code) for one in failed] == [
                (hard, Code.MATCHING_TIMED_OUT)
            ]
        assert world.units(hard) == both(100)
        assert world.units(easy) != both(100)

    def test_what_could_not_be_matched_once_is_tried_again(self) -> None:
        slow = section(".*")
        world = World(slow)
        for _ in range(3):  # until nothing changes any more
            world.check()
        discovery = world.loop.discovery
        assert discovery.matched is not None
        assert discovery.last is not None
        lost = TargetReport(A, Outcome.FAILED, skipped=Reason(Code.MATCHING_TIMED_OUT, "as if"))
        discovery.last = discovery.last[0], replace(discovery.last[1], subjects=(), failed=(lost,))
        assert world.check().failures == 0
        discovery.matched = discovery.matched[0], Matches({}, (), {}, {A.table: slow})
        assert world.check().failures == 0

    def test_an_index_that_takes_too_long_to_match_fails_alone(self) -> None:
        hard = Target("a", HARD_NAME)
        world = World(section("^a$", gsis=(section(HARD_EXPRESSION), section(".*"))))
        for target in (hard, Target("a", "aa")):
            world.add(target)
        report = world.check()
        assert [one.target for one in report.targets if one.outcome is Outcome.FAILED] == [hard]
        assert world.units(hard) == both(100)
        assert world.units(Target("a", "aa")) == world.units(A) == both(150, 100)

    def test_counts_of_a_table_that_is_gone_are_forgotten(self) -> None:
        world = World(section(".*", num_read_checks_before_scale_down="3"))
        world.add(A, reads=10)
        world.check()
        assert world.counts.get(A).reads.low_checks == 1
        del world.tables.descriptions[A]
        world.check()
        assert world.counts.get(A).reads.low_checks == 0


def test_what_fails_altogether_is_said_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    world = World(section("^a$"))
    for code in ("ExpiredTokenException", "ExpiredTokenException", "AccessDeniedException"):
        world.tables.describe_errors["a"] = AwsError("dynamodb:DescribeTable", code)
        assert world.check().failures == 1
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [error.split(": ")[3].split(" ")[0] for error in errors] == [
        "ExpiredTokenException",
        "AccessDeniedException",
    ]


def test_the_summary_counts_the_outcomes() -> None:
    world = World()
    world.add(B, reads=50)
    assert re.fullmatch("checked 2 targets: 1 unchanged, 1 updated", str(world.check()))
