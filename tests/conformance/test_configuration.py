"""Files and command lines of the old program are read as expected, or refused with the right words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.cli.main import main
from tests.conformance.vectors import Vector, read_vectors

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    vector
    for name in ("config", "cli")
    for vector in read_vectors(name)
    if vector["expected"] is not None and vector.get("needs") != "account"
]
REFUSED = {"conf/table-option/scale/dup": "increase-consumed-reads-scale has the key 1 twice"}
"""Files that 2.5.1 took and this program refuses on purpose, with what it says."""
OPTION_NAME = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")


def run(vector: Vector, folder: Path) -> int:
    """Run the vector's command line on its file."""
    path = folder / "vector.conf"
    if vector["conf"] is not None:
        path.write_bytes(vector["conf"].encode())
    arguments = [argument.replace("<CONF>", str(path)) for argument in vector["argv"]]
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def differences(expected: Any, seen: Any, place: str = "") -> list[str]:
    """List where a configuration differs; keys that only ours has do not count."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        return [
            difference
            for key, one in expected.items()
            for difference in differences(one, seen.get(key, "missing"), f"{place}/{key}")
        ]
    return [] if expected == seen else [f"{place}: expected {expected!r}, seen {seen!r}"]


@pytest.mark.parametrize("vector", CASES, ids=[vector["id"] for vector in CASES])
def test_a_configuration_is_read_as_expected(
    vector: Vector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = vector["expected"]
    code = run(vector, tmp_path)
    output = capsys.readouterr()
    if vector["id"] in REFUSED:
        assert code == 2
        assert REFUSED[vector["id"]] in output.err
        return
    assert code == expected["exit_status"], output.err
    if expected.get("config"):
        shown = json.loads(output.out.replace(str(tmp_path / "vector.conf"), "<CONF>"))
        assert differences(expected["config"], shown) == []
        assert list(shown["tables"]) == expected["table_order"]
    for fault in expected.get("faults") or ():
        for name in OPTION_NAME.findall(fault):
            assert name in output.err


@pytest.mark.parametrize("vector", CASES, ids=[vector["id"] for vector in CASES])
def test_a_configuration_can_be_checked(vector: Vector, tmp_path: Path) -> None:
    path = tmp_path / "vector.conf"
    if vector["conf"] is not None:
        path.write_bytes(vector["conf"].encode())
    assert main(["-c", str(path), "--check-config"]) in (0, 2)
