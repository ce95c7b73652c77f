"""The completion script completes flags and their values in bash."""

from __future__ import annotations

import subprocess
from importlib import resources

import pytest

SCRIPT = resources.files("dynamic_dynamodb") / "contrib" / "completion" / "dynamic-dynamodb.bash"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["--check-"], ["--check-config", "--check-interval"]),
        (["--daemon", "st"], ["start", "stop", "status"]),
        (["--log-level", "d"], ["debug"]),
    ],
)
def test_bash_completes_a_command_line(words: list[str], completed: list[str]) -> None:
    script = (
        f"{SCRIPT.read_text()}\nCOMP_WORDS=(dynamic-dynamodb {' '.join(words)}); COMP_CWORD={len(words)}\n"
        '_shtab_dynamic_dynamodb; echo "${COMPREPLY[@]}"\n'
    )
    ended = subprocess.run(["/usr/bin/env", "bash", "-c", script], capture_output=True, text=True, check=True)
    assert sorted(ended.stdout.split()) == sorted(completed)
