"""The reports of several places become one status in one file, which is not written for each of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.config.places import Place, Role
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Description, Target
from dynamic_dynamodb.service.status.board import StatusBoard, find_write_delay
from dynamic_dynamodb.service.status.file import StatusFile, read_status
from tests.builders import both
from tests.service.status.builders import ONLY_PLACE, OTHER_ACCOUNT, OWN_ACCOUNT, board, keeper

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.service.status.keeper import StatusKeeper
    from dynamic_dynamodb.service.status.snapshot import Status

DENIED = AwsError("sts:AssumeRole", "AccessDenied", "no")
LONG_SECONDS = 600.0


def place(name: str, account: str = "", label: str | None = None) -> Place:
    """Return a place by its name; with the id of an account, it has a role there."""
    owner, _, region = name.rpartition("/")
    role = Role(f"arn:aws:iam::{account}:role/scaling") if account else None
    return Place(region, owner, role, name if label is None else label)


def report(kept: StatusKeeper, *tables: str, account: str = OWN_ACCOUNT) -> CheckReport:
    """Return the report of a check that described tables of an account."""
    targets = (Target(one, place=kept.settings.place.label) for one in tables)
    described = (Description(one, both(5), "ACTIVE", "ACTIVE", account=account) for one in targets)
    return CheckReport(tuple(TargetReport(one.target, Outcome.SKIPPED, description=one) for one in described))


def names(seen: Status | None) -> list[str]:
    """Return the names of all targets."""
    return [str(one.target) for one in seen.targets] if seen is not None else []


@dataclass(slots=True)
class CountedFile(StatusFile):
    """A status file that keeps what is written to it."""

    written: list[Status] = field(default_factory=list)
    has_written: threading.Event = field(default_factory=threading.Event)

    def write(self, status: Status) -> None:
        """Write, and note it."""
        StatusFile.write(self, status)
        self.written.append(status)
        self.has_written.set()


@pytest.fixture
def file(tmp_path: Path) -> CountedFile:
    return CountedFile(tmp_path / "default.status")


def test_the_status_of_an_only_place_is_in_the_file_at_once(file: CountedFile) -> None:
    kept = keeper()
    shown = StatusBoard(file, (kept,), delay_seconds=LONG_SECONDS)
    kept.observe(report(kept, "orders"), 1.0)
    assert file.written == [shown.status] == [kept.status]
    assert names(file.read()) == ["orders"]


def test_places_that_end_at_the_same_time_are_written_once(file: CountedFile) -> None:
    regions = [f"region-{number}" for number in range(20)]
    keepers = tuple(keeper(place(one)) for one in regions)
    shown = StatusBoard(file, keepers, delay_seconds=LONG_SECONDS)
    threads = [threading.Thread(target=kept.observe, args=(report(kept, "orders"), 1.0)) for kept in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(shown.status) == [f"{one} orders" for one in regions]
    assert file.written == []
    shown.flush()
    shown.flush()
    assert file.written == [shown.status]
    assert file.read() == shown.status


def test_what_a_place_has_reported_is_in_the_file_soon_while_another_hangs(file: CountedFile) -> None:
    first, hanging = keeper(place("eu-west-1")), keeper(place("us-east-1"))
    StatusBoard(file, (first, hanging), delay_seconds=0.01)
    first.observe(report(first, "orders"), 1.0)
    assert file.has_written.wait(60)
    seen = read_status(file.path)
    assert names(seen) == ["eu-west-1 orders"]
    assert [(one.name, one.check is None) for one in seen.places] == [
        ("eu-west-1", False),
        ("us-east-1", True),
    ]
    assert not seen.check.complete


class FaultyFile(CountedFile):
    """A status file whose first writing fails by a fault of the program."""

    __slots__ = ()

    def write(self, status: Status) -> None:
        """Fail, and write the next time."""
        if not self.has_written.is_set():
            self.has_written.set()
            message = "a fault"
            raise ValueError(message)
        CountedFile.write(self, status)


def test_a_fault_while_writing_is_logged_and_the_next_report_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = FaultyFile(tmp_path / "default.status")
    keepers = (keeper(place("eu-west-1")), keeper(place("us-east-1")))
    shown = StatusBoard(file, keepers, delay_seconds=0.01)
    keepers[0].observe(report(keepers[0], "orders"), 1.0)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    assert "writing the status file failed: ValueError: a fault" in caplog.text
    keepers[1].observe(report(keepers[1], "orders"), 1.0)
    shown.flush()
    assert read_status(file.path) == shown.status


def test_a_later_report_is_written_too(file: CountedFile) -> None:
    keepers = (keeper(place("eu-west-1")), keeper(place("us-east-1")))
    StatusBoard(file, keepers, delay_seconds=0.01)
    for kept in keepers:
        file.has_written.clear()
        kept.observe(report(kept, "orders"), 1.0)
        assert file.has_written.wait(60)
    assert names(read_status(file.path)) == ["eu-west-1 orders", "us-east-1 orders"]


def test_a_board_that_a_reload_replaces_writes_what_it_has_and_nothing_more(file: CountedFile) -> None:
    keepers = (keeper(place("eu-west-1")), keeper(place("us-east-1")))
    old = StatusBoard(file, keepers, delay_seconds=LONG_SECONDS)
    keepers[0].observe(report(keepers[0], "orders"), 1.0)
    old.retire()
    assert len(file.written) == 1
    keepers[1].observe(report(keepers[1], "orders"), 1.0)
    old.flush()
    assert len(file.written) == 1


def test_a_check_that_ends_after_a_reload_is_in_the_status_of_the_new_configuration(tmp_path: Path) -> None:
    path = tmp_path / "default.status"
    places = (place("eu-west-1"), place("us-east-1"))
    before = [keeper(one) for one in places]
    old = board(path, *before, delay_seconds=LONG_SECONDS)
    before[0].observe(report(before[0], "orders"), 1.0)
    after = [keeper(one) for one in places]
    new = board(path, *after, delay_seconds=LONG_SECONDS)
    old.retire()
    new.continue_from(old)
    assert names(new.status) == ["eu-west-1 orders"]
    before[1].observe(report(before[1], "users"), 1.0)
    after[1].continue_from(before[1])
    assert names(new.status) == ["eu-west-1 orders", "us-east-1 users"]
    new.flush()
    assert read_status(path) == new.status


def test_an_older_status_never_replaces_a_newer_one(tmp_path: Path) -> None:
    old, new = keeper(), keeper()
    board(tmp_path / "old.status", old)
    board(tmp_path / "new.status", new)
    old.observe(report(old, "orders"), 3600.0)
    new.observe(report(new, "users"), 1.0)
    new.continue_from(old)
    assert names(new.status) == ["users"]


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        pytest.param([ONLY_PLACE], [ONLY_PLACE], ["orders"], id="one place"),
        pytest.param(
            [ONLY_PLACE], [place("us-east-1"), place("eu-west-1")], ["us-east-1 orders"], id="a region more"
        ),
        pytest.param([place("us-east-1"), place("eu-west-1")], [ONLY_PLACE], ["orders"], id="a region less"),
        pytest.param(
            [ONLY_PLACE],
            [place("other/us-east-1", OTHER_ACCOUNT), place("own/us-east-1", OWN_ACCOUNT)],
            ["own/us-east-1 orders"],
            id="accounts, by their roles",
        ),
        pytest.param(
            [ONLY_PLACE],
            [place("other/us-east-1", OTHER_ACCOUNT), place("own/us-east-1")],
            ["own/us-east-1 orders"],
            id="accounts, one of them the program's own",
        ),
        pytest.param([ONLY_PLACE], [Place("eu-west-1")], [], id="another region"),
        pytest.param(
            [ONLY_PLACE],
            [place("us-east-1", OTHER_ACCOUNT, label="")],
            [],
            id="the same region of another account",
        ),
        pytest.param(
            [place("a/us-east-1", OWN_ACCOUNT), place("b/us-east-1", OTHER_ACCOUNT)],
            [place("c/us-east-1", OTHER_ACCOUNT), place("a/us-east-1", OWN_ACCOUNT)],
            ["c/us-east-1 orders", "a/us-east-1 orders"],
            id="an account of another name",
        ),
        pytest.param(
            [place("a/us-east-1", OWN_ACCOUNT), place("b/us-east-1", OTHER_ACCOUNT)],
            [place("us-east-1", OTHER_ACCOUNT, label="")],
            ["orders"],
            id="one of two accounts",
        ),
    ],
)
def test_a_status_goes_on_where_the_region_and_the_account_are_the_same(
    before: list[Place], after: list[Place], kept: list[str], tmp_path: Path
) -> None:
    earlier = [keeper(one) for one in before]
    old = board(tmp_path / "x.status", *earlier)
    for one in earlier:
        one.observe(report(one, "orders", account=one.settings.place.owner or OWN_ACCOUNT), 1.0)
    old.flush()
    later = [keeper(one) for one in after]
    new = board(tmp_path / "x.status", *later)
    later[0].observe(CheckReport(error=DENIED), 1.0)
    assert names(new.status) == kept
    reloaded = board(tmp_path / "y.status", *(keeper(one) for one in after))
    reloaded.continue_from(old)
    assert names(reloaded.status) == kept


def test_a_status_does_not_go_on_once_the_account_turns_out_to_be_another(tmp_path: Path) -> None:
    places = (place("us-east-1"), place("eu-west-1"))
    first = [keeper(one) for one in places]
    old = board(tmp_path / "x.status", *first)
    first[0].observe(report(first[0], "orders"), 1.0)
    old.flush()
    second = [keeper(one) for one in places]
    new = board(tmp_path / "x.status", *second)
    found = report(second[0], "users", account=OTHER_ACCOUNT)
    second[0].observe(CheckReport(found.targets, is_list_missing=True), 1.0)
    assert names(new.status) == ["us-east-1 users"]


def test_a_dry_run_does_not_go_on_with_the_status_of_real_changes(tmp_path: Path) -> None:
    first, second = keeper(), keeper(is_dry_run=True)
    board(tmp_path / "x.status", first)
    first.observe(report(first, "orders"), 1.0)
    board(tmp_path / "x.status", second)
    second.observe(CheckReport(error=DENIED), 1.0)
    assert names(second.status) == []


def test_conditions_of_the_program_come_before_those_of_the_places(tmp_path: Path) -> None:
    kept = keeper(place("us-east-1"))
    shown = board(tmp_path, kept, keeper(place("eu-west-1")), delay_seconds=LONG_SECONDS)
    shown.file.conditions.set("status file", "the status is not saved")
    notice = shown.file.conditions.in_force[0]
    kept.observe(CheckReport(notices=(type(notice)("slow", "us-east-1: slow"),)), 1.0)
    assert shown.status is not None
    assert [one.sentence for one in shown.status.notices] == ["the status is not saved", "us-east-1: slow"]
    assert [one.sentence for one in shown.status.places[0].notices] == ["us-east-1: slow"]
    shown.retire()


@pytest.mark.parametrize(("interval", "delay"), [(1, 0.1), (10, 1.0), (20, 2.0), (300, 2.0)])
def test_the_file_is_written_long_before_the_next_check(interval: int, delay: float) -> None:
    assert find_write_delay(interval) == pytest.approx(delay)
