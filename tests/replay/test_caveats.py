"""A comparison warns when its figures may be wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.recordings.recording import NO_GAPS, Gaps
from dynamic_dynamodb.replay.simulator.target_model import MOST_UNITS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from tests.builders import section
from tests.replay.configurations import configure, settings
from tests.replay.recordings import DAY, START, record, wave

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.recordings.recording import Recording

WRITES_MISSING = "writes were not recorded: they are left out of decisions and cost"


def warn(recording: Recording, *, physics: str = "ideal", start: str | None = None) -> list[str]:
    """Return the warnings of one target."""
    found = compare(configure(), [recording], settings(physics=physics, start=start))
    return list(found.targets[0].warnings)


def test_a_clean_recording_needs_no_warning() -> None:
    assert warn(record([60.0] * DAY, [60.0] * DAY)) == []


def test_each_reason_to_doubt_the_figures_is_a_warning() -> None:
    reads = record([60.0] * 600).sides.reads
    assert reads is not None
    recording = replace(
        record([60.0] * 600, provisioned=([5] * 600, None)),
        sides=PerCapacity(replace(reads, throttled_events=1234.0, provisioned=reads.consumed), None),
        period=5,
        gaps=PerCapacity(Gaps(90, 70, START), NO_GAPS),
        remarks=("something else",),
    )
    said = "\n".join(warn(recording, start="5,5"))
    for expected in (
        "something else",
        "1,234 read events were throttled while this was recorded: the true demand was higher",
        "writes were not recorded: they are left out of decisions and cost",
        "each row of the recording is spread evenly over its 5 minutes: shorter peaks are lost",
        "90 minutes have no datapoint and count as no load, as in CloudWatch",
        "; the longest, 70 minutes, begins 2026-03-02 00:00",
        "the recording is only 600 minutes long: a whole month may differ",
        "--start is ignored where the recording has provisioned units",
    ):
        assert expected in said


def test_a_start_above_the_maximum_is_a_warning() -> None:
    load = [60.0 * 150] * DAY
    assert warn(record(load), start="100,1") == [WRITES_MISSING]
    expected = (
        "the replay starts with 700 reads, more than max-provisioned-reads 200: until they are lowered,"
        " the replay serves more than this configuration allows"
    )
    assert warn(record(load), start="700,1") == [WRITES_MISSING, expected]


def test_rules_that_raise_forever_end_with_a_warning() -> None:
    recording = record([60.0] * 600, [60.0] * 600)
    rules = {"increase_consumed_reads_scale": "{0: 100}"}
    endless = replace(configure(), sections=(section("^orders$", lookback_window_start="5", **rules),))
    target = compare(endless, [recording], settings()).targets[0]
    assert max(target.replayed.model.reads.provisioned) <= MOST_UNITS
    said = "\n".join(target.warnings)
    assert re.search(r"reads rise to [\d,]+ units: the default quota of a table is 40,000", said)
    assert "a check failed: orders: failed: reads" in said


def test_a_recording_too_short_for_a_check_is_a_warning() -> None:
    expected = "no check was made: the recording is shorter than lookback-window-start, 5 minutes"
    assert expected in warn(record([60.0] * 5))
    assert expected not in warn(record([60.0] * 6))


def test_a_warning_about_gaps_names_the_side() -> None:
    recording = replace(record([60.0] * DAY, [60.0] * DAY), gaps=PerCapacity(NO_GAPS, Gaps(9, 9, START)))
    expected = "9 minutes have no datapoint of writes and count as no load, as in CloudWatch"
    assert warn(recording) == [expected]


def test_a_table_whose_recording_begins_after_that_of_its_index_has_not_failed() -> None:
    table = section(
        "^orders$", lookback_window_start="30", gsis=(section("by-date", lookback_window_start="5"),)
    )
    recordings = [
        record([60.0] * DAY, [60.0] * DAY, target=target)
        for target in (Target("orders"), Target("orders", "by-date"))
    ]
    found = compare(replace(configure(), sections=(table,)), recordings, settings())
    assert [target.warnings for target in found.targets] == [(), ()]


def test_a_result_that_depends_on_burst_capacity_is_a_warning() -> None:
    load = ([600.0] * 29 + [3000.0]) * (DAY // 30)
    said = [line for line in warn(record(load)) if "burst" in line]
    assert len(said) == 1
    assert re.match(
        r"burst capacity served peaks of reads: without it, up to \d+\.\d\d % would have been", said[0]
    )
    assert not [line for line in warn(record(load), physics="no-burst") if "burst" in line]


def test_a_circuit_breaker_is_assumed_to_be_closed() -> None:
    configuration = configure()
    guarded = replace(
        configuration.sections[0], circuit_breaker=CircuitBreakerOptions("http://localhost/", 5)
    )
    found = compare(replace(configuration, sections=(guarded,)), [record(wave(DAY, 1, 90))], settings())
    assert "the circuit breaker is assumed to be closed the whole time" in found.targets[0].warnings
    assert found.targets[0].rows[0].updates > 0
