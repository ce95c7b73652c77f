"""An unusable log file is refused at once, by --check-config and at a start."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.paths import find_log_file_fault, is_stream, within_seconds
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.log_files import LogFile, open_log_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IN_SHARED = "it is a symbolic link in a directory that other users can write to"


def fifo(path: Path) -> None:
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.mkdir()


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(path))


def link_to_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("fifo"))
    path.symlink_to("fifo")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def link_in_a_shared_directory(path: Path) -> None:
    path.symlink_to("precious")
    path.parent.chmod(0o1777)


def link_to_a_shared_directory(path: Path) -> None:
    shared = path.with_name("shared")
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "link").symlink_to(path.with_name("precious"))
    path.symlink_to("shared/link")


def link_of_another(path: Path) -> None:
    path.symlink_to("precious")
    os.chown(path, 12345, 12345, follow_symlinks=False)


def file_of_another_in_a_shared_directory(path: Path) -> None:
    path.touch()
    os.chown(path, 12345, 12345)
    path.parent.chmod(0o1777)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of a file")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(fifo, "it is a FIFO, not a file: log to stdout and pipe that instead", id="a FIFO"),
        pytest.param(link_to_fifo, "it is a FIFO", id="a link to a FIFO"),
        pytest.param(directory, "it is a directory", id="a directory"),
        pytest.param(unix_socket, "it is a socket, not a file", id="a socket"),
        pytest.param(link_to_itself, "Too many levels of symbolic links", id="a link to itself"),
        pytest.param(link_in_a_shared_directory, IN_SHARED, id="a link in a shared directory"),
        pytest.param(link_to_a_shared_directory, IN_SHARED, id="a link to a link in a shared directory"),
        pytest.param(
            link_of_another,
            "it is a symbolic link that another user owns",
            marks=needs_root,
            id="another user's link",
        ),
        pytest.param(
            file_of_another_in_a_shared_directory,
            "another user owns it, in a directory that other users can write to",
            marks=needs_root,
            id="another user's file in a shared directory",
        ),
    ],
)
def test_an_unusable_log_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    path = tmp_path / "own.log"
    make(path)
    with pytest.raises(ConfigurationError) as refused:
        open_log_file(path)
    assert str(refused.value).startswith(f"log-file {path} cannot be written: {why}")
    assert find_log_file_fault(path) == str(refused.value)
    assert not (tmp_path / "precious").exists()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no" / "own.log"
    said = f"log-file {path} cannot be written: there is no directory {path.parent}"
    assert find_log_file_fault(path) == said
    with pytest.raises(ConfigurationError) as refused:
        open_log_file(path)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/dev/null", id="/dev/null"),
        pytest.param("/dev/stderr", id="stderr"),
        pytest.param("/dev/stdout", id="stdout"),
        pytest.param("elsewhere", id="a new file"),
    ],
)
def test_a_link_to_a_writable_file_is_followed(tmp_path: Path, target: str) -> None:
    path = tmp_path / "own.log"
    path.symlink_to(target)
    assert find_log_file_fault(path) is None
    handler = open_log_file(path)
    assert (handler is None) == (target == "/dev/stdout")
    assert is_stream(path) == target.startswith("/dev/std")
    assert isinstance(handler, LogFile) == (target == "elsewhere")
    if handler is not None and target != "/dev/stderr":
        handler.close()


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_an_impossible_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        open_log_file(tmp_path / name)


def test_a_check_of_a_log_file_creates_nothing(tmp_path: Path) -> None:
    assert find_log_file_fault(tmp_path / "own.log") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_does_not_answer_times_out(tmp_path: Path) -> None:
    answer = threading.Event()
    with pytest.raises(ConfigurationError, match=r"within 0 s: check its file system"):
        within_seconds(tmp_path / "own.log", answer.wait, seconds=0.01)
    answer.set()
