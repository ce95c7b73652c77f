"""A running program serves the page, and the history that its charts show."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

from tests.end_to_end.account import ALL, SOON, add_busy, add_idle
from tests.end_to_end.daemons import wait_until
from tests.service.web.servers import ask, find_free_address

if TYPE_CHECKING:
    from dynamic_dynamodb.config.address import Address
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

LISTENING = "[global]\nlisten: {}\n" + ALL


def read_reads(address: Address, table: str) -> dict[str, Any] | None:
    """Return the history of the reads of a table; None if there is none."""
    answer = ask(address, f"/history.json?target={table}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    found = json.loads(answer.body)["histories"]
    return found[0]["reads"] if found else None


def test_the_history_has_what_was_consumed_of_what_was_provisioned_before(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    address = find_free_address()
    with program.start(LISTENING.format(address), "--check-interval", "300") as running:
        running.wait_for("listening")
        wait_until(lambda: read_reads(address, "busy") is not None, "the first check")
        reads = read_reads(address, "busy")
        assert running.end(signal.SIGTERM).code == 0
    assert reads is not None
    assert {name: steps[-2:] for name, steps in reads.items()} == {
        "provisioned": [None, 100],
        "consumed": [None, 95],
        "throttled": [None, None],  # not requested
    }


def test_the_history_survives_a_reload_and_deleted_tables_go(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator, "old")
    address = find_free_address()
    with program.start(LISTENING.format(address), *SOON) as running:
        running.wait_for("checked 2 targets")
        emulator.add_fault(action="DescribeTable", table="busy", code="AccessDeniedException", times=None)
        emulator.remove_table("old")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        running.wait_for("1 failed", count=2)
        wait_until(lambda: read_reads(address, "old") is None, "the end of the history of a deleted table")
        reads = read_reads(address, "busy")
        assert running.end(signal.SIGTERM).code == 0
    assert reads is not None
    assert 95 in reads["consumed"]


def test_a_status_that_a_client_has_is_not_sent_again(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator, "idle")
    emulator.add_fault(action="DescribeTable", table="idle", code="AccessDeniedException", times=None)
    address = find_free_address()
    with program.start(LISTENING.format(address), "--check-interval", "300") as running:
        running.wait_for("listening")
        wait_until(lambda: ask(address, "/status.json").status == 200, "the status after the first check")
        first = ask(address, "/status.json")
        again = ask(address, "/status.json", **{"If-None-Match": first.headers["Etag"]})
        other = ask(address, "/status.json", **{"If-None-Match": '"other"'})
        assert running.end(signal.SIGTERM).code == 0
    assert [one["table"] for one in json.loads(first.body)["targets"]] == ["idle", "busy"]
    assert (again.status, again.body) == (304, b"")
    assert (other.status, other.body) == (200, first.body)


def test_the_page_may_load_only_what_the_program_serves(program: Program) -> None:
    address = find_free_address()
    with program.start(LISTENING.format(address), *SOON) as running:
        running.wait_for("listening")
        answer = ask(address)
        paths = ("/page.css", "/page.js", "/icon.svg")
        assert [ask(address, path).status for path in paths] == [200, 200, 200]
        assert running.end(signal.SIGTERM).code == 0
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
