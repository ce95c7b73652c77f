"""Each account is called with the credentials of its role and with no others, whatever fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.aws.sts import name_session
from dynamic_dynamodb.check.notifications import Message
from dynamic_dynamodb.check.resilience import Timeouts
from tests.aws.accounts import OTHER, PRODUCTION, ROLE, check, find_senders, open_places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

SECOND = "arn:aws:iam::444455556666:role/scaling"
STAGING = f"[account: staging]\nrole-arn: {SECOND}\nregions: us-east-1\n"
OWN = "[account: own]\nregions: us-east-1\n"
REGIONS = ("us-east-1", "eu-west-1", "sa-east-1")
THREE = PRODUCTION.format(", ".join(REGIONS))
ONE = PRODUCTION.format("us-east-1")
NAME = "production/us-east-1"
BASE_SECRET = "SecretOfTheProgram/0123456789"
USER = "arn:aws:iam::123456789012:user/tester"
REFUSED = (
    f"could not assume {ROLE}: AccessDenied: User: {USER} is not authorized to perform: sts:AssumeRole on"
    f" resource: {ROLE} (allow sts:AssumeRole on this role in the policy of the program's own credentials,"
    " and allow these in the role's trust policy{}: --print-iam-policy prints both)"
)
DENIED = REFUSED.format(", with the external-id example")


@pytest.fixture(autouse=True)
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process call the emulator, with keys of the default account."""
    for name, text in emulator.environment().items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", BASE_SECRET)


@pytest.fixture(autouse=True)
def roles(emulator: Emulator) -> None:
    """Create two roles, and a table in each region of the first one's account."""
    emulator.add_role(ROLE, external_id="example")
    emulator.add_role(SECOND)
    for region in REGIONS:
        emulator.at(OTHER, region).add_table(f"orders-{region}")


def list_assumed(emulator: Emulator) -> list[str]:
    """Return the access key that each AssumeRole was signed with."""
    return [one.access_key for one in emulator.requests("AssumeRole")]


def test_a_role_is_assumed_once_for_all_its_regions(emulator: Emulator, tmp_path: Path) -> None:
    with open_places(tmp_path, THREE) as opened:
        found = {name: check(account) for name, account in opened.accounts.items()}
        assert {check(opened[NAME])[0]} == {"orders-us-east-1"}
    assert found == {f"production/{region}": [f"orders-{region}"] for region in REGIONS}
    assert find_senders(emulator) == [(OTHER, region) for region in (*REGIONS, "us-east-1")]
    (assumed,) = emulator.requests("AssumeRole")
    assert (assumed.access_key, assumed.region) == ("AKIDEMULATOR", "us-east-1")
    assert assumed.parameters == {
        "RoleArn": ROLE,
        "RoleSessionName": "dynamic-dynamodb-default",
        "ExternalId": "example",
    }


def test_sts_is_called_in_the_first_region_of_the_account(emulator: Emulator, tmp_path: Path) -> None:
    with open_places(tmp_path, STAGING + PRODUCTION.format("eu-west-1, us-east-1")) as opened:
        check(opened["production/us-east-1"])
    assert [one.region for one in emulator.requests("AssumeRole")] == ["eu-west-1"]


def test_the_account_without_a_role_is_called_with_the_programs_own_credentials(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.add_table("ours")
    with open_places(tmp_path, OWN + ONE) as opened:
        assert check(opened["own/us-east-1"]) == ["ours"]
        assert check(opened[NAME]) == ["orders-us-east-1"]
    assert [one.access_key[:4] for one in emulator.requests("ListTables")] == ["AKID", "ASIA"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="a region"),
        pytest.param("[global]\nregions: us-east-1, eu-west-1\n", id="regions without accounts"),
        pytest.param(OWN, id="the own account in one region"),
    ],
)
def test_sts_is_not_called_without_a_role(emulator: Emulator, tmp_path: Path, text: str) -> None:
    emulator.add_table("ours")
    with open_places(tmp_path, text) as opened:
        assert [check(account) for account in opened.accounts.values()] == [["ours"]] * len(opened.accounts)
        assert {account.account_id for account in opened.accounts.values()} == {""}
    assert set(emulator.count_requests()) == {"ListTables"}


@pytest.mark.parametrize(
    ("role", "external_id"),
    [
        pytest.param({"external_id": "another"}, "example", id="another external id"),
        pytest.param({"trusted": [OTHER]}, "example", id="a role that trusts somebody else"),
        pytest.param(None, "example", id="a role that does not exist"),
        pytest.param({"external_id": "example"}, None, id="no external id"),
    ],
)
def test_a_role_that_may_not_be_assumed_is_never_replaced_by_the_programs_own_credentials(
    emulator: Emulator, tmp_path: Path, *, role: dict[str, Any] | None, external_id: str | None
) -> None:
    emulator.remove_role(ROLE)
    if role is not None:
        emulator.add_role(ROLE, **role)
    text, expected = THREE, DENIED
    if external_id is None:
        text, expected = THREE.replace("external-id: example\n", ""), REFUSED.format("")
    with open_places(tmp_path, text) as opened:
        assert [check(account) for account in opened.accounts.values()] == [expected] * 3
        assert not any(account.is_usable for account in opened.accounts.values())
        account = opened[NAME]
        listed = account.tables.list_tables()  # as a check would that does not look at the error
    assert str(listed.error) == expected
    assert {one.action for one in emulator.requests()} == {"AssumeRole"}


def test_an_explicit_deny_is_named_as_such(emulator: Emulator, tmp_path: Path) -> None:
    denied = "with an explicit deny in a service control policy"
    message = f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {ROLE} {denied}"
    emulator.add_fault(action="AssumeRole", code="AccessDenied", message=message)
    with open_places(tmp_path, ONE) as opened:
        sentence = check(opened[NAME])
    assert str(sentence).endswith(
        "(remove the explicit deny of sts:AssumeRole from a service control policy)"
    )


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"},
            f"could not assume {ROLE}: EndpointConnectionError: Could not connect to the endpoint URL:"
            ' "http://127.0.0.1:9/" (AWS cannot be reached: check region, proxy, security group and DNS)',
            id="STS cannot be reached",
        ),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            f"could not assume {ROLE}: no AWS credentials were found: set AWS_PROFILE, run `aws configure`,"
            " or attach an IAM role to the instance, task or pod",
            id="the program has no credentials",
        ),
        pytest.param(
            {"AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": None},
            "there is no profile 'nobody': correct AWS_PROFILE",
            id="the program's profile does not exist",
        ),
        pytest.param(
            {"file": "aws-profile: nobody"},
            "there is no profile 'nobody': correct --profile, or aws-profile in [global]",
            id="the profile of the file does not exist",
        ),
    ],
)
def test_an_error_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str | None], expected: str
) -> None:
    variables = {**variables}
    options = variables.pop("file", "")
    with open_places(tmp_path, f"[global]\n{options}\n{OWN}{ONE}") as opened:
        for name, text in variables.items():
            if text is None:
                monkeypatch.delenv(name)
            else:
                monkeypatch.setenv(name, text)
        sentence = check(opened[NAME])
    assert str(sentence).startswith(expected)


def test_refused_credentials_of_the_program_are_looked_up_again_in_the_next_check(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"
    written = "[default]\naws_access_key_id = {}\naws_secret_access_key = a-secret-key\n"
    file.write_text(written.format("AKIDOLD"), encoding="utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    emulator.add_fault(action="AssumeRole", code="ExpiredToken")
    with open_places(tmp_path, ONE) as opened:
        assert check(opened[NAME]) == (
            f"could not assume {ROLE}: AWS refused the program's own credentials: ExpiredToken: The security"
            " token included in the request is expired; the next check looks up others"
        )
        file.write_text(written.format("AKIDNEW"), encoding="utf-8")
        assert check(opened[NAME]) == ["orders-us-east-1"]
    assert list_assumed(emulator) == ["AKIDOLD", "AKIDNEW"]


def test_a_session_that_expires_during_a_check_is_replaced_in_the_next_one(
    emulator: Emulator, tmp_path: Path
) -> None:
    with open_places(tmp_path, ONE) as opened:
        account = opened[NAME]
        account.prepare()
        emulator.set_clock(emulator.now().timestamp() + 3_700)
        assert str(account.tables.list_tables().error).startswith("dynamodb:ListTables failed: ExpiredToken")
        assert check(account) == ["orders-us-east-1"]
    assert len(list_assumed(emulator)) == 2
    assert set(find_senders(emulator)) == {(OTHER, "us-east-1")}


@pytest.mark.parametrize(("seconds", "assumed"), [(3_600, 1), (840, 3)], ids=["long", "nearly over"])
def test_a_session_is_renewed_a_quarter_of_an_hour_before_its_end(
    emulator: Emulator, tmp_path: Path, seconds: float, assumed: int
) -> None:
    emulator.add_role(ROLE, session_seconds=seconds)
    with open_places(tmp_path, ONE) as opened:
        assert [check(opened[NAME]) for _ in range(3)] == [["orders-us-east-1"]] * 3
    assert len(list_assumed(emulator)) == assumed


def test_checks_of_three_regions_share_each_renewal(emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_role(ROLE, session_seconds=840)
    emulator.add_fault(kind="slow", action="AssumeRole", seconds=2, times=None)
    with open_places(tmp_path, THREE) as opened, ThreadPoolExecutor(3) as threads:
        for renewals in (1, 2):
            found = list(threads.map(check, opened.accounts.values()))
            assert found == [[f"orders-{region}"] for region in REGIONS]
            assert len(list_assumed(emulator)) == renewals


def test_a_failed_look_up_answers_all_checks_that_waited_for_it(emulator: Emulator, tmp_path: Path) -> None:
    emulator.remove_role(ROLE)
    emulator.add_fault(kind="slow", action="AssumeRole", seconds=2, times=None)
    with open_places(tmp_path, THREE) as opened, ThreadPoolExecutor(3) as threads:
        assert list(threads.map(check, opened.accounts.values())) == [DENIED] * 3
    assert len(list_assumed(emulator)) == 1


def test_an_account_goes_on_while_sts_hangs_for_the_role_of_another(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.at("444455556666", "us-east-1").add_table("staging")
    emulator.add_fault(kind="hang", role=ROLE, times=None)
    with open_places(tmp_path, ONE + STAGING) as opened, ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(check, opened[NAME])
        emulator.wait_for_requests("AssumeRole", ended=False)
        assert check(opened["staging/us-east-1"]) == ["staging"]
        assert not hanging.done()
        emulator.clear_faults()
        assert hanging.result() == ["orders-us-east-1"]  # the call is tried twice


def test_sts_that_never_answers_ends_a_check_in_time(emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_fault(kind="hang", action="AssumeRole", times=None)
    with open_places(tmp_path, ONE, timeouts=Timeouts(attempt=0.5, read=0.4)) as opened:
        sentence = check(opened[NAME])
    assert str(sentence).startswith(f"could not assume {ROLE}: ")
    assert (len(list_assumed(emulator)), find_senders(emulator)) == (2, [])


def test_a_reload_keeps_the_session_of_the_same_role(emulator: Emulator, tmp_path: Path) -> None:
    with open_places(tmp_path, ONE) as old:
        check(old[NAME])
        emulator.remove_role(ROLE)
        with open_places(tmp_path, PRODUCTION.format("eu-west-1"), before=old) as new:
            account = new["production/eu-west-1"]
            assert check(account) == ["orders-eu-west-1"]
            assert [notice.sentence for notice in account.conditions.in_force] == [
                f"{DENIED}; the current credentials stay in use, and the next check tries again"
            ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ONE.replace("example", "another"), id="another external id"),
        pytest.param(ONE.replace(ROLE, f"{ROLE}-2"), id="another role"),
        pytest.param(
            f"[global]\naws-access-key-id: AKIDFILE\naws-secret-access-key-id: of-the-file\n{ONE}",
            id="other credentials of the program",
        ),
    ],
)
def test_a_reload_does_not_use_a_session_of_another_origin(
    emulator: Emulator, tmp_path: Path, text: str
) -> None:
    with open_places(tmp_path, ONE) as old:
        check(old[NAME])
        emulator.remove_role(ROLE)
        with open_places(tmp_path, text, before=old) as new:
            assert str(check(new[NAME])).startswith("could not assume ")
            assert not new[NAME].is_usable


def test_a_message_is_published_by_the_role_in_the_region_of_its_topic(
    emulator: Emulator, tmp_path: Path
) -> None:
    topic = emulator.at(OTHER, "eu-west-1").add_topic("scaling")
    messages = f"[global]\nsns-topic-arn: {topic}\nsns-message-types: failure\n"
    with open_places(tmp_path, messages + THREE) as opened:
        for account in opened.accounts.values():
            account.prepare()
            account.notifier.publish(Message(topic, "subject", "body"))
    assert find_senders(emulator, "Publish") == [(OTHER, "eu-west-1")] * 3
    assert len(emulator.published()) == 3


def test_secrets_of_the_program_and_of_roles_are_masked(emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_fault(
        action="AssumeRole", code="SignatureDoesNotMatch", message=f"not signed by {BASE_SECRET}"
    )
    with open_places(tmp_path, ONE) as opened:
        account = opened[NAME]
        assert "not signed by ********;" in str(check(account))
        check(account)
        keys = account.client.credentials.get_frozen_credentials()
        said = f"{keys.token} and {keys.secret_key} by {BASE_SECRET}"
        emulator.add_fault(action="ListTables", code="ValidationException", message=said)
        assert str(check(account)).endswith("ValidationException: ******** and ******** by ********")
        assert account.client.credentials.mask(said) == opened.pool.own.mask(said).replace(
            f"{keys.token} and {keys.secret_key}", "******** and ********"
        )


def test_a_malformed_answer_of_sts_is_an_error_of_the_role(emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_fault(
        kind="odd", action="AssumeRole", path=["Credentials"], value={"AccessKeyId": "AKID"}, times=None
    )
    with open_places(tmp_path, ONE) as opened:
        sentence = str(check(opened[NAME]))
    assert sentence.startswith(f"could not assume {ROLE}: UnusableAnswer: ")
    assert (len(list_assumed(emulator)), find_senders(emulator)) == (2, [])


@pytest.mark.parametrize(
    ("instance", "name"),
    [
        pytest.param("default", "dynamic-dynamodb-default", id="the usual one"),
        pytest.param("a b/ü", "dynamic-dynamodb-a-b--", id="characters that STS refuses"),
        pytest.param("x" * 64, f"dynamic-dynamodb-{'x' * 47}", id="a long one"),
    ],
)
def test_a_session_is_named_after_the_instance(instance: str, name: str) -> None:
    assert name_session(instance) == name


@given(st.text())
def test_sts_accepts_the_name_of_every_session(instance: str) -> None:
    name = name_session(instance)
    assert 2 <= len(name) <= 64
    assert name.isascii()
    assert all(one.isalnum() or one in "_+=,.@-" for one in name)
