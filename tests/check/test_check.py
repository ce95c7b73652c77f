"""A check covers every target, and an error of one target affects no other."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from dynamic_dynamodb.check.report import Outcome, TargetReport
from dynamic_dynamodb.config.sections import Matches
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code, Reason
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from tests.builders import HARD_EXPRESSION, HARD_NAME, NOW, both, low_checks, section
from tests.check.fake_world import TOPIC, A, B, FakeWorld, load, warnings_of

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.usage import Datapoints

DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")


def test_every_target_gets_one_line_in_the_order_of_names(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = FakeWorld()
    world.add(B, reads=50)
    world.run()
    steady = "writes 100 (50 % consumed is within the thresholds 30 % and 90 %)"
    assert [record.getMessage() for record in caplog.records] == [
        "[table: .*] applies to a, b",
        (
            "a: updated: reads 100 -> 150"
            f" (95 % consumed is above reads-upper-threshold 90 %: up by 50 percent); {steady}"
        ),
        f"b: unchanged: reads 100 (50 % consumed is within the thresholds 30 % and 90 %); {steady}",
        "checked 2 targets: 1 unchanged, 1 updated, in 0.0 s",
    ]


def test_a_check_writes_no_log_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = FakeWorld(section("^a$"), section("^z$"))
    world.tables.update_errors.append(DENIED)
    world.tables.descriptions[A] = replace(world.tables.descriptions[A], replicas=("eu-west-1",))
    report = world.check.run(NOW)
    assert [notice.sentence for notice in report.notices] == [
        "a is a global table, also in eu-west-1: scaling its writes here affects all regions",
        "nothing matches [table: ^z$]",
    ]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param({}, Code.METRICS_LATE, id="late if no other target has them"),
        pytest.param(load(50, 50).reads[0], Code.CONSUMED_BELOW_THRESHOLD, id="idle if another has them"),
    ],
)
def test_last_minutes_without_datapoints_are(other: Datapoints, expected: Code) -> None:
    world = FakeWorld()
    first, *_ = load(95, 95).reads[0]
    world.metrics.answers[A] = PerCapacity(({first: 600.0}, {}), ({first: 600.0}, {}))
    world.metrics.answers[B] = PerCapacity(({}, {}), (other, {}))
    report, _ = world.run().targets
    assert report.decision is not None
    assert report.decision.capacities.reads.reasons[0].code is expected


def test_a_dry_run_changes_and_publishes_nothing() -> None:
    world = FakeWorld(section(**TOPIC, reads_upper_alarm_threshold="80"), is_dry_run=True)
    assert world.outcomes() == {"a": Outcome.WOULD_UPDATE, "b": Outcome.WOULD_UPDATE}
    assert (world.tables.updates, world.notifier.messages) == ([], [])


def test_a_dry_run_reports_what_it_would_publish() -> None:
    world = FakeWorld(section("^a$", **TOPIC), is_dry_run=True)
    world.run()
    assert [str(one) for one in world.unpublished] == [
        f"would publish to {TOPIC['sns_topic_arn']}: Updated provisioning for table a"
    ]


def test_credentials_that_aws_refuses_are_the_error_of_the_report() -> None:
    world = FakeWorld()
    world.tables.list_error = AwsError("dynamodb:ListTables", "ExpiredTokenException")
    report = world.run()
    assert (report.error, report.targets, report.is_well) == (world.tables.list_error, (), False)


def test_alarms_come_before_the_message_about_the_change() -> None:
    world = FakeWorld(section("a", **TOPIC, reads_upper_alarm_threshold="80"))
    world.run()
    assert [message.subject for message in world.notifier.messages] == [
        "ALARM: High Throughput for Table a",
        "Updated provisioning for table a",
    ]


def test_a_failed_publish_is_a_warning_and_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    world = FakeWorld()
    world.notifier.error = AwsError("sns:Publish", "NotFound", "Topic does not exist")
    assert world.run().failures == 0
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
def test_one_target_fails_and_the_others_are_checked(
    prepare: object, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = FakeWorld()
    assert callable(prepare)
    prepare(world)
    report = world.run()
    assert report.failures == 1
    assert [each.outcome for each in report.targets] == [Outcome.FAILED, Outcome.UPDATED]
    assert world.units(A) == both(100)
    (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert expected in error


def test_an_unexpected_error_of_one_target_does_not_affect_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = FakeWorld()
    world.tables.add(A, both(cast("int", None)))
    report = world.run()
    assert [each.outcome for each in report.targets] == [Outcome.FAILED, Outcome.UPDATED]
    assert "TypeError" in caplog.text
    assert [type(error) for error in report.unexpected] == [TypeError]


def test_a_report_has_what_its_target_was_decided_by() -> None:
    world = FakeWorld()
    world.add(B, reads=10)
    world.memory.put(B, low_checks(2))
    described = world.tables.descriptions[B]
    report = world.run().targets[1]
    assert report.section is world.check.discovery.sections[0]
    assert report.description is described
    assert report.usage is not None
    assert report.usage.map(lambda one: one.consumed_per_second) == both(10, 50)
    assert report.memory == world.memory.get(B) == low_checks(0, 1)  # the decrease was applied


@pytest.mark.parametrize(
    ("prepare", "is_described"),
    [
        pytest.param(
            lambda world: world.tables.describe_errors.update({"a": DENIED}), False, id="not described"
        ),
        pytest.param(lambda world: world.tables.add(A, both(0)), True, id="on demand"),
        pytest.param(lambda world: world.metrics.answers.update({A: DENIED}), True, id="without metrics"),
    ],
)
def test_a_report_without_a_decision_has_what_is_known(prepare: object, is_described: bool) -> None:  # noqa: FBT001 - a case
    world = FakeWorld()
    assert callable(prepare)
    prepare(world)
    described = world.tables.descriptions[A]
    report = world.run().targets[0]
    assert (report.decision, report.usage, report.memory) == (None, None, None)
    assert report.section is world.check.discovery.sections[0]
    assert report.description is (described if is_described else None)


def test_a_table_on_demand_is_skipped_and_its_counts_are_0() -> None:
    world = FakeWorld()
    world.tables.add(A, both(0))
    world.memory.put(A, low_checks(2))
    report = world.run()
    assert (report.failures, report.targets[0].outcome) == (0, Outcome.SKIPPED)
    assert world.memory.get(A) == low_checks(0)
    assert [request.target for request in world.metrics.requests] == [B]


def test_an_open_breaker_stops_raises_and_alarms_and_zeroes_the_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = CircuitBreakerOptions("https://user:secret@status.example.com/ok", 500)
    world = FakeWorld(replace(section(**TOPIC, reads_upper_alarm_threshold="80"), circuit_breaker=options))
    world.breaker.answer = "it answered 503"
    world.memory.put(A, low_checks(2))
    assert world.outcomes() == {"a": Outcome.SKIPPED, "b": Outcome.SKIPPED}
    assert world.breaker.questions == [(options, A), (options, B)]
    assert (world.tables.updates, world.notifier.messages) == ([], [])
    assert world.memory.get(A) == low_checks(0)
    assert warnings_of(caplog)[0] == (
        "a: skipped: the circuit breaker https://user:********@status.example.com/ok is open: it answered 503"
    )


def test_tables_that_need_more_are_updated_before_those_that_need_less() -> None:
    world = FakeWorld()
    world.add(A, reads=10)
    world.run()
    assert [update.table for update in world.tables.updates] == ["b", "a"]


def test_updates_that_have_not_begun_at_a_stop_are_left_for_the_next_run() -> None:
    world = FakeWorld()
    answers = iter([False, False])  # asked before and after the breakers, and then before each update
    world.check.is_stopping = lambda: next(answers, True)
    report = world.run()
    assert world.tables.updates == []
    assert "shutting down, left for the next run" in str(report.targets[0])


def test_a_check_stopped_early_fetches_no_metrics_and_is_not_well() -> None:
    world = FakeWorld()
    world.is_stopping = True
    report = world.run()
    assert (report.is_well, world.metrics.requests) == (False, [])


class TestMatching:
    def test_the_first_matching_section_applies(self) -> None:
        world = FakeWorld(section("^a$", increase_reads_with="10"), section(".*"))
        world.run()
        assert (world.units(A), world.units(B)) == (both(110, 100), both(150, 100))

    def test_a_section_without_a_table_is_logged_once_until_that_changes(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = FakeWorld(section("^a$"), section("^z$"))
        for _ in range(3):
            world.run()
        assert warnings_of(caplog) == ["nothing matches [table: ^z$]"]
        world.add(Target("z"))
        world.run()
        del world.tables.descriptions[Target("z")]
        world.run()
        assert len(warnings_of(caplog)) == 2

    def test_an_index_in_two_sections_belongs_to_the_first_with_one_warning(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        gsis = (section("^g.*", increase_reads_with="10"), section("^g1$", increase_reads_with="80"))
        world = FakeWorld(section("^a$", gsis=gsis))
        world.add(Target("a", "g1"))
        world.run()
        world.run()
        assert world.tables.updates[0].decisions[1].proposed == both(110, 100)
        assert len([text for text in warnings_of(caplog) if "a/g1 matches" in text]) == 1

    def test_an_index_that_only_another_tables_section_matches_is_logged_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        world = FakeWorld(section("^a$"), section(".*", gsis=(section("g"),)))
        world.add(Target("a", "g1"))
        world.add(Target("b", "g1"))
        world.run()
        world.run()
        assert warnings_of(caplog) == [
            "a/g1 matches [table: g], but its table belongs to [table: ^a$]: not checked"
        ]

    def test_without_permission_to_list_tables_plain_names_are_checked(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        name = Target("orders")
        world = FakeWorld(section("^orders$"))
        world.add(name)
        world.tables.list_error = AwsError("dynamodb:ListTables", "AccessDeniedException", "no")
        report = world.run()
        assert (report.failures, world.units(name)) == (0, both(150, 100))
        assert "allow dynamodb:ListTables" in warnings_of(caplog)[0]

    def test_an_expression_that_cannot_be_matched_is_a_failure(self) -> None:
        world = FakeWorld(section(".*"))
        world.tables.list_error = AwsError("dynamodb:ListTables", "AccessDeniedException", "no")
        assert world.run().failures == 1

    def test_a_table_that_takes_too_long_to_match_fails_alone(self) -> None:
        hard, easy = Target(HARD_NAME), Target("aaa")
        world = FakeWorld(section(HARD_EXPRESSION), section(".*"))
        world.add(hard)
        world.add(easy)
        for _ in range(2):
            report = world.run()
            failed = [one for one in report.targets if one.outcome is Outcome.FAILED]
            assert [(one.target, one.skipped and one.skipped.code) for one in failed] == [
                (hard, Code.MATCHING_TIMED_OUT)
            ]
        assert world.units(hard) == both(100)
        assert world.units(easy) != both(100)

    def test_a_match_that_timed_out_is_tried_again(self) -> None:
        slow = section(".*")
        world = FakeWorld(slow)
        for _ in range(3):  # until nothing changes any more
            world.run()
        discovery = world.check.discovery
        assert discovery.matched is not None
        assert discovery.last is not None
        lost = TargetReport(A, Outcome.FAILED, skipped=Reason(Code.MATCHING_TIMED_OUT, "as if"))
        discovery.last = discovery.last[0], replace(discovery.last[1], matched=(), failed=(lost,))
        assert world.run().failures == 0
        discovery.matched = discovery.matched[0], Matches({}, (), {}, {A.table: slow})
        assert world.run().failures == 0

    def test_an_index_that_takes_too_long_to_match_fails_alone(self) -> None:
        hard = Target("a", HARD_NAME)
        world = FakeWorld(section("^a$", gsis=(section(HARD_EXPRESSION), section(".*"))))
        for target in (hard, Target("a", "aa")):
            world.add(target)
        report = world.run()
        assert [one.target for one in report.targets if one.outcome is Outcome.FAILED] == [hard]
        assert world.units(hard) == both(100)
        assert world.units(Target("a", "aa")) == world.units(A) == both(150, 100)

    def test_counts_of_a_table_that_is_gone_are_forgotten(self) -> None:
        world = FakeWorld(section(".*", num_read_checks_before_scale_down="3"))
        world.add(A, reads=10)
        world.run()
        assert world.memory.get(A).reads.low_checks == 1
        del world.tables.descriptions[A]
        world.run()
        assert world.memory.get(A).reads.low_checks == 0


def test_a_failure_of_all_targets_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    world = FakeWorld(section("^a$"))
    for code in ("ExpiredTokenException", "ExpiredTokenException", "AccessDeniedException"):
        world.tables.describe_errors["a"] = AwsError("dynamodb:DescribeTable", code)
        assert world.run().failures == 1
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [error.split(": ")[3].split(" ")[0] for error in errors] == [
        "ExpiredTokenException",
        "AccessDeniedException",
    ]


def test_the_summary_counts_the_outcomes() -> None:
    world = FakeWorld()
    world.add(B, reads=50)
    assert re.fullmatch("checked 2 targets: 1 unchanged, 1 updated", str(world.run()))
