"""Run checks of the emulated account in the tests' own process, which is faster and can change the clock."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.check.resilience import Timeouts
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.service.wiring import build_check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from dynamic_dynamodb.check.check import Check
    from tests.emulator import Emulator


@contextmanager
def open_check(
    emulator: Emulator, folder: Path, environment: pytest.MonkeyPatch, configuration: str
) -> Iterator[Check]:
    """Yield a check that is run again and again, as by a daemon, and that repeats no call."""
    for name, text in emulator.environment().items():
        environment.setenv(name, text)
    path = folder / "dynamic-dynamodb.conf"
    path.write_text(configuration, encoding="utf-8")
    loaded = ConfigSources({"config": str(path)}, {}, folder).load()
    with start_workers() as workers:
        account = open_account(loaded, workers, Timeouts(most_attempts=1), lambda: False)
        account.prepare()
        yield build_check(loaded, loaded.places[0], AccountMemory(), account, lambda: False)
