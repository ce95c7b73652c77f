"""--init writes a configuration for one account and region, which flags choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.proposals import joined

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

ROLE = "arn:aws:iam::111122223333:role/scaling"
ACCOUNTS = f"""\
[account: production]
role-arn: {ROLE}
external-id: example
regions: us-east-1, eu-west-1
[account: own]
regions: us-east-1
"""


@pytest.mark.parametrize(
    ("file", "flags", "sentence"),
    [
        pytest.param(
            ACCOUNTS,
            (),
            "one account and region, and there are 3: choose one, such as --account production --region"
            " us-east-1",
            id="accounts",
        ),
        pytest.param(
            ACCOUNTS,
            ("--account", "production"),
            "one account and region, and there are 2: choose one, such as --account production --region"
            " us-east-1",
            id="one account with two regions",
        ),
        pytest.param(
            "[global]\nregions: eu-west-1, us-east-1\n",
            (),
            "one region, and there are 2: choose one, such as --region eu-west-1",
            id="regions of a file",
        ),
        pytest.param(
            "",
            ("--regions", "eu-west-1,us-east-1"),
            "one region, and there are 2: choose one, such as --region eu-west-1",
            id="regions of the command line",
        ),
    ],
)
def test_several_places_are_refused_with_the_flags_that_choose_one(
    emulator: Emulator, program: Program, file: str, flags: tuple[str, ...], sentence: str
) -> None:
    run = program.run("-c", program.write(file), "--init", *flags)
    assert run.code == 2
    assert f"--init writes a configuration for {sentence}\n" in run.stderr
    assert emulator.requests() == []


def test_a_chosen_account_is_asked_with_its_role_and_the_file_scales_that_account(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_role(ROLE, external_id="example")
    emulator.at("111122223333", "eu-west-1").add_table("orders", reads=100, writes=20)
    path = program.write(ACCOUNTS)
    run = program.run(
        "-c", path, "--init", "--account", "production", "--region", "eu-west-1", AWS_DEFAULT_REGION=None
    )
    assert run.code == 0
    assert "listing the tables of production/eu-west-1" in run.stderr
    assert " for production/eu-west-1, account 111122223333." in joined(run.stdout)
    assert "\nregion: " not in run.stdout
    expected = ACCOUNTS.partition("[account: own]")[0].replace("us-east-1, ", "")
    assert f"\n\n{expected}\n[default_options]" in run.stdout
    assert {one.account for one in emulator.requests("DescribeTable")} == {"111122223333"}
    checked = program.run("-c", program.write(run.stdout), "--check-config", AWS_DEFAULT_REGION=None)
    assert (checked.code, checked.stderr) == (0, "")
    dry = program.check(run.stdout, "--dry-run", AWS_DEFAULT_REGION=None)
    assert (dry.code, dry.warnings) == (0, [])
    dry.line_of("orders")
