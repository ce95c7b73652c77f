"""Commands that do not call AWS start without its libraries."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = "[table: ^orders$]\nmax-provisioned-reads: 100\nmax-provisioned-writes: 100\n"
RECORDING = "timestamp,consumed_reads\n" + "".join(
    f"2026-03-02T00:{minute:02}:00Z,60\n" for minute in range(30)
)


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param("--version", id="version"),
        pytest.param("-c a.conf --check-config", id="check-config"),
        pytest.param("-c a.conf --show-config", id="show-config"),
        pytest.param("-c a.conf --explain orders", id="explain"),
        pytest.param("-c a.conf --print-iam-policy", id="print-iam-policy"),
        pytest.param("-c a.conf --replay orders.csv --report orders.html", id="replay"),
        pytest.param("--daemon stop --pid-file-dir .", id="daemon stop"),
    ],
)
def test_commands_without_aws_do_not_import_boto3(flags: str, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(RECORDING, encoding="utf-8")
    imported = list_imports(tmp_path, "-m", "dynamic_dynamodb", *flags.split())
    assert "dynamic_dynamodb" in imported
    assert imported.isdisjoint({"boto3", "botocore", "retrying", "urllib3"})


def test_version_alone_imports_next_to_nothing(tmp_path: Path) -> None:
    imported = list_imports(tmp_path, "-m", "dynamic_dynamodb", "--version")
    imported -= list_imports(tmp_path, "-c", "pass")  # an editable installation imports some of them
    assert "dynamic_dynamodb" in imported
    assert imported.isdisjoint({"argparse", "dataclasses", "logging", "pathlib"})


def list_imports(folder: Path, *arguments: str) -> set[str]:
    """Return the top-level packages that Python imports in a run."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}
