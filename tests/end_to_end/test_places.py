"""Several regions and accounts in one process: each is checked on its own, whatever happens to the others."""

from __future__ import annotations

import json
import signal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import everywhere
from tests.end_to_end.program import IMPATIENT, Program
from tests.end_to_end.regions import ACCOUNT, BOTH, EAST, WEST, add_orders

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.emulator.place_control import PlaceControl
    from tests.emulator.request_log import LoggedRequest
    from tests.end_to_end.daemons import Daemon

ORDERS = "[table: ^orders$]\n"
HANGS = {"kind": "hang"}
DENIED = {"code": "AccessDeniedException", "status": 400}


@pytest.fixture(autouse=True)
def regions(emulator: Emulator) -> None:
    """Put a busy table into one region, and an idle one of the same name into another."""
    add_orders(emulator)


@pytest.fixture
def impatient(program: Program) -> Program:
    """Return the program with timeouts that tests can wait for."""
    return Program(program.emulator, program.folder, IMPATIENT)


def units(emulator: Emulator) -> dict[str, tuple[int, int]]:
    return {region: emulator.at(ACCOUNT, region).capacities()["orders", None] for region in (EAST, WEST)}


def lists_of(emulator: Emulator, region: str) -> list[LoggedRequest]:
    return [one for one in emulator.requests("ListTables") if one.region == region]


def test_each_region_is_scaled_by_its_own_load_and_lines_begin_with_it(
    emulator: Emulator, program: Program
) -> None:
    run = program.check(BOTH + ORDERS)
    assert (run.code, run.stderr) == (0, "")
    assert units(emulator) == {EAST: (30, 20), WEST: (20, 20)}
    assert run.line_of(f"{EAST} orders").startswith(f"INFO {EAST} orders: updated: reads 20 -> 30 (")
    assert run.line_of(f"{WEST} orders").startswith(f"INFO {WEST} orders: unchanged: reads 20 (")
    assert sorted(line.partition(", in ")[0] for line in run.log if "checked" in line) == [
        f"INFO {WEST}: checked 1 target: 1 unchanged",
        f"INFO {EAST}: checked 1 target: 1 updated",
    ]
    assert run.log[:2] == [
        "INFO Dynamic DynamoDB 3.0.0 checks 2 places once, instance default",
        f"INFO the places are {EAST}, {WEST}",
    ]


def test_one_region_in_a_list_is_as_if_it_were_the_region(emulator: Emulator, program: Program) -> None:
    """The same calls, and the same lines but for the time that the check took."""

    def run(text: str) -> tuple[list[str], list[str]]:
        seen = len(emulator.requests())
        lines = [line.partition(", in ")[0] for line in program.check(text + ORDERS, "--dry-run").log]
        return lines, [one.action for one in emulator.requests()[seen:]]

    as_list, as_region = (run(f"[global]\n{text}: {EAST}\n") for text in ("regions", "region"))
    assert as_list == as_region
    assert any(line.startswith("INFO orders: would be updated") for line in as_list[0])


def test_a_section_holds_where_it_says(emulator: Emulator, program: Program) -> None:
    run = program.check(f"{BOTH}{ORDERS}regions: {WEST}\nmin-provisioned-reads: 40\n")
    assert units(emulator) == {EAST: (20, 20), WEST: (40, 20)}
    assert f"INFO {EAST}: checked 0 targets: none matched" in {line.partition(", in ")[0] for line in run.log}


@pytest.mark.parametrize("fault", [HANGS, DENIED], ids=["hangs", "denied"])
def test_a_region_that_fails_does_not_delay_the_other(
    emulator: Emulator, program: Program, fault: dict[str, Any]
) -> None:
    emulator.add_fault(**fault, region=WEST, times=None)
    with program.start(BOTH + ORDERS) as running:
        running.wait_for(f"{EAST}: checked 1 target", count=5)
        begun = [one.started for one in lists_of(emulator, EAST)]
        assert len(lists_of(emulator, WEST)) > 0
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert units(emulator)[EAST] == (30, 20)
    waits = [(second - first).total_seconds() for first, second in pairwise(begun)]
    assert waits[:4] == pytest.approx([1.0] * 4, abs=0.5)


def test_a_region_that_hangs_says_so_itself(emulator: Emulator, impatient: Program) -> None:
    emulator.add_fault(kind="hang", region=WEST, times=None)
    with impatient.start(BOTH + ORDERS) as running:
        running.wait_for(f"WARNING {WEST}: a check takes longer than check-interval 1 s: increase it")
        running.wait_for(f"ERROR {WEST} orders: failed: the description failed: TooLate: ")
        run = running.end(signal.SIGTERM)
    assert not [line for line in run.log if EAST in line and not line.startswith("INFO")]


def test_a_stop_does_not_wait_for_a_region_that_hangs(emulator: Emulator, program: Program) -> None:
    emulator.add_fault(kind="hang", region=WEST, times=None)
    with program.start(BOTH + ORDERS) as running:
        running.wait_for(f"{EAST}: checked 1 target")
        run = running.end(signal.SIGTERM, seconds=5)
    assert (run.code, run.log[-1]) == (0, "INFO stopped")


def test_a_reload_is_in_force_in_one_region_while_the_other_hangs(
    emulator: Emulator, program: Program
) -> None:
    """The region that hangs goes on by the new configuration when its check has ended."""
    emulator.add_fault(kind="hang", action="ListTables", region=WEST, times=1)
    with program.start(BOTH + ORDERS) as running:
        running.wait_for(f"{EAST}: checked 1 target", count=2)
        program.write(f"{BOTH}{ORDERS}min-provisioned-reads: 100\n")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        running.wait_for(f"INFO {EAST} orders: updated: reads 30 -> 100")
        assert not lists_of(emulator, WEST)[1:]
        emulator.clear_faults()
        running.wait_for(f"INFO {WEST} orders: updated: reads 20 -> 100")
        running.end(signal.SIGTERM)
    assert units(emulator) == {EAST: (100, 20), WEST: (100, 20)}


def test_a_reload_adds_and_removes_regions(emulator: Emulator, program: Program) -> None:
    with program.start(f"[global]\ncheck-interval: 1\n{ORDERS}") as running:
        running.wait_for("INFO checked 1 target")
        program.write(BOTH + ORDERS)
        running.send(signal.SIGHUP)
        running.wait_for(f"INFO {WEST}: checked 1 target")
        program.write(f"[global]\nregion: {WEST}\ncheck-interval: 1\n{ORDERS}")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded", count=2)
        seen = len(lists_of(emulator, EAST))
        running.wait_for("INFO checked 1 target", count=3)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert len(lists_of(emulator, EAST)) <= seen + 1, "a check of it may have been under way"


def test_a_region_is_not_changed_after_a_reload_that_removes_it(emulator: Emulator, program: Program) -> None:
    """Its check is under way by the old configuration."""
    emulator.add_fault(kind="hang", action="GetMetricData", region=WEST, times=1)
    emulator.at(ACCOUNT, WEST).put_metrics("orders", consumed_reads=19, consumed_writes=10)
    with program.start(BOTH + ORDERS) as running:
        running.wait_for(f"{EAST}: checked 1 target")
        program.write(f"[global]\nregions: {EAST}, eu-central-1\n{ORDERS}")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        emulator.clear_faults()
        running.wait_for(f"{WEST}: checked")
        running.end(signal.SIGTERM)
    assert units(emulator)[WEST] == (20, 20)


def test_a_run_of_several_regions_fails_if_one_fails(emulator: Emulator, program: Program) -> None:
    emulator.add_fault(**DENIED, region=WEST, times=None)
    run = program.check(BOTH + everywhere(with_indexes=False))
    assert run.code == 1
    assert units(emulator)[EAST] == (30, 20)


def test_json_lines_name_their_place(program: Program) -> None:
    run = program.check(BOTH + ORDERS, "--log-format", "json")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    of_checks = [line for line in lines if "event" in line]
    assert {(line["place"], line["account"], line["region"]) for line in of_checks} == {
        (EAST, None, EAST),
        (WEST, None, WEST),
    }
    assert not [line for line in lines if "event" not in line and "place" in line]


def test_counts_of_a_single_region_go_on_when_another_is_added(emulator: Emulator, program: Program) -> None:
    """The state file has no place in the names of its targets."""
    low = f"{ORDERS}num-read-checks-before-scale-down: 2\nreads-lower-threshold: 80\n"
    state = program.folder / "state.json"
    emulator.at(ACCOUNT, EAST).put_metrics("orders", consumed_reads=1, consumed_writes=10)
    flags = ("--state-file", str(state))
    program.check(low, *flags)
    program.check(BOTH + low, *flags)
    assert units(emulator) == {EAST: (10, 20), WEST: (20, 20)}
    program.check(low, *flags, "--region", WEST)
    assert units(emulator) == {EAST: (10, 20), WEST: (10, 20)}
    assert {key: [*names] for key, names in json.loads(state.read_text())["regions"].items()} == {
        EAST: ["orders"],
        WEST: ["orders"],
    }


PRODUCTION = "111122223333"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/scaling"
ACCOUNTS = f"""\
[global]
check-interval: 1
state-file: state.json
[account: production]
role-arn: {ROLE}
external-id: example
regions: {EAST}
[account: own]
regions: {EAST}, {WEST}
"""


@pytest.fixture
def production(emulator: Emulator) -> PlaceControl:
    """Put a busy table of the same name into another account, which has a role for the program."""
    emulator.add_role(ROLE, external_id="example")
    place = emulator.at(PRODUCTION, EAST)
    place.add_table("orders", reads=40, writes=40)
    place.put_metrics("orders", consumed_reads=39, consumed_writes=20)
    return place


def test_each_account_is_scaled_with_its_own_credentials(
    emulator: Emulator, program: Program, production: PlaceControl
) -> None:
    run = program.check(ACCOUNTS + ORDERS)
    assert (run.code, run.stderr) == (0, "")
    assert production.capacities()["orders", None] == (60, 40)
    assert units(emulator) == {EAST: (30, 20), WEST: (20, 20)}
    assert run.line_of("production/us-east-1 orders").startswith("INFO production/us-east-1 orders: updated")
    assert run.line_of("own/eu-west-1 orders").startswith("INFO own/eu-west-1 orders: unchanged")
    assert {one.account for one in emulator.requests("UpdateTable")} == {PRODUCTION, ACCOUNT}
    assert [one.action for one in emulator.requests() if one.service == "sts"].count("AssumeRole") == 1
    state = json.loads((program.folder / "state.json").read_text())
    assert set(state["regions"]) == {f"{PRODUCTION}/{EAST}", f"{ACCOUNT}/{EAST}", f"{ACCOUNT}/{WEST}"}


def test_a_role_that_may_not_be_assumed_is_a_sentence_and_the_other_places_go_on(
    emulator: Emulator, program: Program, production: PlaceControl
) -> None:
    emulator.remove_role(ROLE)
    run = program.check(ACCOUNTS + ORDERS)
    assert run.code == 1
    (fault,) = [line for line in run.log if line.startswith("ERROR")]
    assert fault.startswith(f"ERROR production/us-east-1: nothing can be checked: could not assume {ROLE}: ")
    assert "is not authorized to perform: sts:AssumeRole" in fault
    assert "--print-iam-policy" in fault
    assert units(emulator) == {EAST: (30, 20), WEST: (20, 20)}
    assert production.capacities()["orders", None] == (40, 40)
    assert {one.account for one in emulator.requests()} == {ACCOUNT}
    calls = [one.region for one in emulator.requests("ListTables")]
    assert sorted(calls) == [WEST, EAST], "nothing is asked in place of production"


def test_a_role_that_works_again_is_used_in_the_next_check(
    emulator: Emulator, program: Program, production: PlaceControl
) -> None:
    emulator.remove_role(ROLE)
    with program.start(ACCOUNTS + ORDERS) as running:
        running.wait_for("production/us-east-1: checked 0 targets: nothing could be checked", count=2)
        emulator.add_role(ROLE, external_id="example")
        running.wait_for("INFO production/us-east-1 orders: updated: reads 40 -> 60")
        running.wait_for(
            "INFO recovered from: production/us-east-1: nothing can be checked: could not assume"
        )
        assert running.end(signal.SIGTERM).code == 0
    assert production.capacities()["orders", None] == (60, 40)


def test_the_own_account_is_not_scaled_twice(emulator: Emulator, program: Program) -> None:
    """Only STS knows that the program's own account is that of the role."""
    role = f"arn:aws:iam::{ACCOUNT}:role/scaling"
    emulator.add_role(role)
    run = program.check(
        f"[account: a]\nrole-arn: {role}\nregions: {EAST}\n[account: own]\nregions: {EAST}\n{ORDERS}"
    )
    assert run.code == 1
    (fault,) = [line for line in run.log if line.startswith("ERROR")]
    assert fault.startswith("ERROR own/us-east-1: nothing can be checked: ")
    assert f"the program's own account is {ACCOUNT}" in fault
    assert len(emulator.requests("UpdateTable")) == 1


@pytest.mark.usefixtures("production")
def test_a_topic_gets_messages_of_all_places_and_of_a_role_that_cannot_be_assumed(
    emulator: Emulator, program: Program
) -> None:
    """The program's own credentials publish to a topic that is not in the account of a role."""
    topic = emulator.at(ACCOUNT, WEST).add_topic("scaling")
    settings = f"sns-topic-arn: {topic}\nsns-message-types: "
    text = ACCOUNTS.replace("[global]\n", f"[global]\n{settings}failure\n") + f"{ORDERS}{settings}scale-up\n"
    program.check(text)
    emulator.remove_role(ROLE)
    with program.start(text) as running:
        running.wait_for("production/us-east-1: checked 0 targets: nothing could be checked", count=4)
        running.end(signal.SIGTERM)
    assert sorted(one["Subject"] for one in emulator.published()) == [
        "FAILURE: AccessDenied: nothing can be checked in production/us-east-1",
        "Updated provisioning for table own/us-east-1 orders",
        "Updated provisioning for table production/us-east-1 orders",
    ]
    assert {one.account for one in emulator.requests("Publish")} == {ACCOUNT}


@pytest.mark.usefixtures("production")
def test_a_place_that_fails_is_named_when_the_daemon_starts(emulator: Emulator, daemon: Daemon) -> None:
    emulator.remove_role(ROLE)
    run = daemon.start(ACCOUNTS + ORDERS)
    assert f"production/us-east-1: could not assume {ROLE}" in run.stderr + run.stdout
    daemon.wait_for("own/eu-west-1: checked 1 target")


def test_a_hanging_sts_does_not_delay_other_accounts(
    emulator: Emulator, program: Program, production: PlaceControl
) -> None:
    emulator.add_fault(kind="hang", action="AssumeRole", times=None)
    with program.start(ACCOUNTS + ORDERS) as running:
        running.wait_for("own/us-east-1: checked 1 target", count=3)
        running.wait_for("own/eu-west-1: checked 1 target", count=3)
        assert not any("production/us-east-1" in line for line in running.log[2:])
        emulator.clear_faults()
        running.wait_for("production/us-east-1 orders: updated: reads 40 -> 60")
        assert running.end(signal.SIGTERM).code == 0
    assert production.capacities()["orders", None] == (60, 40)


def test_a_reload_does_not_give_up_a_role_that_works_for_one_that_fails(
    program: Program, production: PlaceControl
) -> None:
    with program.start(ACCOUNTS + ORDERS) as running:
        running.wait_for("production/us-east-1 orders: updated: reads 40 -> 60")
        program.write((ACCOUNTS + ORDERS).replace(ROLE, f"{ROLE}-2"))
        running.send(signal.SIGHUP)
        running.wait_for(f"ERROR reload failed, keeping the old configuration: could not assume {ROLE}-2: ")
        production.put_metrics("orders", consumed_reads=59, consumed_writes=20)
        running.wait_for("production/us-east-1 orders: updated: reads 60 -> 90")
        assert running.end(signal.SIGTERM).code == 0


def test_counts_belong_to_an_account_and_not_to_its_name(
    emulator: Emulator, program: Program, production: PlaceControl
) -> None:
    """The name of an account may come to mean another one, whose counts are not those of the first."""
    other = emulator.at("444455556666", EAST)
    other.add_table("orders", reads=40, writes=40)
    for account in (production, other):
        account.put_metrics("orders", consumed_reads=20, consumed_writes=20)
    role = "arn:aws:iam::444455556666:role/scaling"
    emulator.add_role(role, external_id="example")
    text = f"{ACCOUNTS}{ORDERS}num-read-checks-before-scale-down: 3\nreads-lower-threshold: 60\n"

    def check(text: str) -> list[tuple[int, int]]:
        assert program.check(text, "--account", "production").code == 0
        return [account.capacities()["orders", None] for account in (production, other)]

    assert check(text) == check(text) == [(40, 40), (40, 40)]
    assert check(text.replace(ROLE, role)) == [(40, 40), (40, 40)]
    assert check(text) == [(20, 40), (40, 40)]


def test_no_run_is_taken_for_another_after_a_reload(program: Program) -> None:
    with program.start(BOTH + ORDERS) as running:
        running.wait_for(f"{WEST}: checked 1 target")
        program.write(f"{BOTH}{ORDERS}min-provisioned-reads: 2\n")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        running.wait_for(f"{EAST}: checked 1 target", count=3)
        run = running.end(signal.SIGTERM)
    assert not [line for line in run.log if "another run" in line]


def test_two_runs_of_one_place_warn_of_each_other(program: Program) -> None:
    with program.start(BOTH + ORDERS) as running:
        running.wait_for(f"{WEST}: checked 1 target")
        run = program.check(ORDERS, "--region", WEST)
        running.end(signal.SIGTERM)
    assert [line for line in run.warnings if line.startswith(f"another run also scales {WEST} as instance")]
