"""Reading any path ends in time and with bounded memory."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dynamic_dynamodb.config.paths import MOST_BYTES, MOST_LINES
from dynamic_dynamodb.errors import ConfigurationError
from tests.builders import load_flags

TABLE = b"[table: ^a$]\nmax-provisioned-reads: 5\nmax-provisioned-writes: 5\n"


def fault_of(path: Path) -> str:
    """Return the faults of this path as a configuration."""
    with pytest.raises(ConfigurationError) as raised:
        load_flags(config=str(path))
    (fault,) = raised.value.faults
    return fault


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(TABLE)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert len(load_flags(config=f"/dev/fd/{reading}").sections) == 1
    finally:
        writer.join()
        os.close(reading)


def test_a_pipe_whose_writer_writes_nothing_times_out() -> None:
    reading, writing = os.pipe()
    try:
        assert fault_of(Path(f"/dev/fd/{reading}")) == "cannot be read: it was not complete within 5 s"
    finally:
        os.close(reading)
        os.close(writing)


def test_a_pipe_without_end_is_refused() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as pipe:
            while True:
                pipe.write(b"#" * 65536)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert fault_of(Path(f"/dev/fd/{reading}")) == "cannot be read: it is larger than 10 MB"
    finally:
        os.close(reading)
        writer.join()


@pytest.mark.parametrize(
    ("size", "why"),
    [(1 << 30, "it is larger than 10 MB"), (MOST_BYTES + 1, "it is larger than 10 MB")],
    ids=["a gigabyte", "a byte more than is allowed"],
)
def test_a_file_that_is_too_large_is_refused(tmp_path: Path, size: int, why: str) -> None:
    path = tmp_path / "large.conf"
    with path.open("wb") as file:
        file.truncate(size)
    assert fault_of(path) == f"cannot be read: {why}"


@pytest.mark.parametrize("line", [b"\n", b"\r"])
def test_a_file_of_blank_lines_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "blank.conf"
    path.write_bytes(line * (MOST_LINES + 1) + TABLE)
    assert fault_of(path) == "cannot be read: it has more than 500,000 lines"


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.conf"
    path.write_bytes(TABLE + b"#" * (MOST_BYTES - len(TABLE)))
    assert len(load_flags(config=str(path)).sections) == 1


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/dev/zero", "it is a device, not a file"),
        ("/dev/tty", "it is a device, not a file"),
        ("/", "it is a directory"),
    ],
)
def test_a_path_that_is_not_a_file_is_a_fault_at_once(path: str, why: str) -> None:
    assert fault_of(Path(path)) == f"cannot be read: {why}"
