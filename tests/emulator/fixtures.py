"""pytest fixtures: one emulator for all tests of a session, reset for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """Start the emulator once; tests take the fixture `emulator` instead."""
    with Emulator() as started:
        yield started


@pytest.fixture
def emulator(running_emulator: Emulator) -> Iterator[Emulator]:
    """Yield the emulator with an empty account, and afterwards end all calls that hang."""
    running_emulator.reset()
    yield running_emulator
    running_emulator.clear_faults()
