"""Keep a status in a file: write it without ever holding up a check, and read what may be damaged."""

from __future__ import annotations

import errno
import threading
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.service.status.format import find_flaw, parse, render
from dynamic_dynamodb.service.whole_file import ForeignFileError, WholeFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from dynamic_dynamodb.service.status.snapshot import Status

T = TypeVar("T")

MOST_BYTES: Final = 50_000_000
"""Enough for 50,000 targets."""
WAIT_SECONDS: Final = 5.0
"""How long a check waits for the file to be written."""
_TOPIC: Final = "status file"
_LEFT_ALONE: Final = "the status is not saved: {}, and is left alone: set status-file to another path"
_NOT_WRITTEN: Final = "the status is not saved: {} cannot be written: {}"


class UnreadableStatusError(Exception):
    """There is no status, or it cannot be used; the text is a sentence that says why."""


class MissingStatusError(UnreadableStatusError):
    """There is no file."""


@dataclass(slots=True)
class StatusFile:
    """The status file of one instance. A problem with the file is a condition, not an error.

    A file of another program, or of another version of the format, is left alone.
    """

    path: Path
    conditions: Conditions = field(default_factory=Conditions, compare=False)
    wait_seconds: float = WAIT_SECONDS
    damage: str | None = None
    running: Future[Any] | None = None

    def read(self) -> Status | None:
        """Return the status that an earlier run has left; None if it cannot be used."""
        try:
            content = self._within_seconds(lambda: _read(self.path))
            return None if content is None else parse(content)
        except (OSError, ForeignFileError):
            return None  # `write` reports it
        except ValueError as error:
            self.damage = f"the last changes are not known: {self.path} is damaged: {error}"
            return None

    def write(self, status: Status) -> None:
        """Replace the file; wait at most `wait_seconds` for the file system."""
        problem, self.damage = self.damage, None
        try:
            self._within_seconds(lambda: _replace(self.path, status))
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except OSError as error:
            problem = _NOT_WRITTEN.format(self.path, error.strerror or error)
        self.conditions.set(_TOPIC, problem)

    def find_obstacle(self) -> str:
        """Return why a check could not save the status; nothing is created or changed."""
        try:
            WholeFile(self.path, find_flaw).check_writable()
        except ForeignFileError as error:
            return _LEFT_ALONE.format(error)
        except OSError as error:
            return _NOT_WRITTEN.format(self.path, error.strerror or error)
        return ""

    def _within_seconds(self, work: Callable[[], T]) -> T:
        """Do the work in a thread; raise TimeoutError if it, or the work before it, does not end in time."""
        too_late = TimeoutError(
            errno.ETIMEDOUT, f"its file system has not answered for {self.wait_seconds:g} s"
        )
        if self.running is not None and not self.running.done():
            raise too_late
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                future.set_exception(error)

        try:
            threading.Thread(target=run, daemon=True).start()
        except RuntimeError:  # no more threads are allowed
            run()
        self.running = future
        if not wait([future], self.wait_seconds).done:
            raise too_late
        return future.result()


def read_status(path: Path, *trusted: int) -> Status:
    """Return the status in a file of this user, or of a `trusted` one; raise UnreadableStatusError."""
    try:
        content = _read(path, *trusted)
        if content is None:
            raise MissingStatusError(f"there is no status: {path} does not exist")
        return parse(content)
    except PermissionError as error:
        advice = "act as the user of the program, or as root"
        raise UnreadableStatusError(
            f"the status cannot be read: {path}: {error.strerror}: {advice}"
        ) from error
    except ForeignFileError as error:
        raise UnreadableStatusError(f"the status cannot be read: {error}") from error
    except OSError as error:
        raise UnreadableStatusError(f"the status cannot be read: {path}: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableStatusError(f"the status cannot be read: {path} is damaged: {error}") from error


def _read(path: Path, *trusted: int) -> bytes | None:
    """Return the content; raise OSError, ForeignFileError, or ValueError if it is too large."""
    file = WholeFile(path, find_flaw).open(*trusted)
    if file is None:
        return None
    with file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        message = f"it is larger than {MOST_BYTES // 1_000_000} MB"
        raise ValueError(message)
    return content


def _replace(path: Path, status: Status) -> None:
    file = WholeFile(path, find_flaw)
    file.spare_foreign()  # first: nothing is created beside another program's file
    with file.locked():
        file.replace(_limit(render(status)))


def _limit(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of a file; raise OSError if they are more than can be read."""
    left = MOST_BYTES
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise OSError(errno.EFBIG, f"it would be larger than {MOST_BYTES // 1_000_000} MB")
        yield piece
