"""Set up logging by the [logging] options."""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from logutils.colorize import ColorizingStreamHandler

from dynamic_dynamodb.config.paths import is_stream
from dynamic_dynamodb.config.private_files import OWNER_ONLY, make_private_directory
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.log_files import LogFile, RawStream, open_log_file
from dynamic_dynamodb.service.log_formatters import choose_formatter
from dynamic_dynamodb.service.log_queue import MOST_LINES, QueuedHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HURRY_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.05
_DIRECTORY_FLAGS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC
_LIBRARY_LEVELS: Final = {
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
    "botocore.credentials": logging.ERROR,  # its warnings repeat our own line as a traceback
    "botocore.tokens": logging.ERROR,  # likewise
    "urllib3": logging.WARNING,
    "requests": logging.WARNING,
}


class Console(ColorizingStreamHandler):  # type: ignore[misc]  # logutils has no types
    """Write to stdout; on a terminal, with a colour for each level but INFO."""

    level_map: Final = {**ColorizingStreamHandler.level_map, logging.INFO: (None, None, False)}

    is_plain = False

    def __init__(self) -> None:
        """Write to the current stdout."""
        super().__init__(RawStream(sys.stdout.fileno(), sys.stdout.encoding))
        is_colour_off = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self._has_colours = not is_colour_off and self.stream.isatty()

    @property
    def is_tty(self) -> bool:
        """Return whether to colour lines."""
        return self._has_colours and not self.is_plain

    # logutils would write a line and its end apart.
    emit = logging.StreamHandler.emit


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the set-up of logging depends on, beside the options.

    `find_path` makes the paths in options absolute, and raises ConfigurationError if it cannot.
    `own_log` is the log file of a process without a terminal if the options name none.
    A one-off run keeps every line for a slow reader; a long-running one must bound its memory.
    """

    find_path: Callable[[str], Path]
    is_dry_run: bool
    is_one_off: bool = False
    own_log: Path | None = None


def set_up_logging(options: Mapping[str, Any], settings: LogSettings) -> None:
    """Log to stdout, and to the log-file if there is one, in place of what was set up before.

    Raises ConfigurationError if a log-file cannot be written or a log-config-file cannot be used; logging
    then stays as it was.
    """
    for name, level in _LIBRARY_LEVELS.items():
        logging.getLogger(name).setLevel(level)
    most_lines = None if settings.is_one_off else MOST_LINES
    formatter = choose_formatter(options["log_format"], is_dry_run=settings.is_dry_run)
    root = logging.getLogger()
    if options["log_config_file"]:
        _use_file(settings.find_path(options["log_config_file"]), settings.find_path("."))
        _queue_handlers(most_lines)
        handler, path, problem = _open_file(None, settings) if _is_log_unseen() else (None, None, "")
    else:
        handler, path, problem = _open_file(options["log_file"], settings)
        # Kept over reloads: its thread may be blocked in a write.
        console = next(
            (handler for handler in _find_queued_handlers() if isinstance(handler.target, Console)), None
        )
        console = console or QueuedHandler(Console(), "stdout")
        console.target.is_plain = options["log_format"] == "json"  # type: ignore[attr-defined]  # a Console
        console.most_lines = most_lines
        console.setFormatter(formatter)
        shut_down_logging(but=console)
        root.addHandler(console)
        root.setLevel(options["log_level"].upper())
    if handler is not None:
        root.addHandler(QueuedHandler(handler, f"log-file {path}", formatter, most_lines))
    if problem:
        LOGGER.warning("%s", problem)


def shut_down_logging(*, but: QueuedHandler | None = None) -> None:
    """Close all handlers, and reset our logger; each handler has a moment to write its queue.

    `but` is left as it is.
    """
    for handler in _find_queued_handlers():
        if handler is not but:
            _remove(handler)
    LOGGER.propagate, LOGGER.disabled = True, False
    LOGGER.setLevel(logging.NOTSET)


def find_log_file() -> Path | None:
    """Return the log file in use."""
    files = (handler.target for handler in _find_queued_handlers() if isinstance(handler.target, LogFile))
    return next((Path(file.baseFilename) for file in files), None)


def flush_logs(seconds: float = HURRY_SECONDS, *, is_hurried: Callable[[], bool] = lambda: True) -> bool:
    """Wait until every line is written; return whether every line is.

    The wait ends when no line was written for `seconds`, and at most a second after `is_hurried`.
    """
    stalled_since, written, hurried_since = time.monotonic(), -1, math.inf
    while busy := [handler for handler in _find_queued_handlers() if handler.is_busy]:
        now = time.monotonic()
        written_now = sum(handler.written for handler in busy)
        if written_now != written:
            stalled_since, written = now, written_now
        if is_hurried():
            hurried_since = min(hurried_since, now)
        if now - stalled_since > seconds or now - hurried_since > HURRY_SECONDS:
            return False
        busy[0].wait(_POLL_SECONDS)
    return True


def _find_loggers() -> list[logging.Logger]:
    named = logging.getLogger().manager.loggerDict.copy().values()
    return [logging.getLogger(), *(logger for logger in named if isinstance(logger, logging.Logger))]


def _find_queued_handlers() -> list[QueuedHandler]:
    handlers = (handler for logger in _find_loggers() for handler in logger.handlers)
    return list(dict.fromkeys(handler for handler in handlers if isinstance(handler, QueuedHandler)))


def _open_file(given: str | None, settings: LogSettings) -> tuple[logging.Handler | None, Path | None, str]:
    """Return the handler of the log file and its path, if there is one; else why a daemon has none."""
    path = settings.find_path(given) if given else None
    if settings.own_log is None or (path is not None and not is_stream(path)):
        return (open_log_file(path) if path else None), path, ""
    try:
        make_private_directory(settings.own_log.parent)
        return open_log_file(settings.own_log, OWNER_ONLY), settings.own_log, ""
    except OSError as error:
        why = f"{settings.own_log.parent} cannot be created: {error.strerror}"
    except ConfigurationError as error:
        why = str(error)
    return None, None, f"this daemon has no log: {why}: set log-file"


def _is_log_unseen() -> bool:
    """Return whether our lines only go to stdout and stderr, which a daemon does not have."""
    handlers = [*LOGGER.handlers, *(logging.getLogger().handlers if LOGGER.propagate else ())]
    targets = [handler.target if isinstance(handler, QueuedHandler) else handler for handler in handlers]
    return all(getattr(target, "stream", None) in (sys.stdout, sys.stderr) for target in targets)


def _remove(handler: QueuedHandler) -> None:
    for logger in _find_loggers():
        logger.removeHandler(handler)
    handler.end()


def _use_file(path: Path, directory: Path) -> None:
    import logging.config  # noqa: PLC0415 - it loads slowly, and few configurations need it

    old_handlers = _find_queued_handlers()
    loggers = {logger: (logger.handlers[:], logger.level, logger.propagate) for logger in _find_loggers()}
    before = os.open(".", _DIRECTORY_FLAGS)  # not by its name: it may have been deleted
    try:
        with path.open(encoding="utf-8") as file:
            os.chdir(directory)  # relative paths in the file start there, in a daemon too
            logging.config.fileConfig(file, disable_existing_loggers=False)
    except Exception as error:  # the classes that the file names may raise anything
        for logger, (handlers, level, propagate) in loggers.items():
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        message = f"log-config-file {path} cannot be used: {type(error).__name__}: {error}"
        raise ConfigurationError((message,)) from error
    finally:
        os.fchdir(before)
        os.close(before)
    for handler in old_handlers:
        _remove(handler)


def _queue_handlers(most_lines: int | None) -> None:
    """Put a queue in front of each handler of a log-config-file."""
    made: dict[logging.Handler, QueuedHandler] = {}
    for logger in _find_loggers():
        for handler in logger.handlers[:]:
            if not isinstance(handler, logging.NullHandler):
                place = f"handler {handler.name} of log-config-file"
                queued = made.get(handler) or QueuedHandler(handler, place, most_lines=most_lines)
                made[handler] = queued
                logger.removeHandler(handler)
                logger.addHandler(queued)
