"""Check a log-config-file without opening or creating anything that it names.

`logging.config.fileConfig` has no dry run: it creates handlers, which open files and sockets.
"""

from __future__ import annotations

import ast
import inspect
import logging
import logging.handlers
from configparser import ConfigParser, MissingSectionHeaderError, ParsingError
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.paths import find_log_file_fault, read_within_limits

if TYPE_CHECKING:
    from configparser import SectionProxy
    from pathlib import Path

_OPENS_LATER: Final = (
    logging.FileHandler,
    logging.handlers.RotatingFileHandler,
    logging.handlers.TimedRotatingFileHandler,
    logging.handlers.WatchedFileHandler,
)
"""Handlers that can be created without opening their file, to check all their arguments."""
_MOST_LINES: Final = 5


def find_log_config_fault(path: Path, directory: Path) -> str | None:
    """Return why logging cannot be set up from a file, or None; its relative paths count from `directory`."""
    try:
        parser = ConfigParser()
        parser.read_string(read_within_limits(path).decode("utf-8"))
        _check(parser, directory)
    except OSError as error:
        why = str(error.strerror or error)
    except KeyError as error:
        why = f"there is no {error}"
    except MissingSectionHeaderError as error:
        why = f"line {error.lineno} comes before the first section, such as [loggers]"
    except ParsingError as error:
        # Without the lines: a file named by mistake may contain secrets.
        numbers = ", ".join(str(number) for number, _ in error.errors[:_MOST_LINES])
        why = f"line {numbers} is not a section, an option or a comment"
    except _FaultError as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - classes are imported, and may raise anything
        why = f"{type(error).__name__}: {error}"
    else:
        return None
    return f"log-config-file {path} cannot be used: {' '.join(why.split())}"


class _FaultError(Exception):
    """Why fileConfig would fail."""


def _check(parser: ConfigParser, directory: Path) -> None:
    """Do the steps of fileConfig; raise what it would raise."""
    formatters = _split(parser["formatters"]["keys"])
    for name in formatters:
        _check_formatter(parser[f"formatter_{name}"])
    handlers = _split(parser["handlers"]["keys"])
    for name in handlers:
        section = parser[f"handler_{name}"]
        _check_level(section)
        _check_known(section.get("formatter", ""), formatters, "formatter")
        _check_handler(section, directory)
        _check_known(section.get("target", ""), handlers, "handler")
    loggers = _split(parser["loggers"]["keys"])
    _check_known("root", loggers, "logger")
    for name in loggers:
        section = parser[f"logger_{name}"]
        _check_level(section)
        if name != "root":
            section["qualname"]
            section.getint("propagate", fallback=1)
        for handler in _split(section["handlers"]):
            _check_known(handler, handlers, "handler")


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",")] if keys else []


def _check_known(name: str, known: list[str], kind: str) -> None:
    if name and name not in known:
        raise _FaultError(f"there is no {kind} {name} in its keys")


def _check_level(section: SectionProxy) -> None:
    if "level" in section:
        logging.Handler().setLevel(section["level"])


def _check_formatter(section: SectionProxy) -> None:
    name = section.get("class")
    made: Any = resolve_name(name) if name else logging.Formatter
    made(
        section.get("format", raw=True),
        section.get("datefmt", raw=True),
        section.get("style", raw=True, fallback="%"),
    )


def _check_handler(section: SectionProxy, directory: Path) -> None:
    kind = _find_class(section["class"])
    args, kwargs = _evaluate(section.get("args", "()")), _evaluate(section.get("kwargs", "{}"))
    if not isinstance(kind, type):
        raise _FaultError(f"{section['class']} is not a class")
    if args is None or kwargs is None:
        return
    bound = inspect.signature(kind).bind(*args, **kwargs)
    if kind not in _OPENS_LATER:
        return
    path = directory / bound.arguments["filename"]
    if fault := find_log_file_fault(path):
        raise _FaultError(fault)
    bound.arguments |= {"filename": path, "delay": True}
    kind(*bound.args, **bound.kwargs).close()


def _find_class(name: str) -> Any:  # noqa: ANN401 - whatever the file names
    """Return a class as fileConfig finds it: in logging, or by its full name."""
    found: Any = logging
    for part in name.split("."):
        found = getattr(found, part, None)
    try:
        return found or resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        raise _FaultError(f"there is no class {name}") from None


def _evaluate(text: str) -> Any:  # noqa: ANN401 - whatever the file says
    """Return the value of an expression; None if it is not a literal, which is not evaluated."""
    try:
        return ast.literal_eval(text)
    except ValueError:
        compile(text, "arguments", "eval")
        return None
