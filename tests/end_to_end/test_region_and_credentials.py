"""Region and credentials can come from flags, the file, the environment or a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, add_busy

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

TABLE = f"[table: busy]\n{LIMITS}"
KEYS = "aws-access-key-id: AKIDFILE\naws-secret-access-key-id: of-the-file\n"


def _senders(emulator: Emulator) -> set[tuple[str, str]]:
    return {(request.region, request.access_key) for request in emulator.requests()}


@pytest.mark.parametrize(
    ("file", "flags", "expected"),
    [
        pytest.param("", (), ("us-east-1", "AKIDEMULATOR"), id="defaults"),
        pytest.param("region: eu-west-1\n", (), ("eu-west-1", "AKIDEMULATOR"), id="region in the file"),
        pytest.param("", ("--region", "eu-west-1"), ("eu-west-1", "AKIDEMULATOR"), id="region in a flag"),
        pytest.param(
            "region: eu-west-1\n", ("-r", "sa-east-1"), ("sa-east-1", "AKIDEMULATOR"), id="the flag wins"
        ),
        pytest.param(KEYS, (), ("us-east-1", "AKIDFILE"), id="keys in the file"),
        pytest.param(
            KEYS.replace("key-id: of", "key: of"), (), ("us-east-1", "AKIDFILE"), id="the better name"
        ),
        pytest.param(
            KEYS,
            ("--aws-access-key-id", "AKIDFLAG", "--aws-secret-access-key", "of-the-flag"),
            ("us-east-1", "AKIDFLAG"),
            id="keys in flags win",
        ),
        pytest.param(
            "aws-access-key-id: AKIDFILE\n",
            ("--aws-secret-access-key", "of-the-flag"),
            ("us-east-1", "AKIDFILE"),
            id="a key from each",
        ),
    ],
)
def test_region_and_keys_come_from_flag_and_file(
    emulator: Emulator, program: Program, file: str, flags: tuple[str, ...], expected: tuple[str, str]
) -> None:
    add_busy(emulator)
    run = program.check(f"[global]\n{file}{TABLE}", *flags, AWS_DEFAULT_REGION=None)
    assert run.code == 0
    # That a secret among the flags can be seen by others is warned of.
    assert len(run.warnings) == flags.count("--aws-secret-access-key")
    assert _senders(emulator) == {expected}
    assert "of-the" not in run.stdout + run.stderr


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_another_region_in_the_environment_is_one_warning_and_not_used(
    emulator: Emulator, program: Program, variable: str
) -> None:
    add_busy(emulator)
    environment = {"AWS_DEFAULT_REGION": None, variable: "eu-north-1"}
    run = program.check(TABLE, **environment)
    assert run.code == 0
    assert {region for region, _ in _senders(emulator)} == {"us-east-1"}
    assert len(run.warnings) == 1
    assert f"{variable}=eu-north-1" in run.warnings[0]


@pytest.mark.parametrize(
    ("file", "flags", "missing"),
    [
        pytest.param("aws-access-key-id: AKIDFILE\n", (), "aws-secret-access-key", id="id in the file"),
        pytest.param("aws-secret-access-key-id: secret\n", (), "aws-access-key-id", id="secret in the file"),
        pytest.param("", ("--aws-access-key-id", "AKIDFLAG"), "aws-secret-access-key", id="id in a flag"),
    ],
)
def test_one_key_without_the_other_is_a_fault(
    emulator: Emulator, program: Program, file: str, flags: tuple[str, ...], missing: str
) -> None:
    add_busy(emulator)
    run = program.check(f"[global]\n{file}{TABLE}", *flags)
    assert run.code == 2
    assert f"{missing} is missing" in run.stderr
    assert emulator.requests() == []


def test_a_run_without_credentials_is_one_error_with_advice(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    run = program.check(TABLE, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert run.code == 1
    said = "no AWS credentials were found: set AWS_PROFILE, run `aws configure`, or attach an IAM role"
    expected = f"ERROR nothing can be checked: {said} to the instance, task or pod"
    assert [line for line in run.log if not line.startswith("INFO")] == [expected]
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        pytest.param({"AWS_PROFILE": "nobody"}, "nobody", id="an unknown profile"),
        pytest.param({"AWS_CONFIG_FILE": "broken"}, "broken", id="a file that boto3 cannot parse"),
    ],
)
def test_a_broken_aws_environment_is_named(
    emulator: Emulator, program: Program, variable: dict[str, str], said: str
) -> None:
    program.write("what is this\n", "broken")
    run = program.check(TABLE, **variable)
    assert (run.code, run.stderr) == (1, "")
    assert len([line for line in run.log if line.startswith("ERROR") and said in line]) == 1
    assert emulator.requests() == []


def test_a_file_with_keys_that_others_can_read_is_a_warning(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    path = program.folder / "open.conf"
    path.write_text(f"[global]\n{KEYS}{TABLE}", encoding="utf-8")
    path.chmod(0o644)
    run = program.run("-c", str(path), "--run-once")
    assert run.code == 0
    assert [warning for warning in run.warnings if "chmod 600" in warning]
