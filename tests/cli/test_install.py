"""`make install` ends with where the command is, and whether the shell finds it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("first_on_path", "flags", "said"),
    [
        pytest.param("own/bin", (), ["Installed {own}"], id="found"),
        pytest.param(
            "empty",
            (),
            [
                "Installed {own}",
                "It is not on your PATH: add this line to ~/.profile, and log in again:",
                '  export PATH="{own.parent}:$PATH"',
            ],
            id="not on the PATH",
        ),
        pytest.param(
            "other",
            (),
            ["Installed {own}", "Your PATH has another one before it: {other}"],
            id="another one comes first",
        ),
        pytest.param("empty", ("DESTDIR=/stage",), ["Installed /stage{own}"], id="for a package"),
    ],
)
def test_the_end_of_an_installation_says_whether_the_shell_finds_the_command(
    tmp_path: Path, first_on_path: str, flags: tuple[str, ...], said: list[str]
) -> None:
    own, other = tmp_path / "own/bin/dynamic-dynamodb", tmp_path / "other/dynamic-dynamodb"
    for command in (own, other):
        command.parent.mkdir(parents=True)
        command.touch(mode=0o755)
    path = f"{tmp_path / first_on_path}:/usr/bin:/bin"
    ended = subprocess.run(
        ["/usr/bin/env", "make", "--no-print-directory", "where", f"PREFIX={tmp_path / 'own'}", *flags],
        env={**os.environ, "PATH": path, "MAKEFLAGS": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines() == [line.format(own=own, other=other) for line in said]
