"""A configuration or command line that cannot be used ends the program with exit code 2 before any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.program import COMMAND, Program, Run

if TYPE_CHECKING:
    from tests.emulator import Emulator

TABLE = "[table: orders]\n"


def _assert_refused(run: Run, emulator: Emulator, *said: str) -> None:
    assert run.code == 2
    assert run.stdout == ""
    for part in said:
        assert part in run.stderr
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        pytest.param("", ["[table: ^my_table$]"], id="nothing in it"),
        pytest.param("[global]\nregion: us-east-1\n", ["[table: ^my_table$]"], id="no table"),
        pytest.param(
            f"{TABLE}reads-upper-threshold: lots\n",
            ["[table: orders]", "reads-upper-threshold", "'lots'", "number"],
            id="no number",
        ),
        pytest.param(
            f"{TABLE}reads-upper-threshold: nan\n", ["reads-upper-threshold", "'nan'"], id="not a number"
        ),
        pytest.param(
            f"{TABLE}max-provisoned-reads: 5\n",
            ["max-provisoned-reads", "did you mean max-provisioned-reads"],
            id="a misspelt option",
        ),
        pytest.param("[table: (orders]\n", ["(orders", "regular expression"], id="a bad expression"),
        pytest.param("[tables: orders]\n", ["[tables: orders]", "unknown"], id="an unknown section"),
        pytest.param(
            f"{TABLE}increase-reads-unit: bananas\n",
            ["increase-reads-unit", "percent, units", "'bananas'"],
            id="an unknown word",
        ),
        pytest.param(
            f"{TABLE}maintenance-windows: 25:00-26:00\n", ["maintenance-windows", "25:00"], id="a bad window"
        ),
        pytest.param(
            f"{TABLE}increase-consumed-reads-scale: [1, 2]\n",
            ["increase-consumed-reads-scale", "dict"],
            id="a bad scale",
        ),
        pytest.param(
            f"[global]\ncheck-interval: 0\n{TABLE}", ["[global] check-interval", "at least 1"], id="too small"
        ),
        pytest.param(
            f"{TABLE}min-provisioned-reads: 9\nmax-provisioned-reads: 5\n",
            ["min-provisioned-reads 9", "max-provisioned-reads 5"],
            id="minimum above maximum",
        ),
        pytest.param(
            f"{TABLE}circuit-breaker-url: gopher://x:geheim@y/\n",
            ["circuit-breaker-url", "http"],
            id="bad URL",
        ),
        pytest.param(f"{TABLE}what is this\n", ["line 2", "what is this"], id="no option at all"),
        pytest.param(f"{TABLE}{TABLE}", ["[table: orders]", "twice"], id="a section twice"),
        pytest.param("[gsi: a table: b]\n" + TABLE, ["gsi: a table: b"], id="an index of no table"),
        pytest.param("\0\x01\x02ÿþ\n", ["is not a UTF-8 text file"], id="no text at all"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    emulator: Emulator, program: Program, configuration: str, said: list[str]
) -> None:
    run = program.check(configuration)
    _assert_refused(run, emulator, "dynamic-dynamodb.conf", *said)
    assert "geheim" not in run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((), ["-c FILE", "--help"], id="no arguments"),
        pytest.param(("--run-once",), ["--config", "--table-name"], id="neither file nor table"),
        pytest.param(("-t", "orders", "--frobnicate"), ["--frobnicate"], id="an unknown flag"),
        pytest.param(("-t", "orders", "stray"), ["stray"], id="a stray word"),
        pytest.param(("-c",), ["-c"], id="a flag without its value"),
        pytest.param(("-t", "(orders", "--run-once"), ["(orders", "regular"], id="a bad expression"),
        pytest.param(
            ("-t", "orders", "--increase-reads-with", "x", "--run-once"),
            ["--increase-reads-with", "'x'"],
            id="no number",
        ),
        pytest.param(
            ("-t", "orders", "--log-level", "loud", "--run-once"), ["--log-level", "'loud'"], id="no level"
        ),
        pytest.param(("-t", "orders", "--daemon", ""), ["--daemon"], id="an empty daemon command"),
        pytest.param(("-c", "missing.conf"), ["missing.conf", "No such file"], id="a missing file"),
        pytest.param(("-c", "."), ["directory"], id="a directory"),
        pytest.param(
            ("-t", "orders", "--run-once", "--log-file", "no/such/folder.log"),
            ["no/such/folder.log", "cannot be written: there is no directory"],
            id="a log that cannot be written",
        ),
    ],
)
def test_a_command_line_that_cannot_be_used_is_refused(
    emulator: Emulator, program: Program, arguments: tuple[str, ...], said: list[str]
) -> None:
    _assert_refused(program.run(*arguments), emulator, *said)


def test_all_faults_are_reported_at_once(emulator: Emulator, program: Program) -> None:
    run = program.check(
        "[global]\nregoin: x\n[table: a]\nreads-lower-threshold: -1\n"
        "[table: b]\nincrease-reads-with: none\nmax-provisioned-writes: 0\n"
    )
    said = ("regoin", "[table: a] reads-lower-threshold", "[table: b] increase-reads-with")
    _assert_refused(run, emulator, *said, "[table: b] max-provisioned-writes")


def test_show_config_refuses_a_bad_file(emulator: Emulator, program: Program) -> None:
    run = program.run("-c", program.write("[table: a]\nnonsense: 1\n"), "--show-config")
    _assert_refused(run, emulator, "nonsense")


@pytest.mark.parametrize(
    "flags", [pytest.param(("-c", "own.conf"), id="a file"), pytest.param(("-t", "busy"), id="a table")]
)
def test_a_deleted_working_directory_is_not_reported_as_lost_output(
    emulator: Emulator, program: Program, flags: tuple[str, ...]
) -> None:
    leave = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    lost = Program(emulator, program.folder, ("sh", "-c", leave, "sh", *COMMAND))
    run = lost.run(*flags, "--run-once", PYTHONSAFEPATH="1")
    said = "the working directory no longer exists (No such file or directory): cd to another one first"
    assert run == Run(1, "", f"dynamic-dynamodb: {said}\n")
