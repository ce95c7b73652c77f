"""What the log says about targets: changes, failures, recoveries, and reasons that are new."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, Usage
from dynamic_dynamodb.scaling.reasons import DECREASES_LEFT_OUT, ON_DEMAND, REFUSED, Code, Reason
from dynamic_dynamodb.service.log_fields import list_fields
from dynamic_dynamodb.service.log_lines import (
    REPEAT_SECONDS,
    ChangePrices,
    CheckSummary,
    Recovery,
    SectionTargets,
    TargetLog,
    group_by_section,
)
from tests.builders import decide_with, section, usage

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.decision import Decision

A, B = Target("a"), Target("b")
INTERVAL_SECONDS = 300.0
DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
HIGH, LOW, STEADY = usage(96), usage(12), usage(50)


@dataclass
class Log:
    """A log of checks at an interval, with a letter for the level of each line."""

    shows_all: bool = False
    now: float = 0.0
    targets: TargetLog = field(default_factory=TargetLog)

    def write(self, *reports: TargetReport, check: CheckReport | None = None) -> str:
        """Log a check, and return one line for each level, such as `INFO a` or `DEBUG a`."""
        report = replace(check or CheckReport(), targets=reports)
        names = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR"}
        lines = [*self.targets.choose_lines(report, self.now, shows_all=self.shows_all)]
        self.now += INTERVAL_SECONDS
        about = [one.subject if isinstance(one.subject, Recovery) else one.subject.target for one in lines]
        return ", ".join(f"{names[line.level]} {one}" for line, one in zip(lines, about, strict=True))


def unchanged(reads: Usage = STEADY, target: Target = A, **texts: str) -> TargetReport:
    return TargetReport(
        target, Outcome.UNCHANGED, decide_with(reads, **texts), usage=PerCapacity(reads, STEADY)
    )


def hold(reason: Reason, decision: Decision | None = None) -> TargetReport:
    return TargetReport(A, Outcome.UNCHANGED, (decision or decide_with(HIGH)).hold(reason))


def failed(error: AwsError = DENIED, target: Target = A) -> TargetReport:
    return TargetReport(target, Outcome.FAILED, error=error, skipped=Reason(Code.DESCRIBE_FAILED, "no"))


UPDATED = TargetReport(A, Outcome.UPDATED, decide_with(HIGH))
CAPPED = unchanged(HIGH, max_provisioned_reads="100")
BUDGET = hold(Reason(Code.DECREASE_BUDGET, "4 decreases today"), decide_with(LOW))
STILL_THROTTLED = unchanged(
    usage(12, 1800), throttled_reads_upper_threshold="10", enable_reads_up_scaling="false"
)
REFUSED_RAISE = replace(hold(REFUSED), outcome=Outcome.FAILED, error=DENIED)
REFUSED_DECREASE = replace(
    hold(DECREASES_LEFT_OUT, decide_with(LOW)), error=AwsError("x", "LimitExceededException")
)
BREAKER = TargetReport(A, Outcome.SKIPPED, skipped=Reason(Code.CIRCUIT_BREAKER, "open"))
SKIPPED = TargetReport(A, Outcome.SKIPPED, skipped=ON_DEMAND)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        pytest.param([unchanged()] * 3, ["INFO a", "DEBUG a", "DEBUG a"], id="unchanged"),
        pytest.param(
            [unchanged(), unchanged(usage(60))], ["INFO a", "DEBUG a"], id="other figures, same reason"
        ),
        pytest.param(
            [unchanged(), unchanged(LOW, min_provisioned_reads="100"), unchanged()],
            ["INFO a", "INFO a", "INFO a"],
            id="another reason",
        ),
        pytest.param(
            [unchanged(), unchanged(usage(50, 5)), unchanged(usage(50, 9)), unchanged()],
            ["INFO a", "INFO a", "DEBUG a", "INFO a"],
            id="throttling without a rule begins and ends",
        ),
        pytest.param([UPDATED, UPDATED], ["INFO a", "INFO a"], id="a change each time"),
        pytest.param(
            [unchanged(), UPDATED, unchanged(), unchanged()], ["INFO a"] * 3 + ["DEBUG a"], id="a change"
        ),
        pytest.param([SKIPPED, SKIPPED], ["INFO a", "DEBUG a"], id="skipped"),
        pytest.param([BREAKER, BREAKER], ["WARNING a", "DEBUG a"], id="stopped by a circuit breaker"),
        pytest.param([failed(), failed()], ["ERROR a", "DEBUG a"], id="a failure that goes on"),
        pytest.param(
            [failed(), failed(AwsError("x", "InternalServerError"))],
            ["ERROR a", "ERROR a"],
            id="another failure",
        ),
        pytest.param(
            [unchanged(), failed(), unchanged(), unchanged()],
            ["INFO a", "ERROR a", "INFO recovered: a, DEBUG a", "DEBUG a"],
            id="a recovery to what was before",
        ),
        pytest.param(
            [failed(), UPDATED], ["ERROR a", "INFO recovered: a, INFO a"], id="a recovery with a change"
        ),
        pytest.param(
            [failed(), unchanged()],
            ["ERROR a", "INFO recovered: a, INFO a"],
            id="a first decision after a failure",
        ),
        pytest.param(
            [REFUSED_RAISE, REFUSED_RAISE, UPDATED],
            ["ERROR a", "DEBUG a", "INFO recovered: a, INFO a"],
            id="an update that is refused",
        ),
    ],
)
def test_a_target_is_logged_when_something_is_new(checks: list[TargetReport], expected: list[str]) -> None:
    log = Log()
    assert [log.write(one) for one in checks] == expected


@pytest.mark.parametrize(
    ("report", "level"),
    [
        pytest.param(CAPPED, "INFO", id="capped at its maximum"),
        pytest.param(STILL_THROTTLED, "INFO", id="still throttled"),
        pytest.param(unchanged(usage(50, 5)), "INFO", id="throttled without a rule"),
        pytest.param(BUDGET, "INFO", id="held by the budget of decreases"),
        pytest.param(REFUSED_DECREASE, "WARNING", id="a refused decrease"),
        pytest.param(REFUSED_RAISE, "ERROR", id="a refused raise"),
        pytest.param(BREAKER, "WARNING", id="an open circuit breaker"),
        pytest.param(failed(), "ERROR", id="a failure"),
    ],
)
def test_what_needs_attention_is_repeated_each_hour(report: TargetReport, level: str) -> None:
    log = Log()
    lines = [log.write(report) for _ in range(25)]
    hour = int(REPEAT_SECONDS / INTERVAL_SECONDS)
    assert lines == [f"{level if number % hour == 0 else 'DEBUG'} a" for number in range(25)]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(unchanged(), id="steady"),
        pytest.param(unchanged(LOW, min_provisioned_reads="100"), id="at its minimum"),
        pytest.param(unchanged(LOW, num_read_checks_before_scale_down="3"), id="waiting for checks"),
        pytest.param(SKIPPED, id="on demand"),
    ],
)
def test_what_needs_no_attention_is_not_repeated(report: TargetReport) -> None:
    log = Log()
    assert [log.write(report) for _ in range(300)] == ["INFO a", *["DEBUG a"] * 299]


def test_an_hour_may_be_a_little_short() -> None:
    log = Log()
    log.write(CAPPED)
    log.now = REPEAT_SECONDS - 5
    assert log.write(CAPPED) == "INFO a"


def test_all_targets_are_logged_at_their_own_level_if_wanted() -> None:
    log = Log(shows_all=True)
    assert [log.write(unchanged(), BREAKER, failed(target=B)) for _ in range(2)] == [
        "INFO a, WARNING a, ERROR b"
    ] * 2


def test_an_outage_of_all_targets_is_logged_once_even_if_all_are_wanted() -> None:
    log = Log(shows_all=True)
    assert [log.write(failed(), failed(target=B)) for _ in range(2)] == [
        "ERROR a, ERROR b",
        "DEBUG a, DEBUG b",
    ]
    resting = CheckReport(left_out=frozenset({Target("c")}))
    assert log.write(failed(), failed(target=B), check=resting) == "ERROR a, ERROR b"


@pytest.mark.parametrize(
    ("check", "is_kept"),
    [
        pytest.param(CheckReport(), False, id="a deleted table"),
        pytest.param(CheckReport(error=DENIED), True, id="a check that could not be made"),
        pytest.param(CheckReport(is_cut_short=True), True, id="a check that was cut short"),
        pytest.param(CheckReport(is_list_missing=True), True, id="a list that was refused"),
        pytest.param(CheckReport(left_out=frozenset({A})), True, id="a quiet target"),
    ],
)
def test_only_targets_that_may_exist_are_remembered(check: CheckReport, is_kept: bool) -> None:  # noqa: FBT001 - a column
    log = Log()
    log.write(unchanged())
    log.write(check=check)
    assert set(log.targets.said) == ({A} if is_kept else set())
    assert log.write(unchanged()) == ("DEBUG a" if is_kept else "INFO a")


def test_indexes_of_a_table_that_fails_are_remembered() -> None:
    log, index = Log(), Target("a", "by-date")
    log.write(unchanged(), unchanged(target=index))
    log.write(failed())
    assert log.write(unchanged(), unchanged(target=index)) == "INFO recovered: a, DEBUG a, DEBUG a/by-date"


def test_sections_are_listed_with_their_targets() -> None:
    many, one = section("^many"), section("^one$")
    reports = [replace(unchanged(target=Target(f"many{number}")), section=many) for number in range(1, 8)]
    reports += [replace(unchanged(target=Target("one")), section=one), failed(target=Target("odd"))]
    assert [str(each) for each in group_by_section(CheckReport(tuple(reports)))] == [
        "[table: ^many] applies to 7 targets: many1, many2, many3, many4, many5 and 2 more",
        "[table: ^one$] applies to one",
    ]
    assert str(SectionTargets("table: .*", (A, B))) == "[table: .*] applies to a, b"


def changed(outcome: Outcome, reads: Usage, table_class: str = "STANDARD") -> TargetReport:
    """Return a change of the 100 reads of a table, by 50 up or down."""
    decision = decide_with(reads, min_provisioned_reads="1")
    return TargetReport(
        A,
        outcome,
        decision,
        description=Description(A, decision.provisioned, "ACTIVE", "ACTIVE", table_class=table_class),
    )


@pytest.mark.parametrize(
    ("reports", "prices", "end"),
    [
        pytest.param(
            (changed(Outcome.WOULD_UPDATE, HIGH), changed(Outcome.WOULD_UPDATE, LOW), unchanged()),
            {},
            "; the changes add $0.0065 and save $0.0065 an hour, $4.68 and $4.68 in 30 days"
            " (prices of us-east-1, November 2024)",
            id="a raise and a decrease",
        ),
        pytest.param(
            (changed(Outcome.WOULD_UPDATE, HIGH, "STANDARD_INFREQUENT_ACCESS"),),
            {},
            "; the changes add $0.0080 and save $0.0000 an hour, $5.76 and $0.00 in 30 days"
            " (prices of us-east-1, November 2024)",
            id="a table class with prices of its own",
        ),
        pytest.param(
            (changed(Outcome.WOULD_UPDATE, HIGH),),
            {"read_capacity": 1.0},
            "; the changes add $50.0000 and save $0.0000 an hour, $36,000.00 and $0.00 in 30 days"
            " (prices of us-east-1, November 2024, and prices of --price-read-capacity)",
            id="the price of a flag",
        ),
        pytest.param((changed(Outcome.UPDATED, HIGH),), {}, "", id="no dry run"),
        pytest.param((unchanged(),), {}, "", id="no change"),
    ],
)
def test_the_summary_of_a_dry_run_has_the_cost_of_its_changes(
    reports: tuple[TargetReport, ...], prices: dict[str, float], end: str
) -> None:
    summary = CheckSummary(CheckReport(reports), 0.4, ChangePrices({**DEFAULT_DOLLARS, **prices}))
    assert str(summary).partition(", in 0.4 s")[2] == end


def test_json_has_the_cost_of_the_changes_of_every_check() -> None:
    summary = CheckSummary(CheckReport((changed(Outcome.UPDATED, HIGH), changed(Outcome.UPDATED, LOW))), 0.4)
    fields = list_fields(summary)
    assert {name: fields[name] for name in fields if name.startswith(("dollars", "prices"))} == {
        "dollars_added_hour": 0.0065,
        "dollars_saved_hour": 0.0065,
        "dollars_added_month": 4.68,
        "dollars_saved_month": 4.68,
        "prices": "prices of us-east-1, November 2024",
    }
