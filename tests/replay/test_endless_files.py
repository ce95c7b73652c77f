"""Endless files, pipes and devices are refused at once and in little memory."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.program import ROOT
from tests.replay.files import stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MB = 1024 * 1024
HEADER = b"timestamp,consumed_reads\n"
ROW = f"{stamp(0)},1\n".encode()
FLAGS = ("-t", "^orders$", "--max-provisioned-reads", "9", "--max-provisioned-writes", "9")


def replay(path: Path) -> tuple[int, str]:
    """Replay a file with at most 1.5 GB of memory; return the exit code and the message."""
    ended = subprocess.run(
        [sys.executable, "-m", "dynamic_dynamodb", *FLAGS, "--replay", str(path), "--as", "orders"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=_limit_memory,
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1500 * MB, 1500 * MB))


def pack(*texts: bytes) -> bytes:
    """Return a gzip file with a member for each text."""
    return b"".join(map(gzip.compress, texts))


def fill(text: bytes) -> bytes:
    """Return a gzip file of a header and 2 GB of repeated text."""
    packed = gzip.compress(text * (MB // len(text)))
    return pack(HEADER) + packed * (2048 * MB // (MB // len(text) * len(text)))


TOO_LARGE = "is too large: a recording has at most 1,830 days, 2,635,201 lines and 256 MB unpacked"
BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "rows": ("orders.csv.gz", lambda: fill(ROW), TOO_LARGE),
    "blank lines": ("orders.csv.gz", lambda: fill(b"\n"), TOO_LARGE),
    "blank lines, not packed": ("orders.csv", lambda: HEADER + b"\n" * 9 * MB, TOO_LARGE),
    "wide rows": ("orders.csv.gz", lambda: fill(ROW.strip() + b" " * 9000 + b"\n"), TOO_LARGE),
    "one line": ("orders.csv.gz", lambda: fill(b"x"), "has a line of more than 65,536 characters"),
    "an open quote": ("orders.csv.gz", lambda: pack(HEADER, b'"') + fill(b"\n"), "field larger than"),
    "JSON": ("orders.json.gz", lambda: fill(b" "), "is too large: JSON has at most 128 MB unpacked"),
    "objects": (
        "orders.json.gz",
        lambda: pack(b"[", b"[]," * 30 * MB, b"[]]"),
        "more than 10,000,000 values",
    ),
    "depth": ("orders.json.gz", lambda: pack(b"[" * 50 * MB), "is not JSON"),
    "digits": ("orders.json.gz", lambda: pack(b"9" * 50 * MB), "is not JSON"),
}


@pytest.mark.parametrize(("name", "make", "expected"), BOMBS.values(), ids=BOMBS)
def test_an_endless_file_is_refused_in_little_memory(
    tmp_path: Path, name: str, make: Callable[[], bytes], expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    code, said = replay(path)
    path.unlink()
    assert code == 2
    assert expected in said


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty", None])
def test_a_pipe_or_device_is_refused_at_once(tmp_path: Path, device: str | None) -> None:
    path = tmp_path / "orders.csv"
    if device is None:
        os.mkfifo(path)
    else:
        path.symlink_to(device)
    code, said = replay(path)
    assert code == 2
    assert f"{path} is not a regular file" in said or "No such device" in said


def test_a_pipe_in_a_directory_is_named_and_does_not_block(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    os.mkfifo(folder / "orders.csv")
    ended = subprocess.run(
        [sys.executable, "-m", "dynamic_dynamodb", *FLAGS, "--replay", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert f"{folder / 'orders.csv'} is not a regular file" in ended.stderr
