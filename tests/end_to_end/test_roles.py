"""Roles of accounts in a process that runs for long: hanging STS, short sessions, reloads, secrets."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS
from tests.end_to_end.credential_sources import write_credentials
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import IMPATIENT, Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source

BASE = "123456789012"
PRODUCTION, STAGING = "111122223333", "444455556666"
REGION = "us-east-1"
RULES = f"[default_options]\n{LIMITS}[table: ^orders$]\n"


def write_role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/scaling"


def write_accounts(external_id: str = "example") -> str:
    """Return a configuration of two accounts with roles; the id is that of production."""
    return (
        f"[global]\ncheck-interval: 1\n[account: production]\nrole-arn: {write_role(PRODUCTION)}\n"
        f"external-id: {external_id}\nregions: {REGION}\n[account: staging]\n"
        f"role-arn: {write_role(STAGING)}\nregions: {REGION}\n{RULES}"
    )


@pytest.fixture(autouse=True)
def accounts(emulator: Emulator) -> None:
    """Put a table of the same name into both accounts, and into that of the program."""
    emulator.add_role(write_role(PRODUCTION), external_id="example")
    emulator.add_role(write_role(STAGING))
    for account in (BASE, PRODUCTION, STAGING):
        place = emulator.at(account, REGION)
        place.add_table("orders", reads=20, writes=20)
        place.put_metrics("orders", consumed_reads=10, consumed_writes=10)


@pytest.fixture
def impatient(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with timeouts that tests can wait for."""
    return Program(emulator, tmp_path, IMPATIENT)


def list_services_of_the_program(emulator: Emulator) -> set[str]:
    """Return the services that were called with the program's own credentials."""
    return {one.service for one in emulator.requests() if one.account == BASE}


def count_assumed(emulator: Emulator, account: str) -> int:
    roles = [one.parameters["RoleArn"] for one in emulator.requests("AssumeRole")]
    return roles.count(write_role(account))


def test_an_account_is_checked_on_time_while_sts_hangs_for_another(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_fault(kind="hang", role=write_role(PRODUCTION), times=None)
    with program.start(write_accounts()) as running:
        running.wait_for("staging/us-east-1: checked 1 target", count=4)
        emulator.clear_faults()
        running.wait_for("INFO production/us-east-1 orders: unchanged")
        assert running.end(signal.SIGTERM).code == 0
    assert (list_services_of_the_program(emulator), count_assumed(emulator, STAGING)) == ({"sts"}, 1)


def test_sts_that_never_answers_is_a_sentence_and_nothing_else_is_called(
    emulator: Emulator, impatient: Program
) -> None:
    emulator.add_fault(kind="hang", role=write_role(PRODUCTION), times=None)
    run = impatient.check(write_accounts())
    assert run.code == 1
    (error,) = [line for line in run.log if line.startswith("ERROR")]
    assert error.startswith(
        f"ERROR production/us-east-1: nothing can be checked: could not assume {write_role(PRODUCTION)}: "
    )
    assert list_services_of_the_program(emulator) == {"sts"}
    assert [one.account for one in emulator.requests("ListTables")] == [STAGING]


def test_a_stop_does_not_wait_for_sts(emulator: Emulator, program: Program) -> None:
    emulator.add_fault(kind="hang", action="AssumeRole", times=None)
    with program.start(write_accounts()) as running:
        emulator.wait_for_requests("AssumeRole", count=2, ended=False)
        assert running.end(signal.SIGTERM, seconds=5).code == 0


def test_sessions_that_are_nearly_over_are_renewed_by_each_check(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_role(write_role(PRODUCTION), external_id="example", session_seconds=60)
    with program.start(write_accounts()) as running:
        running.wait_for("production/us-east-1: checked 1 target: 1 unchanged", count=4)
        run = running.end(signal.SIGTERM)
    assert not [line for line in run.log if not line.startswith("INFO")]
    assert count_assumed(emulator, PRODUCTION) >= 4
    assert count_assumed(emulator, STAGING) == 1


def test_a_session_that_aws_ends_is_replaced_in_the_next_check(emulator: Emulator, program: Program) -> None:
    with program.start(write_accounts()) as running:
        running.wait_for("production/us-east-1: checked 1 target: 1 unchanged")
        emulator.add_fault(
            action="ListTables", account=PRODUCTION, code="UnrecognizedClientException", status=400
        )
        running.wait_for("ERROR production/us-east-1: nothing can be checked: dynamodb:ListTables failed")
        running.wait_for("INFO recovered from: production/us-east-1: nothing can be checked")
        assert running.end(signal.SIGTERM).code == 0
    assert count_assumed(emulator, PRODUCTION) == 2


def test_a_reload_with_a_wrong_external_id_keeps_the_old_configuration(
    emulator: Emulator, program: Program
) -> None:
    with program.start(write_accounts()) as running:
        running.wait_for("production/us-east-1: checked 1 target")
        program.write(write_accounts("exmple"))
        running.send(signal.SIGHUP)
        (line,) = running.wait_for("reload failed, keeping the old configuration: ")
        assert f"could not assume {write_role(PRODUCTION)}: AccessDenied: User: " in line
        assert "with the external-id exmple: --print-iam-policy prints both)" in line
        seen = len(running.log)
        running.wait_for("production/us-east-1: checked 1 target", count=_count_checks(running.log) + 2)
        assert not [line for line in running.log[seen:] if line.startswith("ERROR")]
        emulator.add_role(write_role(PRODUCTION), external_id="exmple")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        assert running.end(signal.SIGTERM).code == 0
    assert list_services_of_the_program(emulator) == {"sts"}


def _count_checks(log: list[str], account: str = "production") -> int:
    return sum(f"{account}/us-east-1: checked 1 target" in line for line in log)


def test_a_reload_goes_on_with_the_sessions_although_sts_is_away(
    emulator: Emulator, program: Program
) -> None:
    with program.start(write_accounts()) as running:
        running.wait_for("production/us-east-1: checked 1 target")
        emulator.add_fault(action="AssumeRole", code="ServiceUnavailable", times=None)
        program.write(write_accounts() + "min-provisioned-reads: 50\n")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        running.wait_for("INFO production/us-east-1 orders: updated: reads 20 -> 50")
        running.wait_for(
            f"WARNING production/us-east-1: could not assume {write_role(PRODUCTION)}: ServiceUnavailable:"
            " The service is temporarily unavailable. Please retry.; the current credentials stay in use, and"
            " the next check tries again"
        )
        assert running.end(signal.SIGTERM).code == 0


def test_a_reload_assumes_all_roles_at_the_same_time(emulator: Emulator, program: Program) -> None:
    """Otherwise STS that hangs would delay the checks of all places by the sum of the waits."""
    with program.start(write_accounts()) as running:
        for name in ("production", "staging"):
            running.wait_for(f"{name}/us-east-1: checked 1 target")
        emulator.add_fault(kind="hang", action="AssumeRole", times=None)
        running.send(signal.SIGHUP)
        emulator.wait_for_requests("AssumeRole", count=4, ended=False)
        emulator.clear_faults()
        running.wait_for("configuration reloaded")
        assert running.end(signal.SIGTERM).code == 0


def test_checks_go_on_by_the_old_configuration_while_a_reload_waits_for_sts(
    emulator: Emulator, program: Program
) -> None:
    """The sessions are renewed at a reload; until then, and if that fails, the current ones work."""
    with program.start(write_accounts()) as running:
        running.wait_for("staging/us-east-1: checked 1 target")
        emulator.add_fault(kind="hang", action="AssumeRole", times=None)
        running.send(signal.SIGHUP)
        emulator.wait_for_requests("AssumeRole", count=4, ended=False)
        running.wait_for(
            "staging/us-east-1: checked 1 target", count=_count_checks(running.log, "staging") + 3
        )
        assert not any("configuration reloaded" in line for line in running.log)
        emulator.clear_faults()
        running.wait_for("configuration reloaded")
        assert running.end(signal.SIGTERM).code == 0


def test_a_reload_does_not_wait_for_a_role_that_has_not_worked_yet(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_fault(kind="hang", action="AssumeRole", role=write_role(PRODUCTION), times=None)
    with program.start(write_accounts()) as running:
        running.wait_for("staging/us-east-1: checked 1 target")
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        assert count_assumed(emulator, PRODUCTION) == 1, "the first attempt still hangs"
        assert running.end(signal.SIGTERM).code == 0


def test_the_regions_of_an_account_share_the_look_up_of_a_reload(
    emulator: Emulator, program: Program
) -> None:
    """One that fails is not repeated for each region either."""
    text = write_accounts().replace("check-interval: 1", "check-interval: 300")
    text = text.replace(f"regions: {REGION}", f"regions: {REGION}, eu-west-1, eu-central-1", 1)
    with program.start(text) as running:
        for region in (REGION, "eu-west-1", "eu-central-1"):
            running.wait_for(f"production/{region}: checked")
        emulator.add_fault(action="AssumeRole", code="AccessDenied", times=None)
        running.send(signal.SIGHUP)
        for region in (REGION, "eu-west-1", "eu-central-1"):
            running.wait_for(f"production/{region}: checked", count=2)
        assert running.end(signal.SIGTERM).code == 0
    assert count_assumed(emulator, PRODUCTION) == 2


def test_one_account_with_a_role_needs_no_label(emulator: Emulator, program: Program) -> None:
    run = program.check(write_accounts(), "--account", "production")
    assert (run.code, run.line_of("orders").partition(":")[0]) == (0, "INFO orders")
    assert {one.account for one in emulator.requests("ListTables")} == {PRODUCTION}
    assert set(emulator.count_requests()) == {"AssumeRole", "ListTables", "DescribeTable", "GetMetricData"}


def test_no_secret_of_a_role_is_logged(emulator: Emulator, program: Program) -> None:
    quoting = {"code": "ValidationException", "message": "signed with {token}"}
    emulator.add_fault(action="DescribeTable", account=PRODUCTION, times=None, **quoting)
    run = program.check(write_accounts(), "--log-level", "debug")
    assert (
        "ERROR production/us-east-1 orders: failed: dynamodb:DescribeTable failed: ValidationException:"
        " signed with ********"
    ) in run.log
    assumed = f"DEBUG sts:AssumeRole of {write_role(PRODUCTION)} succeeded in "
    assert [line for line in run.log if line.startswith(assumed)]
    listed = "DEBUG production/us-east-1: dynamodb:ListTables succeeded in "
    assert [line for line in run.log if line.startswith(listed)]
    secrets = emulator.issued_secrets()
    assert len(secrets) == 4, "a secret key and a token of each role"
    assert not [secret for secret in secrets if secret in f"{run.stdout}{run.stderr}"]


def test_all_accounts_share_one_look_up_of_the_programs_own_credentials(
    emulator: Emulator, impatient: Program, source: Source
) -> None:
    source.is_hanging = True
    run = impatient.check(write_accounts(), **source.as_container_endpoint)
    assert run.code == 1
    errors = sorted(line for line in run.log if line.startswith("ERROR"))
    assert [line.partition(" within ")[0] for line in errors] == [
        f"ERROR {name}/us-east-1: nothing can be checked: could not assume {write_role(account)}: no AWS"
        " credentials from the container's credentials endpoint"
        for name, account in (("production", PRODUCTION), ("staging", STAGING))
    ]
    assert (len(source.asked), emulator.requests()) == (1, [])


def test_credentials_of_the_program_that_expire_soon_are_renewed_before_the_next_session(
    emulator: Emulator, program: Program, source: Source
) -> None:
    emulator.add_role(write_role(PRODUCTION), external_id="example", session_seconds=60)
    source.answer(write_credentials("AKIDFIRST", seconds=60))
    with program.start(write_accounts(), **source.as_container_endpoint) as running:
        running.wait_for("production/us-east-1: checked 1 target")
        source.answer(write_credentials("AKIDSECOND", seconds=3600))
        wait_until(
            lambda: "AKIDSECOND" in {one.access_key for one in emulator.requests("AssumeRole")},
            "a session by the new credentials",
        )
        run = running.end(signal.SIGTERM)
    assert not [line for line in run.log if not line.startswith("INFO")]
