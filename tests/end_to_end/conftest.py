"""The program under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.daemons import Daemon, end_all
from tests.end_to_end.program import IMPATIENT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator import Emulator


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Give the program and an empty account."""
    return Program(emulator, tmp_path)


@pytest.fixture
def impatient(emulator: Emulator, tmp_path: Path) -> Program:
    """Give the program with short timeouts, and an empty account."""
    return Program(emulator, tmp_path, IMPATIENT)


@pytest.fixture
def daemon(program: Program) -> Iterator[Daemon]:
    """Give an instance that does not run yet; whatever daemon the test leaves behind is ended."""
    yield Daemon(program)
    end_all(program.folder)
