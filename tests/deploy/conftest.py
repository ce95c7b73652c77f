"""A host to install services on, and the program as `make install` puts it there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.deploy.host import NEEDED, start_host
from tests.end_to_end.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.deploy.host import Host
    from tests.emulator import Emulator


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program and an empty account."""
    return Program(emulator, tmp_path)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Return a copy of this machine."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a copy of this machine to put services on")
    with start_host(tmp_path) as started:
        yield started


@pytest.fixture
def installed(host: Host, emulator: Emulator) -> Host:
    """Return a host with the program, its user, and settings that lead to the emulated account."""
    launcher = f'#!/bin/sh\nexec {sys.executable} -m dynamic_dynamodb "$@"\n'
    host.write("/usr/local/bin/dynamic-dynamodb", launcher, 0o755)
    folders = {folder for needed in NEEDED for folder in (needed, *needed.parents)}
    host.must_run("chmod", "a+x", *map(str, folders))  # the program's user needs them
    host.must_run("useradd", "--system", "--user-group", "dynamic-dynamodb")
    settings = "".join(f"{name}={text}\n" for name, text in emulator.environment().items())
    host.write("/etc/default/dynamic-dynamodb", settings)
    return host
