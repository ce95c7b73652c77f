"""The text fits 80 columns, whatever the names are, and no control character reaches the terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dynamic_dynamodb.service.status.age import Writer, find_age
from dynamic_dynamodb.service.status.snapshot import (
    Cause,
    Change,
    CheckStatus,
    Condition,
    Direction,
    Failure,
    Mode,
    Notice,
    Status,
)
from dynamic_dynamodb.service.status.text import COLUMNS, write_details, write_header, write_table
from tests.service.status.builders import NOW, STEP, program, side, status, status_of_places, target

SOON = NOW + timedelta(seconds=14.5)
REFUSED = Failure(
    NOW - timedelta(minutes=12), 3, "AccessDeniedException", "dynamodb:DescribeTable failed: no"
)


def header(shown: Status, writer: Writer = Writer.RUNNING, seconds: float = 14.5) -> list[str]:
    now = NOW + timedelta(seconds=seconds)
    return [*write_header(shown, find_age(shown, writer, now), now)]


def test_the_header_is_a_few_lines() -> None:
    shown = status(target("a", Condition.FAILING), target("b"), target("c"))
    assert header(replace(shown, notices=(Notice("warning", "nothing matches [table: ^z$]"),))) == [
        "version 3.0.0, us-east-1, account 123456789012, configuration:",
        "  /etc/dynamic-dynamodb.conf",
        "last check 12 s ago, took 2.5 s, next in 4 min; daemon with pid 4711 for 60 min",
        "3 targets: 1 failing, 2 steady",
        "warning: nothing matches [table: ^z$]",
    ]


@pytest.mark.parametrize(
    ("shown", "writer", "seconds", "expected"),
    [
        pytest.param(
            replace(status(), program=program(dry_run=True)),
            Writer.RUNNING,
            9,
            "dry run: nothing is changed",
            id="dry run",
        ),
        pytest.param(
            status(),
            Writer.ENDED,
            10_803,
            "old: as of 3 h ago, by a process that has ended",
            id="ended",
        ),
        pytest.param(
            status(),
            Writer.ENDED,
            10_803,
            "last check 3 h ago, took 2.5 s; by pid 4711, a process that has ended",
            id="ended, below",
        ),
        pytest.param(
            status(),
            Writer.RUNNING,
            500,
            "old: as of 8 min ago; the next check was due 3 min ago",
            id="overdue",
        ),
        pytest.param(
            replace(
                status(check=CheckStatus(NOW, 2.5, complete=False, failures=0)),
                program=program(mode=Mode.ONCE),
            ),
            Writer.ENDED,
            9,
            "last check 6 s ago, took 2.5 s, ended before the rest; by pid 4711, a single run",
            id="a single run that was stopped",
        ),
        pytest.param(
            status(check=CheckStatus(NOW, 2.5, complete=False, failures=1, failing=REFUSED)),
            Writer.RUNNING,
            9,
            "nothing could be checked for 12 min (3 checks): dynamodb:DescribeTable failed:",
            id="nothing can be checked",
        ),
    ],
)
def test_the_header_says_what_a_reader_must_know(
    shown: Status, writer: Writer, seconds: float, expected: str
) -> None:
    assert expected in header(shown, writer, seconds)


def test_the_table_has_a_reason_for_each_target_that_needs_attention() -> None:
    targets = [
        target("orders", Condition.FAILING, failing=REFUSED, reads=None, writes=None),
        target(
            "orders/by-customer",
            Condition.THROTTLED,
            reads=side(95, throttled_events=12, reason="95 % consumed"),
        ),
        target("users", Condition.SKIPPED, skipped=Cause("on-demand", "billed on demand"), reads=None),
        target("a"),
    ]
    assert [*write_table(status(*targets), SOON)] == [
        "TABLE OR INDEX      READS  USED  WRITES  USED  CONDITION",
        "orders                  -     -       -     -  failing",
        "  failing for 12 min (3 checks): dynamodb:DescribeTable failed: no",
        "orders/by-customer    100  95 %     100  50 %  throttled",
        "  reads: 12 throttled events; 95 % consumed",
        "  writes: 50 % consumed is within the thresholds 30 % and 90 %",
        "users                   -     -     100  50 %  skipped",
        "a                     100  50 %     100  50 %  steady",
    ]


def test_a_target_that_the_last_check_did_not_look_at_has_its_age() -> None:
    old = target("orders/by-customer", checked=NOW - timedelta(minutes=30))
    *_, line = write_table(status(old), SOON)
    assert line.endswith("steady 30 min ago")


def test_a_long_name_has_lines_of_its_own() -> None:
    index = f"orders/{'x' * 255}"
    lines = [*write_table(status(target(index), target("a")), SOON)]
    assert max(map(len, lines)) <= COLUMNS
    assert "".join(lines[1:5]).startswith(index)
    assert lines[-1].startswith("a ")


def test_the_details_have_everything() -> None:
    change = Change(NOW - timedelta(hours=3), Direction.DOWN, 200, 100)
    one = target(
        "orders/by-customer",
        Condition.HELD,
        status="UPDATING",
        free_decreases_left=0,
        next_decrease=NOW + timedelta(hours=1),
        decided=NOW - timedelta(minutes=30),
        refusal=Cause("LimitExceededException", "no more decreases"),
        reads=side(10.5, held=50, codes=("consumed-below-threshold", "decrease-budget"), last_change=change),
        writes=side(None, throttled_events=None, codes=(), reason=None, maximum=None),
    )
    assert [*write_details([one], NOW)] == [
        "",
        "orders/by-customer: held",
        "  section       [table: .*]",
        "  reads         100 units, 10.5 consumed (10 %), 0 throttled, minimum 1, maximum",
        "                1000, not 50",
        "                10.5 % consumed is within the thresholds 30 % and 90 %",
        "                [consumed-below-threshold, decrease-budget]",
        "                low checks: 0 of 1",
        "                last change: down, 200 -> 100, 3 h ago",
        "                (2026-03-04T09:00:30+00:00)",
        "  writes        100 units, minimum 1, no maximum",
        "                low checks: 0 of 1",
        "  decreases     none left today at any time, next possible in 60 min",
        "                (2026-03-04T13:00:30+00:00)",
        "  status        UPDATING",
        "  refused       no more decreases [LimitExceededException]",
        "  checked       0 s ago (2026-03-04T12:00:30+00:00)",
        "  decided       30 min ago (2026-03-04T11:30:30+00:00)",
    ]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param(3, "  decreases     3 left today at any time", id="free ones"),
        pytest.param(0, "  decreases     none left today at any time, one possible now", id="the hourly one"),
    ],
)
def test_the_details_say_which_decreases_are_possible(left: int, expected: str) -> None:
    lines = [*write_details([target("orders", free_decreases_left=left, next_decrease=None)], NOW)]
    assert expected in lines


def test_the_details_say_that_no_option_needs_throttled_events() -> None:
    lines = [*write_details([target("orders", reads=side(10.5, throttled_events=None))], NOW)]
    assert "  reads         100 units, 10.5 consumed (10 %), throttled events not requested," in lines


def test_no_control_character_is_shown() -> None:
    odd = "\x1b[31mred\x07\n\u202e\x85\r"
    one = target(
        "orders",
        Condition.FAILING,
        section=odd,
        status=odd,
        failing=replace(REFUSED, code=odd, sentence=odd),
        refusal=Cause(odd, odd),
        reads=side(reason=odd, codes=(odd,)),
    )
    shown = replace(
        status(one),
        notices=(Notice(odd, odd),),
        program=program(version=odd, region=odd, account=odd, configuration_files=(odd,)),
    )
    lines = [*header(shown), *write_table(shown, SOON), *write_details([one], SOON)]
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if len(line) > COLUMNS] == []


def of_places(minutes_ago: float, eu: Status | None) -> Status:
    """Return the status of two places, one of them checked some minutes before the other."""
    started = NOW - timedelta(minutes=minutes_ago)
    us = status(
        target("orders", checked=started),
        check=CheckStatus(started, 2.5, complete=True, failures=1, next=started + STEP),
    )
    return status_of_places(us=us, eu=eu)


def test_each_place_has_its_own_check_in_the_header() -> None:
    denied = Failure(NOW - timedelta(minutes=12), 3, "AccessDenied", "sts:AssumeRole failed: no")
    eu = status(check=CheckStatus(NOW, 0.1, complete=False, failures=1, next=NOW + STEP, failing=denied))
    assert header(of_places(2, eu)) == [
        "version 3.0.0, 2 places, account 111111111111, configuration:",
        "  /etc/dynamic-dynamodb.conf",
        "daemon with pid 4711 for 60 min",
        "production/us-east-1: last check 2 min ago, took 2.5 s, next in 2 min, 1 failure",
        "production/eu-west-1: last check 14 s ago, took 0.1 s, next in 4 min",
        "  nothing could be checked for 12 min (3 checks): sts:AssumeRole failed: no",
        "1 target: 1 steady",
    ]


@pytest.mark.parametrize(
    ("minutes_ago", "writer", "expected"),
    [
        pytest.param(
            12,
            Writer.RUNNING,
            [
                "old: production/us-east-1: as of 12 min ago; the next check was due 7 min ago",
                "version 3.0.0, 2 places, account 111111111111, configuration:",
                "  /etc/dynamic-dynamodb.conf",
                "daemon with pid 4711 for 60 min",
                "production/us-east-1: last check 12 min ago, took 2.5 s, next was due 7 min ago,",
                "  1 failure",
                "production/eu-west-1: the first check has not ended",
                "1 target: 1 steady",
            ],
            id="one place hangs, and another has not been checked",
        ),
        pytest.param(
            12,
            Writer.ENDED,
            [
                "old: as of 12 min ago, by a process that has ended",
                "version 3.0.0, 2 places, account 111111111111, configuration:",
                "  /etc/dynamic-dynamodb.conf",
                "by pid 4711, a process that has ended",
                "production/us-east-1: last check 12 min ago, took 2.5 s, 1 failure",
                "production/eu-west-1: the first check has not ended",
                "1 target: 1 steady",
            ],
            id="the process has ended",
        ),
    ],
)
def test_each_place_that_is_old_is_named(minutes_ago: float, writer: Writer, expected: list[str]) -> None:
    assert header(of_places(minutes_ago, None), writer) == expected


def test_a_target_is_as_old_as_the_check_of_its_place() -> None:
    old = NOW - timedelta(minutes=12)
    shown = status_of_places(
        us=status(target("orders", checked=old), check=CheckStatus(old, 2.5, complete=True, failures=0)),
        eu=status(target("orders", checked=old)),
    )
    assert [*write_table(shown, SOON)] == [
        "TABLE OR INDEX               READS  USED  WRITES  USED  CONDITION",
        "production/us-east-1 orders    100  50 %     100  50 %  steady",
        "production/eu-west-1 orders    100  50 %     100  50 %  steady 12 min ago",
    ]


def test_accounts_are_named_once_with_their_ids() -> None:
    shown = status_of_places(us=status(), eu=status(), staging=None)
    assert header(shown)[2] == "accounts: production 111111111111, staging 222222222222"
