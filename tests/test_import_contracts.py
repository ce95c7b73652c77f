from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = "dynamic_dynamodb"
LINT_IMPORTS = (
    "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package that may be broken."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def breach(request: pytest.FixtureRequest, copy: Path) -> Iterator[Path]:
    """Add an import to a module of the copy, which may be a new one, for one test."""
    name, line = request.param
    path = copy / PACKAGE / name
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    yield copy
    path.unlink() if before is None else path.write_text(before, encoding="utf-8")


def lint_imports(folder: Path) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_contracts_hold_for_the_package_as_it_is(copy: Path) -> None:
    code, said = lint_imports(copy)
    assert (code, "0 broken" in said) == (0, True), said


@pytest.mark.parametrize(
    ("breach", "contract"),
    [
        pytest.param(("errors.py", "import botocore"), "Only aws knows boto3", id="botocore in the errors"),
        pytest.param(("check/check.py", "import retrying"), "Only aws knows boto3", id="retrying in a check"),
        pytest.param(
            ("replay/novelty.py", "import boto3"),
            "Only aws knows boto3",
            id="boto3 in a new module of a room",
        ),
        pytest.param(
            ("scaling/novelty.py", "import subprocess"),
            "Scaling is pure",
            id="subprocess in a new module of scaling",
        ),
        pytest.param(
            ("scaling/guards.py", "import time"), "Scaling is pure", id="time in a module of scaling"
        ),
        pytest.param(("options/option.py", "import os"), "Scaling is pure", id="os in the options"),
        pytest.param(
            ("check/report.py", "import logging"),
            "A check returns what it has to say",
            id="logging in a check",
        ),
        pytest.param(
            ("check/novelty.py", "import time"),
            "A check returns what it has to say",
            id="time in a new module of a check",
        ),
        pytest.param(("aws/client.py", "import logging"), "Only service logs", id="logging in aws"),
        pytest.param(
            ("replay/novelty.py", "import logging.handlers"),
            "Only service logs",
            id="logging in a new module of replay",
        ),
        pytest.param(("novelty.py", ""), "Imports go one way", id="a new module that has no place"),
        pytest.param(
            ("scaling/guards.py", "import dynamic_dynamodb.check.check"),
            "Imports go one way",
            id="scaling on a check",
        ),
        pytest.param(
            ("replay/recordings/rows.py", "import dynamic_dynamodb.replay.simulator.timeline"),
            "Replay's rooms",
            id="recordings on the simulator, above them",
        ),
        pytest.param(
            ("scaling/memory.py", "import dynamic_dynamodb.scaling.usage"),
            "No circles",
            id="two modules of scaling on each other",
        ),
        pytest.param(
            ("config/values.py", "import dynamic_dynamodb.aws.parsing"),
            "Imports go one way",
            id="config on aws, above it",
        ),
    ],
    indirect=["breach"],
)
def test_a_breach_of_the_import_contracts_is_found(breach: Path, contract: str) -> None:
    code, said = lint_imports(breach)
    broken = re.findall(r"^(.+) BROKEN\b", said, re.MULTILINE)
    assert (code, contract in broken) == (1, True), said
