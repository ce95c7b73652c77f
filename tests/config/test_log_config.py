"""A log-config-file is checked as Python would read it, without creating anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynamic_dynamodb.config.log_config import find_log_config_fault
from tests.end_to_end.test_log_config_file import EXAMPLE

SET_UP = "import logging.config, sys; logging.config.fileConfig(open(sys.argv[1], encoding='utf-8'))"


def replaced(old: str, new: str) -> str:
    """Return the manual's example with a part replaced."""
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new)


def handler(kind: str, args: str) -> str:
    """Return a file with one handler of this class."""
    return replaced("class=StreamHandler", f"class={kind}").replace("(sys.stdout,)", args)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(EXAMPLE, None, id="the manual's example"),
        pytest.param(replaced("keys=default", "keys="), "there is no formatter default", id="no formatters"),
        pytest.param(replaced("handlers=console,file", "handlers="), None, id="a root without handlers"),
        pytest.param(
            replaced("handlers.Timed", "logging.handlers.Timed"), None, id="a class by its full name"
        ),
        pytest.param(handler("logging.NullHandler", "()"), None, id="another handler"),
        pytest.param(handler("FileHandler", "('x.log', 'w', 'utf-8', True)"), None, id="a file opened late"),
        pytest.param(handler("FileHandler", "(os.devnull,)"), None, id="arguments that are not literals"),
        pytest.param(handler("handlers.RotatingFileHandler", "('x.log', 'a', 10, 2)"), None, id="by size"),
        pytest.param("", "there is no 'formatters'", id="empty"),
        pytest.param("geheim\n", "line 1 comes before the first section, such as [loggers]", id="no section"),
        pytest.param(
            "[loggers]\nkeys=root\ngeheim\n",
            "line 3 is not a section, an option or a comment",
            id="a line that cannot be read",
        ),
        pytest.param(
            replaced("keys=file,console", "keys=file"), "there is no handler console", id="no handler"
        ),
        pytest.param(
            replaced("[handler_file]", "[handler]"), "there is no 'handler_file'", id="no section of it"
        ),
        pytest.param(
            replaced("handlers.Timed", "handlers.Tired"),
            "there is no class handlers.Tired",
            id="no such class",
        ),
        pytest.param(replaced("class=StreamHandler\n", ""), "there is no 'class'", id="no class"),
        pytest.param(handler("sys", "()"), "sys is not a class", id="what is not a class"),
        pytest.param(
            replaced("'configured.log'", "'no/such/x.log'"), "there is no directory", id="no directory"
        ),
        pytest.param(replaced("'configured.log'", "'.'"), "it is a directory", id="a directory"),
        pytest.param(replaced("(sys.stdout,)", "(sys.stdout"), "SyntaxError", id="not Python"),
        pytest.param(
            replaced("('configured.log',", "('configured.log', 'm', 5, 5, 5, 5, 5, 5, 5, 5,"),
            "TypeError",
            id="too many",
        ),
        pytest.param(handler("FileHandler", "()"), "missing a required argument", id="too few"),
        pytest.param(replaced("'midnight', 1", "'noon', 1"), "Invalid rollover", id="a bad argument"),
        pytest.param(replaced("level=INFO", "level=LOUD"), "LOUD", id="no such level"),
        pytest.param(
            replaced("[formatter_default]", "[formatter_default]\nstyle=!"), "Style must", id="a bad style"
        ),
        pytest.param(replaced("level=NOTSET", "level=%(x"), "InterpolationSyntaxError", id="a bad reference"),
        pytest.param(replaced("keys=root", "keys=own"), "there is no logger root", id="no root"),
        pytest.param(
            replaced("keys=root", "keys=root,own"), "there is no 'logger_own'", id="no section of a logger"
        ),
        pytest.param(
            f"{replaced('keys=root', 'keys=root,own')}\n[logger_own]\nhandlers=\n", "'qualname'", id="no name"
        ),
        pytest.param(EXAMPLE + "[formatters]\nkeys=\n", "DuplicateSectionError", id="a section twice"),
        pytest.param("\xff", "UnicodeDecodeError", id="not text"),
    ],
)
def test_a_file_is_checked_as_python_reads_it_and_nothing_is_created(
    tmp_path: Path, content: str, fault: str | None
) -> None:
    path = tmp_path / "logging.conf"
    path.write_bytes(content.encode("latin-1" if content == "\xff" else "utf-8"))
    said = find_log_config_fault(path, tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    if fault is None:
        assert said is None
    else:
        assert said is not None
        assert said.startswith(f"log-config-file {path} cannot be used: ")
        assert fault in said
        assert "\n" not in said
        assert "geheim" not in said, "the file may be another one, that holds secrets"
    real = subprocess.run(
        [sys.executable, "-c", SET_UP, path], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (real.returncode == 0) == (said is None), real.stderr


@pytest.mark.parametrize(
    ("kind", "why"),
    [("fifo", "it is a FIFO, not a file"), ("directory", "it is a directory"), ("none", "No such file")],
)
def test_a_path_that_is_not_a_file_is_a_fault_at_once(tmp_path: Path, kind: str, why: str) -> None:
    path = tmp_path / "logging.conf"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    assert why in str(find_log_config_fault(path, tmp_path))


def test_a_device_is_not_read() -> None:
    said = find_log_config_fault(Path("/dev/zero"), Path("/"))
    assert said == "log-config-file /dev/zero cannot be used: it is a device, not a file"
