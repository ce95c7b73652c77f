"""The program finds the id of its own account where several accounts are scaled, and never stops for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.check.resilience import Timeouts, never
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.errors import ConfigurationError
from tests.aws.accounts import OTHER, PRODUCTION, ROLE, check, open_places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

OWN = "[account: own]\nregions: us-east-1, eu-west-1\n"
BOTH = OWN + PRODUCTION.format("us-east-1, eu-west-1")
ID = "123456789012"


@pytest.fixture(autouse=True)
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process call the emulator, with keys of the default account."""
    for name, text in emulator.environment().items():
        monkeypatch.setenv(name, text)
    emulator.add_role(ROLE, external_id="example")
    emulator.add_table("ours")


def test_the_id_of_the_own_account_is_asked_for_once(emulator: Emulator, tmp_path: Path) -> None:
    with open_places(tmp_path, BOTH) as opened, ThreadPoolExecutor(4) as threads:
        for _ in range(2):
            list(threads.map(check, opened.accounts.values()))
        ids = {name: account.account_id for name, account in opened.accounts.items()}
    assert ids == {
        "own/us-east-1": ID,
        "own/eu-west-1": ID,
        "production/us-east-1": OTHER,
        "production/eu-west-1": OTHER,
    }
    assert emulator.count_requests()["GetCallerIdentity"] == 1


@pytest.mark.parametrize("kind", ["hang", "error"])
def test_without_its_id_the_account_is_scaled_and_sts_is_left_in_peace(
    emulator: Emulator, tmp_path: Path, kind: str
) -> None:
    emulator.add_fault(kind=kind, action="GetCallerIdentity", times=None)
    with open_places(tmp_path, BOTH, timeouts=Timeouts(attempt=0.5, read=0.4)) as opened:
        account = opened["own/us-east-1"]
        assert [check(account) for _ in range(3)] == [["ours"]] * 3
        assert account.account_id == ""
        (notice,) = account.conditions.in_force
    assert notice.sentence.startswith("sts:GetCallerIdentity failed: ")
    assert notice.sentence.endswith(
        "; without the id of the program's own account, its state is kept by region alone; let the program"
        " reach STS (it is asked again in 5 minutes)"
    )
    assert emulator.count_requests()["GetCallerIdentity"] == 1


def test_a_reload_keeps_the_id_although_sts_does_not_answer_then(emulator: Emulator, tmp_path: Path) -> None:
    with open_places(tmp_path, BOTH) as old:
        check(old["own/us-east-1"])
        emulator.add_fault(action="GetCallerIdentity", code="InternalFailure", times=None)
        with open_places(tmp_path, BOTH, before=old) as new:
            account = new["own/us-east-1"]
            assert (check(account), account.account_id) == (["ours"], ID)
            assert account.conditions.in_force == ()


def test_the_own_account_is_not_checked_where_a_role_scales_the_same_tables(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.add_role(f"arn:aws:iam::{ID}:role/same")
    same = f"[account: same]\nrole-arn: arn:aws:iam::{ID}:role/same\nregions: eu-west-1\n"
    with open_places(tmp_path, OWN + same) as opened:
        found = {name: check(account) for name, account in opened.accounts.items()}
    assert found == {
        "own/us-east-1": ["ours"],
        "own/eu-west-1": (
            f"the program's own account is {ID}, whose tables in eu-west-1 are scaled as same/eu-west-1:"
            " remove the region from one of the two [account: …] sections"
        ),
        "same/eu-west-1": ["ours"],
    }


@pytest.mark.parametrize("region", ["us_east_1", "-us-east-1", "a.b"])
def test_a_region_that_cannot_exist_is_refused_before_any_call(emulator: Emulator, region: str) -> None:
    """A file with such a region has a fault; nothing else may build an address from it either."""
    configuration = load({"table-name": "x"}, {})
    with start_workers() as workers, pytest.raises(ConfigurationError, match="match a supported format"):
        open_account(configuration, workers, Timeouts(), never, place=Place(region))
    assert emulator.requests() == []
