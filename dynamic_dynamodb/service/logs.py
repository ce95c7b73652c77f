"""Set up logging as the [logging] options say."""

from __future__ import annotations

import logging
import logging.config
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from logutils.colorize import ColorizingStreamHandler

from dynamic_dynamodb.config.log_paths import is_stream
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.log_files import OWNER_ONLY, LogFile, RawStream, open_log_file
from dynamic_dynamodb.service.log_formatters import choose_formatter
from dynamic_dynamodb.service.log_queue import MOST_LINES, QueuedHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOGGER_NAME: Final = "dynamic-dynamodb"
LOGGER: Final = logging.getLogger(LOGGER_NAME)
HURRY_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.05
_A_PLACE: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC
_OWNER_ONLY_DIRECTORY: Final = 0o700
_TALKATIVE: Final = {
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
    "botocore.credentials": logging.ERROR,  # its warnings are tracebacks of what our own line says
    "botocore.tokens": logging.ERROR,  # likewise
    "urllib3": logging.WARNING,
    "requests": logging.WARNING,
}


class Console(ColorizingStreamHandler):  # type: ignore[misc]  # logutils has no types
    """Write to stdout; on a terminal, levels that matter are coloured, and INFO looks as all text does."""

    level_map: Final = {**ColorizingStreamHandler.level_map, logging.INFO: (None, None, False)}

    is_plain = False

    def __init__(self) -> None:
        """Write to what is stdout now."""
        super().__init__(RawStream(sys.stdout.fileno(), sys.stdout.encoding))
        is_unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self._is_colourful = not is_unwanted and self.stream.isatty()

    @property
    def is_tty(self) -> bool:
        """Tell whether to colour lines."""
        return self._is_colourful and not self.is_plain

    # logutils would write a line and its end apart.
    emit = logging.StreamHandler.emit


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the set-up of a log depends on beside its options.

    `find_path` makes the paths in options absolute, and raises ConfigurationError if it cannot.
    `own_log` is where a process without a terminal logs to if it is given no place.
    A one-off run keeps every line for a slow reader; what runs for long must not, as its memory has an end.
    """

    find_path: Callable[[str], Path]
    is_dry_run: bool
    is_one_off: bool = False
    own_log: Path | None = None


def set_up_logging(options: Mapping[str, Any], settings: LogSettings) -> None:
    """Log to stdout, and to the log-file if there is one; what was set up before is closed.

    Raises ConfigurationError if a log-file cannot be written or a log-config-file cannot be used; then
    logging stays as it was.
    """
    for name, level in _TALKATIVE.items():
        logging.getLogger(name).setLevel(level)
    most_lines = None if settings.is_one_off else MOST_LINES
    formatter = choose_formatter(options["log_format"], is_dry_run=settings.is_dry_run)
    root = logging.getLogger()
    if options["log_config_file"]:
        _use_file(settings.find_path(options["log_config_file"]), settings.find_path("."))
        _put_into_queues(most_lines)
        handler, path, trouble = _open_file(None, settings) if _leads_nowhere() else (None, None, "")
    else:
        handler, path, trouble = _open_file(options["log_file"], settings)
        # Kept over reloads, as it may be stuck in a write that nobody takes.
        console = next((queue for queue in _find_queues() if isinstance(queue.target, Console)), None)
        console = console or QueuedHandler(Console(), "stdout")
        console.target.is_plain = options["log_format"] == "json"  # type: ignore[attr-defined]  # a Console
        console.most_lines = most_lines
        console.setFormatter(formatter)
        shut_down_logging(but=console)
        root.addHandler(console)
        root.setLevel(options["log_level"].upper())
    if handler is not None:
        root.addHandler(QueuedHandler(handler, f"log-file {path}", formatter, most_lines))
    if trouble:
        LOGGER.warning("%s", trouble)


def shut_down_logging(*, but: QueuedHandler | None = None) -> None:
    """End what was set up, by options or by a log-config-file, and leave our logger as if new.

    Each log has a moment for the lines that wait.
    """
    for queue in _find_queues():
        if queue is not but:
            _take_out(queue)
    own = logging.getLogger(LOGGER_NAME)
    own.propagate, own.disabled = True, False
    own.setLevel(logging.NOTSET)


def find_log_file() -> Path | None:
    """Return the log file in use."""
    files = (queue.target for queue in _find_queues() if isinstance(queue.target, LogFile))
    return next((Path(file.baseFilename) for file in files), None)


def await_readers(seconds: float = HURRY_SECONDS, *, is_hurried: Callable[[], bool] = lambda: True) -> bool:
    """Wait until every line has been taken; tell whether it has.

    That ends when none is taken for so long; or at most a second after `is_hurried`.
    """
    stalled_since, taken, hurried_since = time.monotonic(), -1, math.inf
    while busy := [queue for queue in _find_queues() if queue.is_busy]:
        now = time.monotonic()
        taken_now = sum(queue.written for queue in busy)
        if taken_now != taken:
            stalled_since, taken = now, taken_now
        if is_hurried():
            hurried_since = min(hurried_since, now)
        if now - stalled_since > seconds or now - hurried_since > HURRY_SECONDS:
            return False
        busy[0].wait(_POLL_SECONDS)
    return True


def _find_loggers() -> list[logging.Logger]:
    named = logging.getLogger().manager.loggerDict.copy().values()
    return [logging.getLogger(), *(logger for logger in named if isinstance(logger, logging.Logger))]


def _find_queues() -> list[QueuedHandler]:
    handlers = (handler for logger in _find_loggers() for handler in logger.handlers)
    return list(dict.fromkeys(handler for handler in handlers if isinstance(handler, QueuedHandler)))


def _open_file(given: str | None, settings: LogSettings) -> tuple[logging.Handler | None, Path | None, str]:
    """Open the file to log to, if there is one, and say what is wrong with a daemon's own."""
    path = settings.find_path(given) if given else None
    if settings.own_log is None or (path is not None and not is_stream(path)):
        return (open_log_file(path) if path else None), path, ""
    try:
        settings.own_log.parent.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
        return open_log_file(settings.own_log, OWNER_ONLY), settings.own_log, ""
    except OSError as error:
        why = f"{settings.own_log.parent} cannot be made: {error.strerror}"
    except ConfigurationError as error:
        why = str(error)
    return None, None, f"this daemon has no log: {why}: use log-file"


def _leads_nowhere() -> bool:
    """Tell whether our lines go to nothing but stdout and stderr, which a daemon does not have."""
    handlers = [*LOGGER.handlers, *(logging.getLogger().handlers if LOGGER.propagate else ())]
    targets = [handler.target if isinstance(handler, QueuedHandler) else handler for handler in handlers]
    return all(getattr(target, "stream", None) in (sys.stdout, sys.stderr) for target in targets)


def _take_out(queue: QueuedHandler) -> None:
    for logger in _find_loggers():
        logger.removeHandler(queue)
    queue.end()


def _use_file(path: Path, directory: Path) -> None:
    queues = _find_queues()
    loggers = {logger: (logger.handlers[:], logger.level, logger.propagate) for logger in _find_loggers()}
    before = os.open(".", _A_PLACE)  # rather than its name, as it may have been deleted
    try:
        with path.open(encoding="utf-8") as file:
            os.chdir(directory)  # relative paths in the file count from there, in a daemon too
            logging.config.fileConfig(file, disable_existing_loggers=False)
    except Exception as error:  # the file names classes and arguments that may raise anything
        for logger, (handlers, level, propagate) in loggers.items():
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        message = f"log-config-file {path} cannot be used: {type(error).__name__}: {error}"
        raise ConfigurationError((message,)) from error
    finally:
        os.fchdir(before)
        os.close(before)
    for queue in queues:
        _take_out(queue)


def _put_into_queues(most_lines: int | None) -> None:
    """Let the handlers of a log-config-file hold up nothing either."""
    made: dict[logging.Handler, QueuedHandler] = {}
    for logger in _find_loggers():
        for handler in logger.handlers[:]:
            if not isinstance(handler, logging.NullHandler):
                place = f"handler {handler.name} of log-config-file"
                queue = made.get(handler) or QueuedHandler(handler, place, most_lines=most_lines)
                made[handler] = queue
                logger.removeHandler(handler)
                logger.addHandler(queue)
