"""shellcheck accepts every script of the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.contrib import CONTRIB, REPOSITORY
from tests.deploy.stack import deploy

SHELLCHECK = Path(sys.executable).with_name("shellcheck")


def check(*arguments: str, text: str | None = None) -> str:
    run = subprocess.run([SHELLCHECK, *arguments], input=text, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def find_scripts() -> list[Path]:
    files = [path for folder in (REPOSITORY / ".ci", CONTRIB) for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if path.read_bytes().startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))]


def test_scripts_are_found() -> None:
    names = {path.name for path in find_scripts()}
    assert names >= {"run", "dynamic-dynamodb.init", "set-up", "dynamic-dynamodb-s3"}


@pytest.mark.parametrize("path", find_scripts(), ids=lambda path: path.name)
def test_shellcheck_accepts_every_script(path: Path) -> None:
    assert check(str(path)) == ""


def test_shellcheck_accepts_the_script_of_the_stack() -> None:
    with deploy() as stack:
        assert check("-", text=stack.user_data) == ""


def test_a_faulty_script_is_found() -> None:
    assert "SC2086" in check("-", text="#!/bin/sh\nrm $1\n")
