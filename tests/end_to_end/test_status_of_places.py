"""The status of several regions: each has its own check, whatever happens to the others."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.daemons import wait_until
from tests.end_to_end.regions import ACCOUNT, BOTH, EAST, WEST, add_orders
from tests.end_to_end.status_answers import read, rows, state, unwrap
from tests.service.web.servers import ask, find_free_address

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program

ONE = f"[global]\nregion: {EAST}\ncheck-interval: 1\n"
ALL = "[table: .*]\nmax-provisioned-reads: 1000\nmax-provisioned-writes: 1000\n"
HANGS = {"kind": "hang", "region": WEST, "times": None}


@pytest.fixture(autouse=True)
def regions(emulator: Emulator) -> None:
    """Put a busy table into one region, and an idle one of the same name into another."""
    add_orders(emulator)


def status_of(program: Program) -> Any:
    """Return the content of the status file."""
    return json.loads((state(program) / "default.status").read_text(encoding="utf-8"))


def changes_of(content: Any) -> dict[str | None, Any]:
    """Return the last change of the reads of each target by its place."""
    return {one.get("place"): one["reads"]["last_change"] for one in content["targets"]}


def test_a_single_run_warns_of_a_status_that_cannot_be_saved(program: Program) -> None:
    path = program.write("of another program", "foreign")
    run = program.check(BOTH + ALL, "--status-file", path)
    assert [line.partition(":")[0] for line in run.warnings] == ["the status is not saved"]


def test_a_single_run_leaves_the_status_of_every_region(program: Program) -> None:
    program.check(BOTH + ALL)
    content = status_of(program)
    assert [(one["name"], one["account"], one["check"]["complete"]) for one in content["places"]] == [
        (EAST, ACCOUNT, True),
        (WEST, ACCOUNT, True),
    ]
    assert {name: change and change["units_after"] for name, change in changes_of(content).items()} == {
        EAST: 30,
        WEST: None,
    }
    run = program.run("--daemon", "status")
    assert rows(run) == [EAST, WEST]
    assert [rows(program.run("--daemon", "status", name)) for name in (WEST, f"{EAST} orders", "orders")] == [
        [WEST],
        [EAST],
        [EAST, WEST],
    ]


def test_a_status_goes_on_when_regions_are_added_and_when_one_is_left(program: Program) -> None:
    program.check(ONE + ALL)
    change = changes_of(status_of(program))[None]
    assert "places" not in status_of(program)
    program.check(BOTH + ALL)
    assert changes_of(status_of(program)) == {EAST: change, WEST: None}
    program.check(ONE + ALL)
    assert changes_of(status_of(program)) == {None: change}


def test_the_status_of_a_region_is_new_while_another_hangs(emulator: Emulator, daemon: Daemon) -> None:
    emulator.add_fault(**HANGS)
    address = find_free_address()
    daemon.must_start(BOTH + ALL, "--listen", address)
    wait_until((state(daemon.program) / "default.status").exists, "the status")
    first = status_of(daemon.program)["places"]
    assert [(one["name"], one["check"] is None) for one in first] == [(EAST, False), (WEST, True)]
    wait_until(lambda: status_of(daemon.program)["places"][0]["check"] != first[0]["check"], "a later check")
    text = daemon.control("status").stdout
    assert f"{WEST}: the first check has not ended" in text
    assert f"{EAST}: last check " in text
    ready = {
        query: ask(address, f"/readyz{query}").status for query in ("", f"?place={EAST}", f"?place={WEST}")
    }
    assert ready == {"": 200, f"?place={EAST}": 200, f"?place={WEST}": 503}
    assert ask(address, "/healthz").status == 200
    metrics = ask(address, "/metrics").body.decode()
    assert f'dynamic_dynamodb_checks_total{{place="{WEST}",result="complete"}} 0.0' in metrics
    assert f'dynamic_dynamodb_last_check_timestamp_seconds{{place="{EAST}"}}' in metrics
    assert f'dynamic_dynamodb_last_check_timestamp_seconds{{place="{WEST}"}}' not in metrics
    assert 'action="dynamodb:UpdateTable",place="us-east-1",result="success"' in metrics
    assert daemon.control("stop").code == 0
    content = read(daemon.program.run("--daemon", "status", "--format", "json"))
    assert list(content["age"]["places"]) == [EAST, WEST]
    stopped = content["status"]["places"][1]["check"]
    assert not stopped["complete"], "what the end of the program left is in the file too"


def test_a_reload_adds_a_region_to_the_status_and_removes_it_again(program: Program) -> None:
    address = find_free_address()

    def names() -> list[str | None]:
        return [one.get("place") for one in json.loads(ask(address, "/status.json").body)["targets"]]

    with program.start(ONE + ALL, "--listen", str(address)) as running:
        running.wait_for("INFO checked 1 target")
        assert names() == [None]
        program.write(BOTH + ALL)
        running.send(signal.SIGHUP)
        running.wait_for(f"INFO {WEST}: checked 1 target")
        wait_until(lambda: sorted(map(str, names())) == [WEST, EAST], "both regions")
        metrics = ask(address, "/metrics").body.decode()
        assert f'place="{WEST}",region="{WEST}",table="orders"' in metrics
        program.write(ONE + ALL)
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded", count=2)
        wait_until(lambda: names() == [None], "one region")
        metrics = ask(address, "/metrics").body.decode()
        assert "place=" not in metrics
        assert WEST not in metrics
        running.end(signal.SIGTERM)
    assert "places" not in status_of(program)


PRODUCTION = "111122223333"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/scaling"
ACCOUNTS = f"""\
[global]
check-interval: 1
[account: production]
role-arn: {ROLE}
regions: {EAST}
[account: own]
regions: {EAST}
{ALL}"""


def test_accounts_are_told_apart_by_their_ids_and_one_that_is_denied_says_so(
    program: Program,
) -> None:
    """The status of the program's own account goes on, as it was the only place before."""
    program.check(ONE + ALL)
    change = changes_of(status_of(program))[None]
    address = find_free_address()
    with program.start(ACCOUNTS, "--listen", str(address)) as running:
        running.wait_for("production/us-east-1: checked 0 targets: nothing could be checked", count=2)
        running.wait_for("own/us-east-1: checked 1 target", count=2)
        wait_until(lambda: len(status_of(program).get("places", ())) == 2, "both places")
        metrics = ask(address, "/metrics").body.decode()
        run = program.run("--daemon", "status", "own/us-east-1 orders")
        running.end(signal.SIGTERM)
    content = status_of(program)
    production, own = content["places"]
    assert (production["account"], own["account"]) == (PRODUCTION, ACCOUNT)
    assert production["check"]["failing"]["sentence"].startswith(f"could not assume {ROLE}: ")
    assert content["check"]["failing"] is None
    assert changes_of(content) == {"own/us-east-1": change}
    text = unwrap(run)
    assert f"accounts: production {PRODUCTION}, own {ACCOUNT} " in text
    assert "production/us-east-1: last check " in text
    failing = rf"nothing could be checked for \d+ s \(\d+ checks?\): could not assume {re.escape(ROLE)}: "
    assert re.search(failing, text), text
    assert rows(run) == ["own/us-east-1"]
    labels = f'account="{ACCOUNT}",capacity="reads",index="",place="own/us-east-1",region="{EAST}"'
    assert f'dynamic_dynamodb_provisioned_units{{{labels},table="orders"}} 30.0' in metrics
    failed = 'dynamic_dynamodb_checks_total{place="production/us-east-1",result="complete"} 0.0'
    assert failed in metrics
