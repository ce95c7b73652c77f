"""`--show-config`, `--version` and `--help` need no AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import LIMITS

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

SECRETS = """\
[global]
region: eu-west-1
aws-access-key-id: AKIDFILE
aws-secret-access-key-id: geheim-1
circuit-breaker-url: http://user:geheim-2@localhost:1/ok
"""
NO_AWS: dict[str, str | None] = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ACCESS_KEY_ID": None,
    "AWS_SECRET_ACCESS_KEY": None,
}


def _show(program: Program, text: str, *flags: str) -> Any:
    run = program.run("-c", program.write(text), "--show-config", *flags, **NO_AWS)
    assert run.code == 0
    return json.loads(run.stdout)


def test_show_config_prints_the_effective_options_as_json(program: Program) -> None:
    shown = _show(
        program,
        f"[global]\nregion: eu-west-1\n[logging]\nlog-level: debug\n[default_options]\n{LIMITS}"
        "increase-reads-with: 7\n[table: ^b]\n[table: ^a]\nreads-upper-threshold: 80.5\n"
        "increase-consumed-writes-scale: {0: 0, 0.5: 10}\n[gsi: ^g table: ^a]\nlookback-period: 2\n",
        "--check-interval",
        "60",
    )
    assert (shown["global"]["region"], shown["global"]["check_interval"]) == ("eu-west-1", 60)
    assert shown["logging"]["log_level"] == "debug"
    assert list(shown["tables"]) == ["^b", "^a"]
    table = shown["tables"]["^a"]
    assert (table["reads_upper_threshold"], table["increase_reads_with"]) == (80.5, 7)
    assert table["increase_consumed_writes_scale"] == {"0": 0, "0.5": 10}
    assert (table["gsis"]["^g"]["lookback_period"], table["lookback_period"]) == (2, 5)


def test_show_config_needs_no_network(emulator: Emulator, program: Program) -> None:
    run = program.run("-c", program.write("[table: orders]\n"), "--show-config")
    assert run.code == 0
    assert emulator.requests() == []


def test_show_config_prints_warnings_to_stderr(program: Program) -> None:
    run = program.run("-c", program.write("[table: orders]\n"), "--show-config", **NO_AWS)
    assert "orders" in json.loads(run.stdout)["tables"]
    assert "max-provisioned-reads" in run.stderr


def test_show_config_masks_secrets(program: Program) -> None:
    flags = ("--aws-access-key-id", "AKIDFLAG", "--aws-secret-access-key", "geheim-3")
    path = program.write(f"{SECRETS}[table: orders]\n{LIMITS}circuit-breaker-url: https://u:geheim-4@h/\n")
    run = program.run("-c", path, "--show-config", *flags, **NO_AWS)
    assert "geheim" not in run.stdout + run.stderr
    shown = json.loads(run.stdout)
    assert shown["global"]["aws_access_key_id"] == "AKIDFLAG"
    assert shown["global"]["aws_secret_access_key"] == "********"
    assert shown["global"]["circuit_breaker_url"] == "http://user:********@localhost:1/ok"
    assert shown["tables"]["orders"]["circuit_breaker_url"] == "https://u:********@h/"


def test_show_config_spells_every_key_with_underscores(program: Program) -> None:
    def keys(shown: dict[str, Any]) -> set[str]:
        return set(shown).union(*(keys(inner) for inner in shown.values() if isinstance(inner, dict)))

    shown = _show(program, "[table: orders]\n[gsi: index table: orders]\n")
    assert not [key for key in keys(shown) if "-" in key]


def test_version_is_one_line(program: Program) -> None:
    run = program.run("--version")
    assert (run.code, run.stdout, run.stderr) == (0, "Dynamic DynamoDB version: 3.0.0\n", "")


def test_help_names_the_flags(program: Program) -> None:
    run = program.run("--help")
    assert (run.code, run.stderr) == (0, "")
    for flag in ("--config", "--dry-run", "--run-once", "--table-name", "--show-config", "--version"):
        assert flag in run.stdout


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_commands_that_need_no_aws_do_not_import_boto3(flag: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dynamic_dynamodb", flag],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}
    assert "dynamic_dynamodb" in imported
    assert imported.isdisjoint(
        {"boto3", "botocore", "requests", "urllib3", "retrying", "logutils", "logging", "socket"}
    )
