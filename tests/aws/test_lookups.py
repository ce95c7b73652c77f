"""Credentials are looked up when they are needed, refused or about to expire, once per check."""

from __future__ import annotations

import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from traceback import walk_stack
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import ClientError

from dynamic_dynamodb.aws.credential_process import PlainError
from dynamic_dynamodb.aws.credentials import RENEWAL_SECONDS, Credentials
from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.resilience import never
from dynamic_dynamodb.errors import CredentialsError
from tests.aws.fakes import FakeClock, FakeLookup, FakeLookups, FakeService, make_client, refuse
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 2, tzinfo=timezone.utc)
HINT = "set AWS_PROFILE, run `aws configure`, or attach an IAM role to the instance, task or pod"


@dataclass
class Time:
    """A clock for the expiry of temporary credentials."""

    now: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


def lasting(key: str) -> FakeLookup:
    """Return a look-up that finds credentials that never expire."""
    return FakeLookup((object(), ReadOnlyCredentials(key, "a-secret-key", None)))


def temporary(key: str, seconds: int, time: Time) -> FakeLookup:
    """Return a look-up that finds credentials that expire this many seconds after `NOW`."""
    expiry = NOW + timedelta(seconds=seconds)
    source = RefreshableCredentials(key, "a-secret-key", "a-token", expiry, dict, "fake", time_fetcher=time)
    return FakeLookup((source, ReadOnlyCredentials(key, "a-secret-key", "a-token")))


def failing(error: Exception) -> FakeLookup:
    return FakeLookup(error=error)


def hanging() -> FakeLookup:
    lookup = FakeLookup()
    lookup.has_ended = False
    return lookup


def make(
    *coming: FakeLookup, keys: tuple[str, str] | None = None, profile: str | None = None
) -> tuple[Credentials, FakeLookups]:
    lookups = FakeLookups(deque(coming))
    chosen = keys or profile
    return Credentials(chosen, lookups, is_stopping=never), lookups


def check(credentials: Credentials) -> str:
    """Return the key that a check signs with, or the code of the error."""
    try:
        credentials.reset()
        return str(credentials.get_frozen_credentials().access_key)
    except CredentialsError as error:
        return error.code


def sentences(conditions: Conditions) -> list[str]:
    return [notice.sentence for notice in conditions.in_force]


def test_credentials_that_last_are_looked_up_once() -> None:
    credentials, lookups = make(lasting("AKIDONE"))
    assert [check(credentials) for _ in range(3)] == ["AKIDONE"] * 3
    assert lookups.started == 1


def test_configured_keys_are_never_looked_up() -> None:
    credentials, lookups = make(keys=(" AKIDOWN", "a-secret-key\n"))
    credentials.mark_refused()
    assert (check(credentials), lookups.started) == ("AKIDOWN", 0)
    assert credentials.get_frozen_credentials().secret_key == "a-secret-key"


def test_refused_credentials_are_replaced_in_the_next_check_and_not_before() -> None:
    credentials, _ = make(lasting("AKIDOLD"), lasting("AKIDNEW"))
    check(credentials)
    credentials.mark_refused()
    assert credentials.get_frozen_credentials().access_key == "AKIDOLD"
    assert check(credentials) == "AKIDNEW"


@pytest.mark.parametrize(
    ("code", "lookups_started"),
    [
        pytest.param("ExpiredTokenException", 2, id="expired"),
        pytest.param("UnrecognizedClientException", 2, id="unknown"),
        pytest.param("AccessDeniedException", 1, id="not allowed, which others would not be either"),
        pytest.param("ThrottlingException", 1, id="throttled"),
    ],
)
def test_a_refusal_of_aws_leads_to_a_look_up_if_it_is_about_credentials(
    code: str, lookups_started: int
) -> None:
    credentials, lookups = make(lasting("AKIDOLD"), lasting("AKIDNEW"))
    client = make_client(FakeService(FakeClock()), [refuse(code)], credentials=credentials)
    with pytest.raises(Exception, match=code):
        client.call("dynamodb:Call", "call", dict)
    client.prepare()
    assert lookups.started == lookups_started


def test_temporary_credentials_are_renewed_a_quarter_of_an_hour_before_they_expire() -> None:
    time = Time()
    credentials, _ = make(temporary("AKIDOLD", 3600, time), temporary("AKIDNEW", 7200, time))
    used = []
    for seconds in (0, 3600 - RENEWAL_SECONDS - 1, 3600 - RENEWAL_SECONDS + 1):
        time.now = NOW + timedelta(seconds=seconds)
        used.append(check(credentials))
    assert used == ["AKIDOLD", "AKIDOLD", "AKIDNEW"]


def test_credentials_that_cannot_be_renewed_stay_in_use_until_they_expire() -> None:
    time = Time()
    failure = PlainError("it ended with exit code 3")
    credentials, _ = make(
        temporary("AKIDOLD", 3600, time), failing(failure), failing(failure), lasting("AKIDNEW")
    )
    conditions = Conditions()
    credentials.report_to(conditions)
    assert check(credentials) == "AKIDOLD"

    time.now = NOW + timedelta(seconds=3000)
    assert check(credentials) == "AKIDOLD"
    kept = "the current credentials stay in use, and the next check tries again"
    failed = "could not get AWS credentials from the instance metadata service: it ended with exit code 3"
    assert sentences(conditions) == [f"{failed}; {kept}"]
    time.now = NOW + timedelta(seconds=3601)
    assert (check(credentials), credentials.is_usable) == ("PlainError", False)
    assert check(credentials) == "AKIDNEW"
    assert sentences(conditions) == []


def test_credentials_that_expire_during_a_check_are_not_looked_up_twice_in_it() -> None:
    time = Time()
    credentials, lookups = make(temporary("AKIDOLD", 600, time), lasting("AKIDNEW"))
    assert check(credentials) == "AKIDOLD"
    time.now = NOW + timedelta(seconds=601)
    with pytest.raises(CredentialsError, match="expired during the check"):
        credentials.get_frozen_credentials()
    assert lookups.started == 1
    assert check(credentials) == "AKIDNEW"


def test_a_look_up_that_takes_too_long_goes_on_and_serves_a_later_check() -> None:
    late = hanging()
    credentials, lookups = make(late)
    with pytest.raises(
        CredentialsError, match="no AWS credentials from the instance metadata service within 40 s"
    ):
        credentials.reset()
    late.has_ended, late.found = True, lasting("AKIDLATE").found
    assert (check(credentials), lookups.started) == ("AKIDLATE", 1)


def test_another_look_up_starts_when_the_running_one_is_hopeless() -> None:
    stuck = hanging()
    credentials, lookups = make(stuck, lasting("AKIDNEW"))
    assert check(credentials) == "TooLate"
    stuck.is_given_up = True
    assert (check(credentials), lookups.started) == ("AKIDNEW", 2)


def test_a_look_up_that_is_started_early_is_the_next_checks_own() -> None:
    before, _ = make(lasting("AKIDOLD"))
    check(before)
    after, lookups = make(failing(PlainError("no")), lasting("AKIDNEW"))
    after.start_early()
    assert lookups.started == 0, "there are no credentials that work meanwhile"
    after.adopt(before)
    after.start_early()
    after.start_early()
    assert (lookups.started, check(after), lookups.started) == (1, "AKIDOLD", 1)
    assert (check(after), lookups.started) == ("AKIDNEW", 2)


class HeldLookup(FakeLookup):
    """A look-up that ends when the test says so."""

    def __init__(self, result: FakeLookup) -> None:
        """Have the result of another one."""
        super().__init__(result.found, result.error)
        self.is_awaited, self.is_over = threading.Event(), threading.Event()

    def wait(self, is_stopping: Callable[[], bool]) -> bool:
        """Wait for the test."""
        del is_stopping
        self.is_awaited.set()
        return self.is_over.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("result", "expected", "next_expected"),
    [
        pytest.param(temporary("AKIDNEW", 600, Time()), "AKIDNEW", "AKIDNEXT", id="found"),
        pytest.param(failing(PlainError("no")), "PlainError", "AKIDNEXT", id="failed"),
    ],
)
def test_checks_that_start_during_a_look_up_share_its_result_and_later_ones_do_not(
    result: FakeLookup, expected: str, next_expected: str
) -> None:
    """Credentials that end soon, and none, would be due in each of these checks."""
    held = HeldLookup(result)
    credentials, lookups = make(held, lasting("AKIDNEXT"))
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(check, credentials)
        held.is_awaited.wait(PATIENCE_SECONDS)
        others = [threads.submit(check, credentials) for _ in range(2)]
        wait_until(lambda: count_started_checks() == 3, "the start of the other checks")
        held.is_over.set()
        assert [one.result() for one in (first, *others)] == [expected] * 3
    assert lookups.started == 1
    assert (check(credentials), lookups.started) == (next_expected, 2)


def count_started_checks() -> int:
    """Return how many threads have begun `Credentials.reset`, and noted how many look-ups there were."""
    stacks = sys._current_frames().values()  # noqa: SLF001 - there is no public way
    return sum(
        any(
            frame.f_code is Credentials.reset.__code__ and "lookups" in frame.f_locals
            for frame, _ in walk_stack(top)
        )
        for top in stacks
    )


@pytest.mark.parametrize(
    ("place", "error", "expected"),
    [
        pytest.param(
            "the profile's role_arn",
            ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "AssumeRole"),
            "could not get AWS credentials from the profile's role_arn: AccessDenied: not you"
            " (allow sts:AssumeRole in the caller's IAM policy and in the role's trust policy)",
            id="a role that is denied",
        ),
        pytest.param(
            "the profile's SSO session",
            ClientError(
                {"Error": {"Code": "ForbiddenException", "Message": "No access"}}, "GetRoleCredentials"
            ),
            "could not get AWS credentials from the profile's SSO session: ForbiddenException: No access;"
            " assign the profile's account and role to its user in IAM Identity Center",
            id="an account that is not assigned",
        ),
        pytest.param(
            "the profile's SSO session",
            ValueError("it has expired"),
            "could not get AWS credentials from the profile's SSO session: ValueError: it has expired;"
            " run `aws sso login` with this profile",
            id="a login that has ended",
        ),
        pytest.param(
            "the container's credentials endpoint",
            ValueError("cannot parse\n  b'<SecretAccessKey>abc/def+ghi=</SecretAccessKey>'"),
            "could not get AWS credentials from the container's credentials endpoint: ValueError:"
            " cannot parse b'<SecretAccessKey>********</SecretAccessKey>'",
            id="an answer that holds a secret",
        ),
        pytest.param(
            "the web identity token",
            TimeoutError(),
            "no AWS credentials from the web identity token within 40 s",
            id="a place that hangs",
        ),
    ],
)
def test_an_error_names_where_credentials_were_looked_up_and_what_to_do(
    place: str, error: Exception, expected: str
) -> None:
    lookup = failing(error)
    lookup.place = place
    credentials, _ = make(lookup)
    with pytest.raises(CredentialsError) as raised:
        credentials.reset()
    assert (str(raised.value), raised.value.__cause__) == (expected, None)


def test_an_error_says_what_to_do_if_there_are_no_credentials() -> None:
    credentials, _ = make(FakeLookup())
    with pytest.raises(CredentialsError, match=f"^no AWS credentials were found: {HINT}$"):
        credentials.reset()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        pytest.param(
            ("AKID", "a secret key"), "the secret access key contains a line break", id="a space within"
        ),
        pytest.param(("AKID", " "), "an empty access key id or secret access key", id="an empty secret"),
    ],
)
def test_keys_that_cannot_be_sent_are_refused(keys: tuple[str, str], message: str) -> None:
    with pytest.raises(CredentialsError, match=message):
        make(keys=keys)


@pytest.mark.parametrize(
    ("coming", "expected"),
    [
        pytest.param(lasting("AKIDNEW"), "AKIDNEW", id="others are found"),
        pytest.param(failing(ValueError("odd")), "AKIDOLD", id="no others are found"),
    ],
)
def test_a_new_configuration_looks_up_credentials_and_falls_back_on_the_old_ones(
    coming: FakeLookup, expected: str
) -> None:
    before, _ = make(lasting("AKIDOLD"))
    check(before)
    after, lookups = make(coming)
    after.adopt(before)
    assert (check(after), lookups.started) == (expected, 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(("AKIDOLD", "a-secret-key"), None, "AKIDFOUND", id="keys are no longer configured"),
        pytest.param(None, ("AKIDNEW", "a-secret-key"), "AKIDNEW", id="keys are configured now"),
    ],
)
def test_configured_keys_are_not_mixed_with_keys_found_elsewhere(old: Any, new: Any, expected: str) -> None:
    before, _ = make(lasting("AKIDBEFORE"), keys=old)
    check(before)
    after, _ = make(lasting("AKIDFOUND"), keys=new)
    after.adopt(before)
    assert check(after) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("own", "own", "AKIDOLD", id="the same profile"),
        pytest.param("own", "other", "NoCredentials", id="another profile"),
        pytest.param(None, "other", "NoCredentials", id="a profile for the first time"),
        pytest.param("own", None, "NoCredentials", id="no profile any more"),
    ],
)
def test_credentials_of_another_profile_are_never_kept(
    old: str | None, new: str | None, expected: str
) -> None:
    before, _ = make(lasting("AKIDOLD"), profile=old)
    check(before)
    after, _ = make(FakeLookup(), profile=new)
    after.adopt(before)
    assert check(after) == expected
