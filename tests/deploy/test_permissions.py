"""Every policy allows exactly the actions that the program uses, as logged by the emulated account."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.aws.permissions import (
    ASSUME_ROLE,
    DESCRIBE_SCALING_POLICIES,
    DESCRIBE_SCHEDULED_ACTIONS,
    GET_METRIC_STATISTICS,
    GET_PRODUCTS,
    PURPOSES,
)
from tests.deploy.contrib import REPOSITORY, read
from tests.deploy.stack import deploy
from tests.end_to_end.account import ALL, LIMITS, add_busy, add_busy_with_index, add_idle

if TYPE_CHECKING:
    from tests.emulator import Emulator, LoggedRequest
    from tests.end_to_end.program import Program

_NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}
_WITHOUT_SCALING = {ASSUME_ROLE, DESCRIBE_SCALING_POLICIES, DESCRIBE_SCHEDULED_ACTIONS, GET_PRODUCTS}
_PREFIXES = {"monitoring": "cloudwatch"}
_PAGE = REPOSITORY / "docs" / "iam_permissions.md"


@pytest.fixture
def everything(emulator: Emulator) -> str:
    """Return a configuration that uses everything, with tables to raise and to lower."""
    add_busy_with_index(emulator)
    add_idle(emulator)
    types = "scale-up, scale-down, high-throughput-alarm, low-throughput-alarm"
    alarms = "reads-upper-alarm-threshold: 80\nwrites-lower-alarm-threshold: 20\n"
    everywhere = f"[global]\nskip-aws-autoscaled: true\n{ALL}"
    return f"{everywhere}sns-topic-arn: {emulator.add_topic('scaling')}\nsns-message-types: {types}\n{alarms}"


def asked(emulator: Emulator) -> set[str]:
    """Return the actions that the program has used, as policies name them."""
    return set(map(name_action, emulator.requests()))


def name_action(request: LoggedRequest) -> str:
    """Return the action of a request as policies name it."""
    return f"{_PREFIXES.get(request.service, request.service)}:{request.action}"


def allowed(policy: dict[str, Any]) -> set[str]:
    statements = policy["Statement"]
    listed = (each["Action"] for each in statements)
    return {action for each in listed for action in ([each] if isinstance(each, str) else each)}


@pytest.fixture
def used(emulator: Emulator, program: Program, everything: str) -> set[str]:
    """Return the actions of a run that uses everything."""
    run = program.check(everything)
    assert run.code == 0, run
    return asked(emulator)


def test_the_printed_policy_allows_the_used_actions(
    program: Program, everything: str, used: set[str]
) -> None:
    printed = program.run("-c", program.write(everything), "--print-iam-policy")
    assert allowed(json.loads(printed.stdout)) == used


def test_the_printed_policies_of_accounts_allow_the_used_actions(
    emulator: Emulator, program: Program
) -> None:
    role = "arn:aws:iam::111122223333:role/scaling"
    emulator.add_role(role, external_id="example")
    there = emulator.at("111122223333", "eu-west-1")
    topic = there.add_topic("scaling")
    for place in (emulator, there):
        place.add_table("busy", reads=10, writes=10)
        place.put_metrics("busy", consumed_reads=9.9, consumed_writes=9.9)
    accounts = f"[account: own]\n[account: production]\nrole-arn: {role}\nexternal-id: example\n"
    messages = f"sns-topic-arn: {topic}\nsns-message-types: scale-up\n"
    written = program.write(
        f"[global]\nregion: us-east-1\n{accounts}regions: eu-west-1\n"
        f"[table: ^busy$]\naccounts: production\n{LIMITS}{messages}{ALL}"
    )
    run = program.run("-c", written, "--run-once")
    assert run.code == 0, run
    policies = json.loads(program.run("-c", written, "--print-iam-policy").stdout)
    used = {
        account: {name_action(one) for one in emulator.requests() if one.account == account}
        for account in ("111122223333", "123456789012")
    }
    assert allowed(policies["accounts"]["production"]["policy"]) == used["111122223333"]
    assert allowed(policies["program"]["policy"]) == used["123456789012"] - _NEEDS_NO_PERMISSION


def test_the_stack_allows_the_used_actions(used: set[str]) -> None:
    with deploy() as stack:
        policy = stack.properties("ScalingPermissions")["PolicyDocument"]
    assert allowed(policy) == used


def record(emulator: Emulator, program: Program, everything: str) -> set[str]:
    """Record an account in which AWS scales a table too, and return the actions of the run."""
    before = len(emulator.requests())
    emulator.register_scalable("scaled")
    run = program.run("-c", program.write(everything), "--record", "history", "--days", "1")
    assert run.code == 0, run
    return set(map(name_action, emulator.requests()[before:]))


def test_the_printed_policy_allows_the_actions_of_a_recording(
    emulator: Emulator, program: Program, everything: str
) -> None:
    printed = program.run("-c", program.write(everything), "--record", "history", "--print-iam-policy")
    assert allowed(json.loads(printed.stdout)) == record(emulator, program, everything)


def propose(emulator: Emulator, program: Program) -> set[str]:
    """Propose a configuration for an account with everything, and return the actions of the run."""
    before = len(emulator.requests())
    emulator.add_table("on-demand", on_demand=True)
    emulator.register_scalable("busy")
    run = program.run("--init")
    assert run.code == 0, run
    return set(map(name_action, emulator.requests()[before:]))


def test_the_printed_policy_allows_the_actions_of_a_proposal(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    printed = program.run("--init", "--print-iam-policy")
    assert allowed(json.loads(printed.stdout)) == propose(emulator, program)


def test_the_documentation_lists_the_used_actions_and_their_alternatives(
    emulator: Emulator, program: Program, everything: str, used: set[str]
) -> None:
    listed = set(re.findall(r"^\| `([\w-]+:\w+)` \|", read(_PAGE), flags=re.MULTILINE))
    others = record(emulator, program, everything) | propose(emulator, program)
    assert listed == used | others | {GET_METRIC_STATISTICS, ASSUME_ROLE}


def test_only_actions_without_resources_are_allowed_on_everything(used: set[str]) -> None:
    with deploy() as stack:
        everywhere = [each for each in stack.statements().values() if each["Resource"] == "*"]
    assert allowed({"Statement": everywhere}) == {
        action
        for action in used
        if action.startswith(("cloudwatch:", "application-autoscaling:")) or action == "dynamodb:ListTables"
    }


def test_a_denied_action_is_replaced_by_its_only_alternative(
    emulator: Emulator, program: Program, everything: str
) -> None:
    emulator.add_fault(action="GetMetricData", code="AccessDenied")
    program.check(everything)
    assert asked(emulator) == set(PURPOSES) - _WITHOUT_SCALING
    assert GET_METRIC_STATISTICS in PURPOSES
