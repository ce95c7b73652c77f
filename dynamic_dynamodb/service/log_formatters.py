"""Render log records as text or JSON: one line per record, whatever its message contains."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.check.report import TargetReport
from dynamic_dynamodb.config.text import escape
from dynamic_dynamodb.service.log_fields import list_fields
from dynamic_dynamodb.service.log_lines import Evidence

if TYPE_CHECKING:
    from types import TracebackType

_INDENT: Final = "    "
"""Log lines never begin with it, so that lines of a traceback are not mistaken for them."""
_TIME: Final = "%Y-%m-%d %H:%M:%S%z"
"""The local time with its offset from UTC."""


class TextFormatter(logging.Formatter):
    """Render a record as one line with control characters escaped; tracebacks follow it, indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Render the line."""
        return escape(super().formatMessage(record))

    def formatException(  # noqa: N802 - logging's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Render a traceback."""
        return _indent(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """Render a stack."""
        return _indent(super().formatStack(stack_info))


class JsonFormatter(logging.Formatter):
    """Write one JSON object a line, with the fields of what the line is about; all times are in UTC."""

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
            **getattr(record, "place", {}),
        }
        subject = getattr(record, "subject", None)
        if isinstance(subject, TargetReport | Evidence):
            line["message"] = str(subject)
        line |= list_fields(subject, getattr(record, "now", None))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def choose_formatter(name: str, *, is_dry_run: bool) -> logging.Formatter:
    """Return the formatter for a value of log-format."""
    if name == "json":
        return JsonFormatter(is_dry_run=is_dry_run)
    mark = " - dryrun" if is_dry_run else ""
    return TextFormatter(f"%(asctime)s - %(name)s{mark} - %(levelname)s - %(message)s", _TIME)


def _indent(lines: str) -> str:
    return "\n".join(f"{_INDENT}{escape(line)}" for line in lines.split("\n"))
