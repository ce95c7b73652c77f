"""Set up logging as the [logging] options say."""

from __future__ import annotations

import logging
import logging.config
import sys
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from logutils.colorize import ColorizingStreamHandler

from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD_FILES_KEPT: Final = 5
_TALKATIVE: Final = ("boto3", "botocore", "urllib3", "requests")


def set_up_logging(options: Mapping[str, Any], *, is_dry_run: bool, console: TextIO | None = None) -> None:
    """Log to the console (stdout unless told), and to the log-file if there is one.

    Raises ConfigurationError if a log-file cannot be written or a log-config-file cannot be used.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    if options["log_config_file"]:
        _use_file(Path(options["log_config_file"]).expanduser())
        return
    handlers: list[logging.Handler] = [ColorizingStreamHandler(console or sys.stdout)]
    if options["log_file"]:
        handlers.append(_open_file(Path(options["log_file"]).expanduser()))
    mark = " - dryrun" if is_dry_run else ""
    formatter = logging.Formatter(f"%(asctime)s - %(name)s{mark} - %(levelname)s - %(message)s")
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(options["log_level"].upper())


def _open_file(path: Path) -> logging.Handler:
    try:
        return TimedRotatingFileHandler(path, when="midnight", backupCount=OLD_FILES_KEPT, encoding="utf-8")
    except OSError as error:
        message = f"log-file {path} cannot be written: {error.strerror or error}"
        raise ConfigurationError((message,)) from error


def _use_file(path: Path) -> None:
    try:
        with path.open(encoding="utf-8") as file:
            logging.config.fileConfig(file, disable_existing_loggers=False)
    except Exception as error:  # the file names classes and arguments that may raise anything
        message = f"log-config-file {path} cannot be used: {type(error).__name__}: {error}"
        raise ConfigurationError((message,)) from error
