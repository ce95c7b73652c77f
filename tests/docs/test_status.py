"""The page on the status shows what the program prints, and lists every key of its JSON."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import OPTIONS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.service.status.age import Writer, find_age
from dynamic_dynamodb.service.status.fold import NEAR_SHARE
from dynamic_dynamodb.service.status.selection import order
from dynamic_dynamodb.service.status.snapshot import (
    CapacityStatus,
    Change,
    CheckStatus,
    Condition,
    Failure,
    PlaceStatus,
    ProgramStatus,
    Status,
    TargetStatus,
)
from dynamic_dynamodb.service.status.text import write_header, write_table
from tests.builders import NOW, section
from tests.check.fake_world import A, B, FakeWorld, load
from tests.docs.pages import DOCS, blocks, read
from tests.service.status.builders import NOW as LAST_CHECK
from tests.service.status.builders import check, side, status, status_of_places, target

PAGE = DOCS / "watching.md"


def write_example() -> str:
    """Return what the program prints about the account of the example."""
    index = section(".*", throttled_reads_upper_threshold="20")
    world = FakeWorld(section(".*", max_provisioned_reads="1000", gsis=(index,)))
    for one in (A, B):
        del world.tables.descriptions[one]
    world.add(Target("users"), reads=95)
    world.add(Target("carts"), reads=85)
    world.add(Target("orders"), reads=50)
    world.add(Target("orders", "by-customer"), reads=50)
    reads, writes = load(50, 50)
    world.metrics.answers[Target("orders", "by-customer")] = PerCapacity(
        (reads[0], dict.fromkeys(reads[0], 3.0)), writes
    )
    world.add(Target("sessions"))
    world.tables.describe_errors["sessions"] = AwsError(
        "dynamodb:DescribeTable", "AccessDeniedException", "no"
    )
    seen, now = check(world), NOW + timedelta(seconds=14.5)
    seen = replace(seen, program=replace(seen.program, account="123456789012"))
    lines = ["dynamic-dynamodb (default): running with pid 4711"]
    lines += write_header(seen, find_age(seen, Writer.RUNNING, now), now)
    ordered = replace(seen, targets=tuple(order(seen.targets)))
    return "\n".join((*lines, "", *write_table(ordered, now), ""))


def write_example_of_places() -> str:
    """Return what the program prints about several places."""
    us = status(
        target("carts", Condition.NEAR_THRESHOLD, reads=side(85)),
        target("orders"),
    )
    since = LAST_CHECK - timedelta(minutes=40)
    code = "UnrecognizedClientException"  # as in a region that the account has not enabled
    said = "The security token included in the request is invalid."
    denied = Failure(since, 9, code, f"dynamodb:ListTables failed: {code}: {said}")
    eu = status(check=replace(us.check, seconds=0.3, complete=False, failures=1, failing=denied))
    given = {"us": us, "eu": eu, "staging": None}
    shown = status_of_places(**given)
    now = us.check.started + timedelta(seconds=14.5)
    lines = ["dynamic-dynamodb (default): running with pid 4711"]
    lines += write_header(shown, find_age(shown, Writer.RUNNING, now), now)
    return "\n".join((*lines, "", *write_table(shown, now), ""))


def test_the_page_shows_what_the_program_prints() -> None:
    assert [shown.text for shown in blocks(PAGE, "output")] == [write_example(), write_example_of_places()]


def rows_under(heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    part = re.split(r"^#+ ", read(PAGE).split(f"# {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("status", Status),
        ("program", ProgramStatus),
        ("check", CheckStatus),
        ("places", PlaceStatus),
        ("targets", TargetStatus),
        ("failing", Failure),
        ("reads, writes", CapacityStatus),
    ],
)
def test_every_key_is_on_the_page_in_its_order(heading: str, kind: type) -> None:
    assert rows_under(heading) == [one.name for one in fields(kind)]


def test_the_page_names_the_keys_of_a_change() -> None:
    (row,) = [line for line in read(PAGE).splitlines() if line.startswith("| `last_change` |")]
    assert [name for name in re.findall(r"`(\w+)`", row) if name not in ("up", "down")][1:] == [
        one.name for one in fields(Change)
    ]


def test_the_conditions_are_on_the_page_in_the_order_of_their_severity() -> None:
    assert rows_under("Which targets come first") == [one.value for one in Condition]
    assert f"consumes at least {NEAR_SHARE:.0%}".replace("%", " %") in read(PAGE)


def test_the_formats_are_those_of_the_option() -> None:
    (option,) = [one for one in OPTIONS if one.name == "format"]
    assert option.choices == ("table", "json", "csv")
