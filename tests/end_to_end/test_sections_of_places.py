"""Sections that hold in some accounts and regions, and flags that choose from them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

OWN, PRODUCTION = "123456789012", "111122223333"
EAST, WEST = "us-east-1", "eu-west-1"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/scaling"
REGIONS = f"[global]\nregions: {EAST}, {WEST}\ncheck-interval: 1\n"
ACCOUNTS = f"""\
[account: production]
role-arn: {ROLE}
regions: {EAST}, {WEST}
[account: own]
regions: {EAST}
"""


@pytest.fixture(autouse=True)
def tables(emulator: Emulator) -> None:
    """Put a table of the same name into each place, with 20 units of which half are used."""
    emulator.add_role(ROLE)
    for account, region in ((OWN, EAST), (OWN, WEST), (PRODUCTION, EAST), (PRODUCTION, WEST)):
        place = emulator.at(account, region)
        place.add_table("orders", reads=20, writes=20)
        place.put_metrics("orders", consumed_reads=10, consumed_writes=10)


def write_table(minimum: int, **limits: str) -> str:
    lines = "".join(f"{name}: {given}\n" for name, given in limits.items())
    return f"[table: ^orders$]\n{lines}{LIMITS}min-provisioned-reads: {minimum}\n"


def reads_of(emulator: Emulator, account: str, region: str) -> int:
    return emulator.at(account, region).capacities()["orders", None][0]


def test_two_sections_of_one_title_scale_each_region_by_its_own_limits(
    emulator: Emulator, program: Program
) -> None:
    run = program.check(REGIONS + write_table(30, regions=EAST) + write_table(40, regions=WEST))
    assert (run.code, run.stderr) == (0, "")
    assert [reads_of(emulator, OWN, region) for region in (EAST, WEST)] == [30, 40]
    assert not [line for line in run.log if "nothing matches" in line]


@pytest.mark.parametrize(
    ("flags", "raised"),
    [
        pytest.param((), [40, 30, 30], id="all"),
        pytest.param(("--account", "production"), [20, 30, 30], id="an account"),
        pytest.param(("--region", EAST), [40, 30, 20], id="a region"),
        pytest.param(("--account", "production", "--region", WEST), [20, 20, 30], id="one place"),
    ],
)
def test_flags_choose_what_is_scaled(
    emulator: Emulator, program: Program, flags: tuple[str, ...], raised: list[int]
) -> None:
    text = ACCOUNTS + write_table(30, accounts="production") + write_table(40, accounts="own")
    assert program.check(text, *flags).code == 0
    places = ((OWN, EAST), (PRODUCTION, EAST), (PRODUCTION, WEST))
    assert [reads_of(emulator, *place) for place in places] == raised


def test_a_fault_of_an_account_stops_the_program_before_it_calls_aws(
    emulator: Emulator, program: Program
) -> None:
    text = ACCOUNTS.replace("role/scaling", "user/ops") + write_table(30, accounts="production")
    run = program.check(text)
    assert run.code == 2
    assert run.stderr.splitlines()[1:] == [
        (
            f"  line 2: [account: production] role-arn must be the ARN of a role such as {ROLE},"
            f" got 'arn:aws:iam::{PRODUCTION}:user/ops':"
            " this is the ARN of a user, which cannot be assumed"
        )
    ]
    assert emulator.requests() == []


def test_a_reload_names_a_place_that_is_gone_and_limits_that_are_lower_in_one(program: Program) -> None:
    with program.start(REGIONS + write_table(30, regions=EAST) + write_table(40, regions=WEST)) as running:
        running.wait_for(f"{WEST}: checked 1 target")
        program.write(REGIONS + write_table(30, regions=EAST) + write_table(35, regions=WEST))
        running.send(signal.SIGHUP)
        running.wait_for(
            "WARNING configuration reloaded; lower than before:"
            f" [table: ^orders$] min-provisioned-reads 40 -> 35 in {WEST}"
        )
        program.write(f"[global]\nregion: {EAST}\ncheck-interval: 1\n{write_table(30)}")
        running.send(signal.SIGHUP)
        running.wait_for(f"WARNING configuration reloaded; lower than before: {WEST} is gone")
        assert running.end(signal.SIGTERM).code == 0


def test_a_reload_with_an_account_that_cannot_be_read_keeps_the_old_configuration(program: Program) -> None:
    with program.start(ACCOUNTS + write_table(30)) as running:
        running.wait_for(f"own/{EAST}: checked 1 target")
        program.write(ACCOUNTS.replace(f"regions: {EAST}, {WEST}\n", "") + write_table(30))
        running.send(signal.SIGHUP)
        running.wait_for("line 1: [account: production] has no regions: add some, such as regions:")
        assert running.end(signal.SIGTERM).code == 0
