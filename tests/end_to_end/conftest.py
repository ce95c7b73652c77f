"""The program under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Give the program and an empty account."""
    return Program(emulator, tmp_path)
