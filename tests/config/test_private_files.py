"""The program's own files are for their owner only, and are never opened through a symbolic link."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from io import FileIO
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.private_files import (
    create_file,
    is_same_file,
    make_private_directory,
    open_safely,
    try_lock,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_new_files_and_directories_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    make_private_directory(folder)
    make_private_directory(folder)
    with closing(FileIO(create_file(folder / "own"))):
        modes = [path.stat().st_mode & 0o777 for path in (folder, folder / "own")]
    assert modes == [0o700, 0o600]


def test_an_existing_file_is_not_created_again(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("x")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "own")


def test_a_symbolic_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "own")
    with pytest.raises(OSError, match="symbolic links") as caught:
        open_safely(tmp_path / "link", os.O_RDONLY)
    assert caught.value.errno == errno.ELOOP


def test_a_fifo_is_opened_without_waiting_for_its_other_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    os.close(open_safely(tmp_path / "fifo", os.O_RDONLY))


@pytest.mark.parametrize(
    ("is_first_shared", "is_second_shared", "is_locked"),
    [
        pytest.param(False, False, False, id="two exclusive locks"),
        pytest.param(False, True, False, id="a shared lock beside an exclusive one"),
        pytest.param(True, True, True, id="two shared locks"),
    ],
)
def test_a_lock_excludes_other_descriptors_until_it_is_closed(
    tmp_path: Path,
    is_first_shared: bool,  # noqa: FBT001 - a column of the table
    is_second_shared: bool,  # noqa: FBT001 - likewise
    is_locked: bool,  # noqa: FBT001 - likewise
) -> None:
    first = create_file(tmp_path / "lock")
    with closing(FileIO(open_safely(tmp_path / "lock", os.O_RDONLY))) as second:
        assert try_lock(first, shared=is_first_shared)
        assert try_lock(second.fileno(), shared=is_second_shared) is is_locked
        os.close(first)
        assert try_lock(second.fileno(), shared=is_second_shared)


def test_a_file_that_was_replaced_or_removed_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "own"
    with closing(FileIO(create_file(path))) as file:
        seen = [is_same_file(path, file.fileno())]
        path.unlink()
        seen.append(is_same_file(path, file.fileno()))
        path.write_text("x")
        seen.append(is_same_file(path, file.fileno()))
    assert seen == [True, False, False]
