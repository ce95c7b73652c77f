"""Fixtures: the program under test, a daemon of it, and a source of credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.credential_sources import open_source
from tests.end_to_end.daemons import Daemon, end_all
from tests.end_to_end.program import IMPATIENT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.credential_sources import Source


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with an empty account."""
    return Program(emulator, tmp_path)


@pytest.fixture
def impatient(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with short timeouts and an empty account."""
    return Program(emulator, tmp_path, IMPATIENT)


@pytest.fixture
def daemon(program: Program) -> Iterator[Daemon]:
    """Yield an instance that does not run yet; a daemon that the test leaves behind is ended."""
    yield Daemon(program)
    end_all(program.folder)


@pytest.fixture
def source() -> Iterator[Source]:
    """Yield a server in place of a source of credentials, which refuses them at first."""
    with open_source() as opened:
        yield opened
