"""Open the places of a configuration as the program does, against the emulator."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.account import AwsAccount, open_account, start_workers
from dynamic_dynamodb.aws.credential_pool import CredentialPool
from dynamic_dynamodb.check.resilience import Timeouts, never
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator import Emulator

OTHER = "111122223333"
ROLE = f"arn:aws:iam::{OTHER}:role/scaling"
PRODUCTION = f"[account: production]\nrole-arn: {ROLE}\nexternal-id: example\nregions: {{}}\n"
TABLE = "[table: .*]\n"


@dataclass(frozen=True)
class Opened:
    """The accounts of a configuration, by the names of their places."""

    pool: CredentialPool
    accounts: dict[str, AwsAccount]

    def __getitem__(self, name: str) -> AwsAccount:
        """Return the account of a place."""
        return self.accounts[name]


@contextmanager
def open_places(
    folder: Path, text: str, *, before: Opened | None = None, timeouts: Timeouts | None = None
) -> Iterator[Opened]:
    """Yield the places of a configuration; nothing is called yet."""
    path = folder / "dynamic-dynamodb.conf"
    path.write_text(f"{text}{TABLE}", encoding="utf-8")
    configuration = load({"config": str(path)}, {})
    limits = timeouts or Timeouts()
    with start_workers() as workers:
        pool = CredentialPool(
            configuration, limits, never, observers=workers.observers, before=before.pool if before else None
        )
        yield Opened(
            pool,
            {
                place.name: open_account(configuration, workers, limits, never, place=place, pool=pool)
                for place in configuration.places
            },
        )


def check(account: AwsAccount) -> list[str] | str:
    """Return the tables that a check finds, or the sentence of its error."""
    try:
        account.prepare()
    except AwsError as error:
        return str(error)
    found = account.tables.list_tables()
    return str(found.error) if found.error else list(found.names)


def find_senders(emulator: Emulator, action: str = "ListTables") -> list[tuple[str, str]]:
    """Return the account and the region of each request, in the order of their arrival."""
    return [(one.account, one.region) for one in emulator.requests(action)]
