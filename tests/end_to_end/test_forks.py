"""A fork that need not free its memory ends as any other process does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.forks import Fork

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("frees_memory", [True, False])
def test_a_fork_calls_its_exit_functions_and_writes_its_log_before_it_ends(
    tmp_path: Path,
    frees_memory: bool,  # noqa: FBT001 - a column of the table
) -> None:
    fork = Fork("tests.end_to_end.leaving", (), tmp_path, dict(os.environ), frees_memory=frees_memory)
    with fork.stdout, fork.stderr:
        assert fork.wait(30) == 3
        assert (fork.stdout.read(), fork.stderr.read()) == ("an exit function\na line of the log\n", "")
