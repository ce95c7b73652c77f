"""Set up logging as the [logging] options say."""

from __future__ import annotations

import json
import logging
import logging.config
import os
import stat
import sys
import time
from contextlib import suppress
from datetime import datetime, timezone
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from logutils.colorize import ColorizingStreamHandler

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.report import TargetReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import TextIOWrapper

LOGGER_NAME: Final = "dynamic-dynamodb"
OLD_FILES_KEPT: Final = 5
_READABLE_BY_ALL: Final = 0o644
_TALKATIVE: Final = {
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
    "botocore.credentials": logging.ERROR,  # its warnings are tracebacks of what our own line says
    "botocore.tokens": logging.ERROR,  # likewise
    "urllib3": logging.WARNING,
    "requests": logging.WARNING,
}


class JsonFormatter(logging.Formatter):
    """Write one JSON object a line, with the numbers of a target's decision where the line is about one."""

    def __init__(self, *, is_dry_run: bool) -> None:
        """Mark every line of a dry run."""
        super().__init__()
        self._is_dry_run = is_dry_run

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "dry_run": self._is_dry_run,
        }
        subject = record.args[0] if isinstance(record.args, tuple) and record.args else None
        if isinstance(subject, TargetReport):
            line |= subject.as_fields()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Console(ColorizingStreamHandler):  # type: ignore[misc]  # logutils has no types
    """Write to stdout, in colours on a terminal; stay silent once nobody reads it any more."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Let a broken pipe pass: the log-file and the work go on."""
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            super().handleError(record)


def set_up_logging(options: Mapping[str, Any], *, is_dry_run: bool, find_path: Callable[[str], Path]) -> None:
    """Log to stdout, and to the log-file if there is one; what was set up before is closed.

    `find_path` makes the paths in options absolute, and raises ConfigurationError if it cannot.
    Raises ConfigurationError if a log-file cannot be written or a log-config-file cannot be used;
    then logging stays as it was.
    """
    for name, level in _TALKATIVE.items():
        logging.getLogger(name).setLevel(level)
    if options["log_config_file"]:
        _use_file(find_path(options["log_config_file"]), find_path("."))
        return
    handlers: list[logging.Handler] = [Console(sys.stdout)]
    if options["log_file"]:
        handlers.append(_open_file(find_path(options["log_file"])))
    formatter = _choose_formatter(options["log_format"], is_dry_run=is_dry_run)
    for handler in handlers:
        handler.setFormatter(formatter)
    shut_down_logging()
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(options["log_level"].upper())


def shut_down_logging() -> None:
    """Close what was set up, by options or by a log-config-file, and leave our logger as if new."""
    for logger in (logging.getLogger(), logging.getLogger(LOGGER_NAME)):
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)
            handler.close()
    own = logging.getLogger(LOGGER_NAME)
    own.propagate, own.disabled = True, False
    own.setLevel(logging.NOTSET)


def _choose_formatter(name: str, *, is_dry_run: bool) -> logging.Formatter:
    if name == "json":
        return JsonFormatter(is_dry_run=is_dry_run)
    mark = " - dryrun" if is_dry_run else ""
    return logging.Formatter(f"%(asctime)s - %(name)s{mark} - %(levelname)s - %(message)s")


class LogFile(TimedRotatingFileHandler):
    """A file rotated at midnight, never opened through a link that somebody put into a shared directory.

    It goes on where it is if it cannot be rotated, and says once that it cannot be written.
    """

    is_lost = False

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Rotate; a file that cannot be moved, such as one that is mounted, grows on until next midnight."""
        try:
            super().doRollover()
        except OSError as error:
            if self.stream is None or self.stream.closed:  # what a full disk did not take went with it
                self.stream = self._open()
            self.rolloverAt = self.computeRollover(int(time.time()))
            said = ("log-file %s is not rotated: %s: it grows on", self.baseFilename, error.strerror or error)
            logging.getLogger(LOGGER_NAME).warning(*said)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        was_lost, self.is_lost = self.is_lost, False
        super().emit(record)
        if self.is_lost and not was_lost:
            text = f"log-file {self.baseFilename} cannot be written, its lines are lost: make room\n"
            with suppress(OSError, ValueError):
                sys.stderr.write(text)

    def close(self) -> None:
        """Close the file, though a full disk may not take its last lines: the work goes on."""
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Remember that the line was lost: each one's traceback would say nothing more."""
        if isinstance(sys.exc_info()[1], OSError):
            self.is_lost = True
        else:
            super().handleError(record)

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        if not path.parent.stat().st_mode & stat.S_IWOTH:
            return super()._open()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(path, flags, _READABLE_BY_ALL), "a", encoding="utf-8")


def _open_file(path: Path) -> logging.Handler:
    try:
        return LogFile(path, when="midnight", backupCount=OLD_FILES_KEPT, encoding="utf-8")
    except OSError as error:
        message = f"log-file {path} cannot be written: {error.strerror or error}"
        raise ConfigurationError((message,)) from error


def _use_file(path: Path, directory: Path) -> None:
    before = Path.cwd()
    try:
        with path.open(encoding="utf-8") as file:
            os.chdir(directory)  # relative paths in the file count from there, in a daemon too
            logging.config.fileConfig(file, disable_existing_loggers=False)
    except Exception as error:  # the file names classes and arguments that may raise anything
        message = f"log-config-file {path} cannot be used: {type(error).__name__}: {error}"
        raise ConfigurationError((message,)) from error
    finally:
        os.chdir(before)
