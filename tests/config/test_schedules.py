"""Schedules in a configuration: which options hold at a moment, and which combinations are faults."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.explain import explain, render_configuration
from dynamic_dynamodb.config.loader import examine, load
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import Target
from tests.config.files import drop_line

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import LoadResult

THURSDAY = datetime(2026, 11, 26, 22, 30, tzinfo=timezone.utc)
FRIDAY_NOON = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
SATURDAY = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
HOURS = """\
[schedule: hours]
times: Mon-Fri 07:30-20:30
time-zone: Europe/Berlin
"""
FRIDAYS = "[schedule: fridays]\ntimes: Fri\ntime-zone: Europe/Berlin\n"
BASE = "[table: ^a$]\nmin-provisioned-reads: 5\nmax-provisioned-reads: 500\nmax-provisioned-writes: 500\n"
DURING = "[table: ^a$ during: hours]\nmin-provisioned-reads: 200\n"


def judge(path: Path, text: str, now: datetime = THURSDAY) -> LoadResult:
    """Return the configuration, and what is wrong with it."""
    path.write_text(text, encoding="utf-8")
    return examine({"config": str(path)}, {}, now)


def minimums(path: Path, text: str, now: datetime) -> tuple[int, int]:
    """Return the minimum and the maximum of reads at a moment."""
    result = judge(path, text)
    assert result.faults == ()
    reads = result.configuration.sections[0].at(now).typed.capacities[Capacity.READS]
    return reads.min_provisioned, reads.max_provisioned or 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a file."""
    return tmp_path / "own.conf"


def test_options_hold_while_their_schedule_is_open(path: Path) -> None:
    text = HOURS + BASE + DURING
    assert [minimums(path, text, now) for now in (THURSDAY, FRIDAY_NOON, SATURDAY)] == [
        (5, 500),
        (200, 500),
        (5, 500),
    ]


def test_of_several_open_schedules_the_first_in_the_file_wins_option_by_option(path: Path) -> None:
    more = "[table: ^a$ during: fridays]\nmin-provisioned-reads: 300\nmax-provisioned-reads: 400\n"
    assert minimums(path, HOURS + FRIDAYS + BASE + DURING + more, FRIDAY_NOON) == (200, 400)
    assert minimums(path, HOURS + FRIDAYS + BASE + more + DURING, FRIDAY_NOON) == (300, 400)


def test_an_overlay_may_come_before_its_base(path: Path) -> None:
    assert minimums(path, DURING + HOURS + BASE, FRIDAY_NOON) == (200, 500)


def test_an_overlay_of_an_index_applies_to_that_index_alone(path: Path) -> None:
    index = "[gsi: ^i$ table: ^a$]\nmax-provisioned-reads: 9\nmax-provisioned-writes: 9\n"
    own = "[gsi: ^i$ table: ^a$ during: hours]\nmin-provisioned-reads: 7\n"
    result = judge(path, HOURS + BASE + index + own)
    (table,) = result.configuration.sections
    now = [one.at(FRIDAY_NOON).options["min_provisioned_reads"] for one in (table, *table.gsis)]
    assert (result.faults, now) == ((), [5, 7])


def test_an_overlay_overrides_default_options_and_returns_to_them(path: Path) -> None:
    text = HOURS + "[default_options]\nmin-provisioned-reads: 9\n" + BASE.replace("min-", "#min-") + DURING
    assert [minimums(path, text, now)[0] for now in (THURSDAY, FRIDAY_NOON)] == [9, 200]


def test_an_expression_may_contain_the_word_during(path: Path) -> None:
    result = judge(path, BASE.replace("^a$", "^(a|during|during_.*)$"))
    assert result.faults == ()
    assert result.configuration.warnings == ()


def test_a_section_with_overlays_can_be_pickled(path: Path) -> None:
    (section,) = judge(path, HOURS + BASE + DURING).configuration.sections
    copy = pickle.loads(pickle.dumps(section))  # noqa: S301 - what this test has made itself
    assert copy.at(FRIDAY_NOON).options == section.at(FRIDAY_NOON).options
    assert copy.at(FRIDAY_NOON).options["min_provisioned_reads"] == 200


def test_an_override_holds_while_schedules_are_open_too(path: Path) -> None:
    (section,) = judge(path, HOURS + BASE + DURING).configuration.sections
    silent = section.override({"enable_reads_autoscaling": False})
    for now in (THURSDAY, FRIDAY_NOON):
        assert not silent.at(now).typed.capacities[Capacity.READS].enable_autoscaling
    assert silent.at(FRIDAY_NOON).options["min_provisioned_reads"] == 200


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            HOURS + DURING + BASE.replace("^a$", "^users$"),
            "[table: ^a$ during: hours] has no section to overlay: add [table: ^a$]",
            id="no base",
        ),
        pytest.param(
            HOURS + DURING.replace("^a$", "^order$") + BASE.replace("^a$", "^orders$"),
            (
                "[table: ^order$ during: hours] has no section to overlay:"
                " add [table: ^order$], or did you mean [table: ^orders$]?"
            ),
            id="a misspelt base",
        ),
        pytest.param(
            HOURS + BASE + DURING.replace("hours", "hour"),
            "[table: ^a$ during: hour] names a schedule that does not exist: did you mean hours?",
            id="an unknown schedule",
        ),
        pytest.param(
            BASE + DURING,
            (
                "[table: ^a$ during: hours] names a schedule that does not exist:"
                " add [schedule: hours] with its times"
            ),
            id="no schedule",
        ),
        pytest.param(
            HOURS + BASE + "[table: ^a$ during: hours]\n",
            "[table: ^a$ during: hours] sets no option: add one, or remove the section",
            id="no options",
        ),
        pytest.param(
            HOURS + BASE + DURING + "[table : ^a$  during: hours]\nmax-provisioned-reads: 9\n",
            (
                "section [table : ^a$  during: hours] is defined twice,"
                " first as [table: ^a$ during: hours]: keep one"
            ),
            id="twice",
        ),
        pytest.param(
            "[schedule: hours]\ntime-zone: UTC\n" + BASE + DURING,
            "[schedule: hours] has no times: add some, such as times: Mon-Fri 07:30-20:30",
            id="no times",
        ),
        pytest.param(
            HOURS.replace("Mon-Fri 07:30-20:30", "Mon-Fry 07:30-20:30") + BASE + DURING,
            (
                "[schedule: hours] times must be times such as Mon-Fri 07:30-20:30, Dec 24-26 or"
                " 2026-11-27..2026-11-30, got 'Mon-Fry 07:30-20:30'"
            ),
            id="no day",
        ),
        pytest.param(
            HOURS.replace("Europe/Berlin", "Europe/Berln") + BASE + DURING,
            (
                "[schedule: hours] time-zone must be an IANA time zone such as Europe/Berlin,"
                " got 'Europe/Berln': did you mean Europe/Berlin?"
            ),
            id="a misspelt zone",
        ),
        pytest.param(
            HOURS.replace("Europe/Berlin", "New York") + BASE + DURING,
            (
                "[schedule: hours] time-zone must be an IANA time zone such as Europe/Berlin,"
                " got 'New York': did you mean America/New_York?"
            ),
            id="a city",
        ),
        pytest.param(
            HOURS.replace("Europe/Berlin", "Europe") + BASE + DURING,
            "[schedule: hours] time-zone must be an IANA time zone such as Europe/Berlin, got 'Europe'",
            id="a continent",
        ),
        pytest.param(
            HOURS.replace("time-zone", "timezone") + BASE + DURING,
            "[schedule: hours] has no option 'timezone': did you mean time-zone?",
            id="a misspelt option",
        ),
        pytest.param(
            HOURS + BASE + DURING + "max-provisioned-reads: 100\n",
            (
                "[table: ^a$] while hours is open (from Fri 2026-11-27 07:30 Europe/Berlin):"
                " min-provisioned-reads 200 is above max-provisioned-reads 100:"
                " lower the minimum or raise the maximum"
            ),
            id="minimum over maximum",
        ),
        pytest.param(
            HOURS + FRIDAYS + BASE + DURING + "[table: ^a$ during: fridays]\nmax-provisioned-reads: 100\n",
            (
                "[table: ^a$] while hours and fridays are open (from Fri 2026-11-27 07:30 Europe/Berlin):"
                " min-provisioned-reads 200 is above max-provisioned-reads 100:"
                " lower the minimum or raise the maximum"
            ),
            id="minimum over maximum on Fridays only",
        ),
        pytest.param(
            HOURS
            + "[schedule: always]\ntimes: *\n"
            + BASE
            + "[table: ^a$ during: always]\nmin-provisioned-reads: 300\n"
            + DURING,
            (
                "[table: ^a$ during: hours] never applies: whenever it is open,"
                " [table: ^a$ during: always] sets the same options and comes first; change their order"
            ),
            id="never reached",
        ),
        pytest.param(
            "".join(f"[schedule: s{number}]\ntimes: *\n" for number in range(51)) + BASE,
            "section [schedule: s50] is one too many: use at most 50 schedules",
            id="too many schedules",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_fault(path: Path, text: str, fault: str) -> None:
    assert [drop_line(one) for one in judge(path, text).faults] == [fault]


def test_a_fault_of_one_schedule_is_not_repeated_for_sets_with_others(path: Path) -> None:
    more = "[table: ^a$ during: fridays]\nmin-provisioned-writes: 3\n"
    result = judge(path, HOURS + FRIDAYS + BASE + DURING + "max-provisioned-reads: 100\n" + more)
    assert len(result.faults) == 1


def test_a_fault_of_the_past_keeps_no_program_from_starting(path: Path) -> None:
    past = "[schedule: hours]\ntimes: 2020-01-01\n"
    result = judge(path, past + BASE + DURING + "max-provisioned-reads: 100\n")
    assert result.faults == ()
    assert result.configuration.warnings == (
        "line 1: [schedule: hours] has ended on 2020-01-01: remove it, or set new dates",
    )


def test_an_overlay_that_was_reached_before_an_event_stays_valid_during_it(path: Path) -> None:
    text = (
        "[schedule: long]\ntimes: 2026-11-01..2026-12-31\n[schedule: hours]\ntimes: 2026-10-30..2026-11-02\n"
        + BASE
        + "[table: ^a$ during: long]\nmin-provisioned-reads: 300\n"
        + DURING
    )
    assert judge(path, text).faults == ()


@pytest.mark.parametrize(
    "overlay",
    [
        pytest.param("[table: ^a$ durin: hours]\nmin-provisioned-reads: 200\n", id="a misspelt title"),
        pytest.param("[table: ^a$ during: hour]\nmin-provisioned-reads: 200\n", id="a misspelt name"),
    ],
)
def test_a_schedule_is_not_called_unused_if_a_misspelt_section_may_use_it(path: Path, overlay: str) -> None:
    result = judge(path, HOURS + BASE + overlay)
    assert len(result.faults) == 1
    assert result.configuration.warnings == ()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            HOURS + BASE,
            ("[schedule: hours] is not used: name it in a section such as [table: ^my_table$ during: hours]"),
            id="not used",
        ),
        pytest.param(
            "[schedule: hours]\ntimes: 2027-03-28 02:10-02:20\ntime-zone: Europe/Berlin\n" + BASE + DURING,
            (
                "[schedule: hours] never opens: the clock in Europe/Berlin skips its times when it changes;"
                " set other times"
            ),
            id="in a skipped hour",
        ),
        pytest.param(
            HOURS + BASE + DURING + "lookback-window-start: 5\nreads-lower-threshold: 95\n",
            (
                "[table: ^a$] while hours is open (from Fri 2026-11-27 07:30 Europe/Berlin):"
                " reads-lower-threshold 95 is not below reads-upper-threshold 90:"
                " set them apart, such as 30 and 90"
            ),
            id="thresholds",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(path: Path, text: str, warning: str) -> None:
    result = judge(path, text)
    assert result.faults == ()
    assert [drop_line(one) for one in result.configuration.warnings] == [warning]


def explain_reads(path: Path, now: datetime) -> list[str]:
    """Return the lines of --explain that are about overlays and the minimum of reads."""
    text = explain(judge(path, HOURS + BASE + DURING).configuration, Target("a"), now)
    return [
        " ".join(line.split())
        for line in text.splitlines()
        if "during" in line or "min-provisioned-reads" in line
    ]


def test_explain_shows_what_holds_at_a_moment(path: Path) -> None:
    assert explain_reads(path, FRIDAY_NOON) == [
        (
            "[table: ^a$ during: hours] is open on Fri 2026-11-27 13:00 Europe/Berlin,"
            " and closes on Fri 2026-11-27 20:31 Europe/Berlin"
        ),
        "min-provisioned-reads 200 units [table: ^a$ during: hours]",
    ]
    assert explain_reads(path, SATURDAY) == [
        (
            "[table: ^a$ during: hours] is closed on Sat 2026-11-28 13:00 Europe/Berlin,"
            " and opens on Mon 2026-11-30 07:30 Europe/Berlin"
        ),
        "min-provisioned-reads 5 units section",
    ]


def test_show_config_has_schedules_and_overlays(path: Path) -> None:
    shown = json.loads(render_configuration(judge(path, HOURS + BASE + DURING).configuration))
    assert shown["schedules"] == {
        "hours": {"times": "Mon-Fri 07:30-20:30", "time_zone": "Europe/Berlin", "return_at_once": False}
    }
    assert shown["tables"]["^a$"]["during"] == {"hours": {"min_provisioned_reads": 200}}
    assert shown["tables"]["^a$"]["min_provisioned_reads"] == 5


def test_times_may_continue_on_indented_lines(path: Path) -> None:
    text = HOURS.replace("07:30-20:30\n", "07:30-20:30\n  Sat 10:00-14:00\n") + BASE + DURING
    assert minimums(path, text, SATURDAY) == (200, 500)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-24 18:00 Europe/Berlin", datetime(2026, 12, 24, 17, tzinfo=timezone.utc)),
        ("2026-12-24 18:00", datetime(2026, 12, 24, 18, tzinfo=timezone.utc)),
        ("2026-12-24T18:00Z", datetime(2026, 12, 24, 18, tzinfo=timezone.utc)),
    ],
)
def test_at_takes_a_time_with_a_zone_or_in_utc(text: str, expected: datetime) -> None:
    options = load({"table-name": "^a$", "explain": "a", "at": text}, {}).global_options
    assert options["at"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "2026-02-30 10:00",
        "2026-12-24",
        "2026-12-24 25:00",
        "0001-01-01 00:00 Asia/Tokyo",
        "9999-12-31 23:59",
    ],
)
def test_a_time_that_cannot_be_read_is_a_fault_with_an_example(text: str) -> None:
    assert examine({"table-name": "^a$", "explain": "a", "at": text}, {}).faults == (
        f"--at must be a date and a time such as '2026-12-24 18:00 Europe/Berlin', got {text!r}",
    )


def test_at_requires_explain() -> None:
    assert examine({"table-name": "^a$", "at": "2026-12-24 18:00"}, {}).faults == ("--at requires --explain",)
