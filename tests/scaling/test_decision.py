"""Decisions follow the rules, and their reasons contain the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dynamic_dynamodb.scaling.memory import NO_MEMORY, Memory, note_changes, note_decision
from dynamic_dynamodb.scaling.model import Usage
from dynamic_dynamodb.scaling.reasons import Code
from tests.builders import NOW, both, decide_with, low_checks, usage

SCALE = {"increase_consumed_reads_scale": "{50: 10, 80: 30}"}
THROTTLED_SCALE = {"increase_throttled_by_provisioned_reads_scale": "{1: 20}"}


@pytest.mark.parametrize(
    ("texts", "reads", "provisioned", "proposed", "code", "sentence"),
    [
        pytest.param(
            {},
            usage(95),
            100,
            150,
            Code.CONSUMED_ABOVE_THRESHOLD,
            "95 % consumed is above reads-upper-threshold 90 %: up by 50 percent",
            id="above the upper threshold",
        ),
        pytest.param(
            {},
            usage(90),
            100,
            100,
            Code.STEADY,
            "90 % consumed is within the thresholds 30 % and 90 %",
            id="at a threshold nothing happens",
        ),
        pytest.param(
            {"enable_reads_up_scaling": "no"},
            usage(95),
            100,
            100,
            Code.UP_SCALING_OFF,
            "95 % consumed is above reads-upper-threshold 90 %, but enable-reads-up-scaling is off",
            id="up-scaling off",
        ),
        pytest.param(
            {},
            usage(10),
            100,
            50,
            Code.CONSUMED_BELOW_THRESHOLD,
            "10 % consumed is below reads-lower-threshold 30 %: down by 50 percent",
            id="below the lower threshold",
        ),
        pytest.param(
            SCALE,
            usage(60),
            100,
            110,
            Code.CONSUMED_SCALE,
            "60 % consumed: up by 10 percent",
            id="a scale instead of the threshold",
        ),
        pytest.param(
            SCALE, usage(40), 100, 100, Code.STEADY, "40 % consumed needs no change", id="below all keys"
        ),
        pytest.param(
            {"decrease_consumed_reads_scale": "{30: 20, 20: 40}"},
            usage(20),
            100,
            60,
            Code.DECREASE_SCALE,
            "20 % consumed: down by 40 percent",
            id="a decrease scale",
        ),
        pytest.param(
            {"throttled_reads_upper_threshold": "10"},
            usage(50, 20),
            100,
            150,
            Code.THROTTLED_COUNT,
            "20 throttled events are more than throttled-reads-upper-threshold 10: up by 50 percent",
            id="throttled events",
        ),
        pytest.param(
            THROTTLED_SCALE,
            usage(50, 300),
            100,
            120,
            Code.THROTTLED_BY_PROVISIONED,
            "throttled events are 1 % of provisioned units: up by 20 percent",
            id="throttled by provisioned",
        ),
        pytest.param(
            {"increase_throttled_by_consumed_reads_scale": "{1: 20}"},
            usage(50, 300),
            100,
            120,
            Code.THROTTLED_BY_CONSUMED,
            "throttled events are 2 % of consumed units: up by 20 percent",
            id="throttled by consumed",
        ),
        pytest.param(
            {"throttled_reads_upper_threshold": "10", "enable_reads_up_scaling": "no"},
            usage(10, 20),
            100,
            100,
            Code.STILL_THROTTLED,
            "10 % consumed is below reads-lower-threshold 30 %,"
            " but 20 throttled events are more than throttled-reads-upper-threshold 10",
            id="never lowered while throttled",
        ),
        pytest.param(
            {},
            usage(0),
            100,
            100,
            Code.ZERO_CONSUMPTION,
            "0 % consumed is below reads-lower-threshold 30 %,"
            " but allow-scaling-down-reads-on-0-percent is off",
            id="the 0 % rule",
        ),
        pytest.param(
            {"min_provisioned_reads": "100"},
            usage(10),
            100,
            100,
            Code.AT_MINIMUM,
            "10 % consumed is below reads-lower-threshold 30 %, but it is at min-provisioned-reads 100",
            id="at the minimum",
        ),
        pytest.param(
            {"min_provisioned_reads": "120"},
            usage(50),
            100,
            120,
            Code.BELOW_MINIMUM,
            "100 is below min-provisioned-reads 120",
            id="below the minimum",
        ),
        pytest.param(
            {"max_provisioned_reads": "80"},
            usage(50),
            100,
            80,
            Code.ABOVE_MAXIMUM,
            "100 is above max-provisioned-reads 80",
            id="above the maximum",
        ),
        pytest.param(
            {"decrease_reads_with": "1"},
            usage(10, of=50),
            50,
            50,
            Code.ROUNDS_TO_NOTHING,
            "10 % consumed is below reads-lower-threshold 30 %, but 1 percent rounds down to 0 units",
            id="rounds to nothing",
        ),
        pytest.param(
            {"enable_reads_autoscaling": "no", "max_provisioned_reads": "80"},
            usage(95),
            100,
            100,
            Code.AUTOSCALING_OFF,
            "enable-reads-autoscaling is off",
            id="autoscaling off ignores the limits too",
        ),
        pytest.param(
            {"min_provisioned_reads": "120"},
            usage(None),
            100,
            100,
            Code.METRICS_UNKNOWN,
            "consumption is not known yet",
            id="unknown consumption holds",
        ),
        pytest.param(
            {"throttled_reads_upper_threshold": "10"},
            usage(None, 20),
            100,
            150,
            Code.THROTTLED_COUNT,
            "20 throttled events are more than throttled-reads-upper-threshold 10: up by 50 percent",
            id="throttles raise while consumption is unknown",
        ),
    ],
)
def test_a_rule_decides_and_gives_its_reason(  # noqa: PLR0913, PLR0917 - a case
    texts: dict[str, str], reads: Usage, provisioned: int, proposed: int, code: Code, sentence: str
) -> None:
    side = decide_with(reads, provisioned=both(provisioned, 100), **texts).capacities.reads
    reason = side.reasons[0]
    assert (side.proposed, reason.code, reason.sentence) == (proposed, code, sentence)


def test_the_largest_raise_wins_whatever_its_rule() -> None:
    decision = decide_with(
        usage(50, 300),
        throttled_reads_upper_threshold="10",
        increase_reads_with="30",
        increase_throttled_by_consumed_reads_scale="{1: 40}",
        increase_consumed_reads_scale="{0: 60}",
        **THROTTLED_SCALE,
    )
    assert decision.proposed == both(160, 100)


def test_a_raise_stops_at_the_maximum_even_below_the_consumption() -> None:
    side = decide_with(usage(300), max_provisioned_reads="120").capacities.reads
    assert side.proposed == 120
    assert [reason.code for reason in side.reasons] == [Code.CONSUMED_ABOVE_THRESHOLD, Code.CAPPED_AT_MAXIMUM]


def test_a_table_at_its_maximum_reports_what_it_would_need() -> None:
    side = decide_with(usage(95), max_provisioned_reads="100").capacities.reads
    assert side.proposed == 100
    assert [reason.code for reason in side.reasons] == [Code.CONSUMED_ABOVE_THRESHOLD, Code.CAPPED_AT_MAXIMUM]


def test_a_decrease_never_goes_below_what_is_consumed() -> None:
    side = decide_with(usage(55), reads_lower_threshold="60").capacities.reads
    assert (side.proposed, side.held_units, side.count) == (100, 50, 1)
    assert side.reasons[-1].code is Code.BELOW_CONSUMPTION
    assert side.reasons[-1].sentence == "55 units are consumed, more than 50"


class TestCounts:
    def test_decrease_waits_for_enough_low_checks(self) -> None:
        texts = {"num_read_checks_before_scale_down": "3"}
        seen = [decide_with(usage(10), counts=both(count, 0), **texts) for count in (0, 1, 2)]
        assert [(each.capacities.reads.proposed, each.capacities.reads.count) for each in seen] == [
            (100, 1),
            (100, 2),
            (50, 3),
        ]
        assert seen[0].capacities.reads.reasons[0].sentence == (
            "10 % consumed is below reads-lower-threshold 30 %:"
            " low check 1 of num-read-checks-before-scale-down 3"
        )

    @pytest.mark.parametrize(
        ("texts", "reads", "expected"),
        [
            pytest.param({}, usage(95), 0, id="a raise starts at zero"),
            pytest.param({}, usage(50), 2, id="a steady check keeps the count"),
            pytest.param({}, usage(0), 2, id="a check refused at 0 % keeps it"),
            pytest.param({"num_read_checks_reset_percent": "40"}, usage(40), 0, id="the reset percent"),
            pytest.param({"enable_reads_autoscaling": "no"}, usage(10), 0, id="autoscaling off"),
            pytest.param({"enable_reads_down_scaling": "no"}, usage(10), 2, id="down-scaling off"),
            pytest.param(
                {"throttled_reads_upper_threshold": "1", "enable_reads_up_scaling": "no"},
                usage(10, 5),
                2,
                id="a throttled check does not count",
            ),
            pytest.param({"num_read_checks_reset_percent": "1"}, usage(None), 2, id="unknown keeps it"),
        ],
    )
    def test_a_check_that_is_not_low_keeps_or_resets_the_count(
        self, texts: dict[str, str], reads: Usage, expected: int
    ) -> None:
        texts = {"num_read_checks_before_scale_down": "3", **texts}
        decision = decide_with(reads, counts=both(2, 0), **texts)
        assert note_decision(NO_MEMORY, decision).reads == Memory(expected)

    def test_an_applied_decrease_resets_the_count_and_a_held_one_does_not(self) -> None:
        texts = {"num_read_checks_before_scale_down": "3"}
        decision = decide_with(usage(10), counts=both(2, 0), **texts)
        memory = note_decision(NO_MEMORY, decision)
        assert memory == low_checks(3, 0)
        assert note_changes(memory, decision, NOW) == low_checks(0)
        held = decision.hold_decreases(decision.capacities.reads.reasons[0])
        assert note_changes(memory, held, NOW) == low_checks(3, 0)

    def test_the_count_never_grows_past_the_checks_needed(self) -> None:
        decision = decide_with(usage(10), counts=both(7, 0), num_read_checks_before_scale_down="3")
        assert decision.capacities.reads.count == 3


def test_a_burst_before_missing_minutes_is_not_extrapolated() -> None:
    late = Usage(Fraction(500), Fraction(0), Fraction(0), is_late=True, known_floor_per_second=Fraction(100))
    assert decide_with(late).proposed.reads == 150


def test_a_share_of_nothing_consumed_is_all_or_nothing() -> None:
    texts = {"increase_throttled_by_consumed_reads_scale": "{100: 20}"}
    assert decide_with(usage(0, 5), **texts).proposed.reads == 120
    assert decide_with(usage(0, 0), **texts).proposed.reads == 100


def test_percentages_are_exact() -> None:
    barely_below = Usage(Fraction(2999, 100), Fraction(0), Fraction(0))
    assert decide_with(barely_below).proposed.reads == 50
    assert decide_with(usage(30)).proposed.reads == 100
