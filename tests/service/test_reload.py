"""A reload that fails for any reason keeps the old configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.service.logs import shut_down_logging
from dynamic_dynamodb.service.reload import DaemonNote, NoteKeeper
from dynamic_dynamodb.service.service import Service
from dynamic_dynamodb.service.signals import Request, SignalRequests

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration

LONG_AGO = 1_000_000_000


@dataclass(frozen=True)
class FailingSources(ConfigSources):
    """Read once, and then fail."""

    error: Exception = field(default_factory=Exception)
    loaded: list[Configuration] = field(default_factory=list)

    def load(self) -> Configuration:
        if self.loaded:
            raise self.error
        self.loaded.append(super().load())
        return self.loaded[0]


class OneReload(SignalRequests):
    """Request one reload, and a stop instead of the wait for the next check."""

    def __init__(self) -> None:
        super().__init__()
        self.add(Request.RELOAD)

    def wait(self, seconds: float) -> None:  # noqa: ARG002 - it does not wait
        self.add(Request.STOP)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(ConfigurationError(("odd",)), ": odd", id="a fault"),
        pytest.param(AwsError("sts:AssumeRole", "Odd"), "sts:AssumeRole failed: Odd", id="a refusal"),
        pytest.param(OSError("odd"), "OSError: odd", id="trouble with a file"),
        pytest.param(RuntimeError("odd"), "RuntimeError: odd", id="an unexpected error"),
    ],
)
def test_a_reload_that_fails_ends_nothing_and_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    path = tmp_path / "own.conf"
    path.write_text("[table: ^a$]\n", encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))  # so that nothing waits until it is stable
    here = {"XDG_STATE_HOME": str(tmp_path)}  # not the state of the person who runs the tests
    sources = FailingSources({"config": str(path)}, here, tmp_path, error)
    noted: list[str] = []
    notes = NoteKeeper(noted.append, DaemonNote(sources.source))
    try:
        with start_workers() as workers:
            service = Service(sources, OneReload(), workers, notes=notes)
            assert service.run(sources.load())
    finally:
        shut_down_logging()
    assert f"reload failed, keeping the old configuration: {said}" in noted[-1].replace(str(path), "")
