"""Call STS with the program's own credentials: assume roles, and find the id of the own account."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials

from dynamic_dynamodb.aws.botocore_setup import make_clients
from dynamic_dynamodb.aws.client import AwsClient
from dynamic_dynamodb.aws.credential_lookup import Lookup
from dynamic_dynamodb.aws.permissions import ASSUME_ROLE, GET_CALLER_IDENTITY
from dynamic_dynamodb.check.resilience import CallBudget
from dynamic_dynamodb.errors import AwsError, CredentialsError, RoleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dynamic_dynamodb.aws.attempts import Observer
    from dynamic_dynamodb.aws.credentials import Credentials
    from dynamic_dynamodb.check.resilience import Timeouts
    from dynamic_dynamodb.config.places import Role

T = TypeVar("T")
Found = tuple[RefreshableCredentials, ReadOnlyCredentials]

_ATTEMPTS: Final = 2
_MOST_CONNECTIONS: Final = 20
"""Roles are assumed at the same time when the program starts."""
_IDENTITY_SECONDS: Final = 5.0
"""A check can do without the id of its account, so it does not wait long."""
_UNFIT_CHARACTERS: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)
_LONGEST_NAME: Final = 64
"""The characters and the length of RoleSessionName are those of STS's API reference."""
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")


class Sts:
    """STS in one region; threads may share it. Each call has a budget of its own."""

    def __init__(
        self,
        credentials: Credentials,
        region: str,
        *,
        timeouts: Timeouts,
        is_stopping: Callable[[], bool],
        observers: Sequence[Observer] = (),
    ) -> None:
        """Call nothing yet; a client is made for the first call."""
        self.credentials = credentials
        self._timeouts = timeouts
        self._is_stopping = is_stopping
        self._observers = observers
        self._make = partial(
            make_clients,
            {"sts": region},
            profile=credentials.profile,
            credential_provider=credentials,
            timeouts=timeouts,
            most_connections=_MOST_CONNECTIONS,
        )
        self._lock = threading.Lock()
        self._clients: Mapping[str, Any] = {}

    def assume(self, role: Role, session_name: str) -> Found:
        """Return temporary credentials of a role; raise RoleError."""
        try:
            self.credentials.reset()
            return self._call(
                replace(self._timeouts, most_attempts=_ATTEMPTS),
                ASSUME_ROLE,
                "assume_role",
                _read_credentials,
                RoleArn=role.arn,
                RoleSessionName=session_name,
                **({"ExternalId": role.external_id} if role.external_id else {}),
            )
        except AwsError as error:
            raise self._describe(role, error) from None

    def find_account(self) -> str:
        """Return the twelve digits of the account of the credentials; raise AwsError."""
        limits = replace(
            self._timeouts, most_attempts=1, attempt=min(_IDENTITY_SECONDS, self._timeouts.attempt)
        )
        return self._call(limits, GET_CALLER_IDENTITY, "get_caller_identity", _read_account)

    def _call(
        self,
        limits: Timeouts,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        **parameters: Any,  # noqa: ANN401 - botocore's own shapes
    ) -> T:
        client = AwsClient(
            self.credentials, self._share_clients, budget=CallBudget(limits), is_stopping=self._is_stopping
        )
        client.observers = self._observers
        client.open()
        return client.call(action, operation, parse, **parameters)

    def _share_clients(self) -> Mapping[str, Any]:
        with self._lock:
            if not self._clients:
                self._clients = self._make()
            return self._clients

    def _describe(self, role: Role, error: AwsError) -> RoleError:
        if isinstance(error, CredentialsError):
            reason = error.message
        else:
            reason = f"{error.code}: {error.message}"
            if error.is_about_credentials:
                later = "" if self.credentials.is_fixed else "; the next check looks up others"
                reason = f"AWS refused the program's own credentials: {reason}{later}"
        message = f"could not assume {role.arn}: {reason}"
        is_caller_known = not error.is_about_credentials
        return RoleError(error.action, error.code, message, role.external_id, is_caller_known=is_caller_known)


class RoleLookup(Lookup):
    """A look-up of a role's credentials, which first looks up the program's own if that is due."""

    def __init__(self, sts: Sts, role: Role, session_name: str, timeouts: Timeouts) -> None:
        """Start the look-up."""
        super().__init__(f"STS for {role.arn}", 2 * timeouts.credentials)
        self._assume = partial(sts.assume, role, session_name)
        self.start()

    def find(self) -> Found:
        """Assume the role."""
        return self._assume()


def name_session(instance: str) -> str:
    """Return the name of this program's sessions, by which CloudTrail shows them."""
    return _UNFIT_CHARACTERS.sub("-", f"dynamic-dynamodb-{instance}")[:_LONGEST_NAME]


def _read_credentials(answer: Mapping[str, Any]) -> Found:
    given = answer["Credentials"]
    key_id, secret_key, token, expiry = (
        given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    )
    if not isinstance(expiry, datetime):
        raise TypeError("Expiration is not a time")
    # botocore's object is used for its expiry alone, and never refreshes itself.
    source = RefreshableCredentials(key_id, secret_key, token, expiry, dict, ASSUME_ROLE)
    return source, ReadOnlyCredentials(key_id, secret_key, token)


def _read_account(answer: Mapping[str, Any]) -> str:
    account = str(answer["Account"])
    if not _ACCOUNT_ID.fullmatch(account):
        raise ValueError("Account is not an account id")
    return account
