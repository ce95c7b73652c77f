"""Have credentials to sign calls with, and look for others when there are none that work."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import ClientError

from dynamic_dynamodb.aws.credential_lookup import PLACES, LookUp
from dynamic_dynamodb.aws.credential_process import PlainError
from dynamic_dynamodb.aws.secrets import Secrets
from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.config.text import UNSENDABLE, is_sendable
from dynamic_dynamodb.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.check.resilience import Timeouts

RENEWAL_SECONDS: Final = 900
"""Temporary credentials are looked for again so long before they expire, as boto3 does."""
_LOOK_UP: Final = "the look-up of AWS credentials"
_MOST_CHARACTERS: Final = 500
"""A proxy's error page may be much longer."""
_NONE: Final = (
    "no AWS credentials were found: set AWS_PROFILE, run `aws configure`,"
    " or attach an IAM role to the instance, task or pod"
)
_EXPIRED: Final = "the AWS credentials expired during the check"
_EMPTY: Final = "the credentials that were found have an empty access key id or secret access key"
_SERVICES: Final = {PLACES["sso"]: "sso", PLACES["login"]: "signin"}
"""Who hands credentials out at a place, if it is not STS."""
_NAMES: Final = ("access key id", "secret access key", "session token")


@dataclass(frozen=True, slots=True)
class _Held:
    """Credentials in force: what botocore signs with, and its own object that knows until when, if any."""

    frozen: ReadOnlyCredentials
    source: Any = None

    def ends_within(self, seconds: int) -> bool:
        """Tell whether they expire so soon."""
        return isinstance(self.source, RefreshableCredentials) and bool(self.source.refresh_needed(seconds))


class Credentials:
    """Credentials in the shape that botocore signs with.

    Keys that are given never change. Others are looked for as boto3 does, once a check at most: if there
    are none, if AWS has refused them, and 15 minutes before they expire. Whoever needs them meanwhile waits
    for the look-up under way. What is found replaces the old; if nothing is, the old ones stay until
    they expire.
    """

    method = "custom-dynamic-dynamodb"

    def __init__(
        self,
        region: str,
        keys: tuple[str, str] | None,
        *,
        timeouts: Timeouts,
        is_stopping: Callable[[], bool],
        before: Credentials | None = None,
    ) -> None:
        """Begin without any, unless keys are given; go on with those `before` that were looked for too."""
        self.region = region
        self.is_fixed = keys is not None
        self._timeouts = timeouts
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self.conditions = Conditions()
        self.secrets = Secrets(os.environ)
        self.running: LookUp | None = None
        self.held: _Held | None = None
        self._is_wanted = True
        self._is_doubted = False
        self._has_looked = False
        self._failure: CredentialsError | None = None
        if keys is not None:
            self.held = self._take(ReadOnlyCredentials(*keys, None))
        elif before is not None and not before.is_fixed:
            self.held, self.secrets, self.running = before.held, before.secrets, before.running

    @property
    def is_usable(self) -> bool:
        """Tell whether there are any that have not expired."""
        return self.held is not None and not self.held.ends_within(0)

    def load_credentials(self) -> Credentials:
        """Return itself: botocore asks its chain for credentials when a client is made."""
        return self

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        """Return what botocore asks later for the account, for endpoints that have its number."""
        return lambda: getattr(self.held and self.held.frozen, name, None)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what to sign with now; raise CredentialsError."""
        if self._is_due():
            with self._lock:
                if self._is_due():
                    self._look_up()
        held = self.held
        if held is None or held.ends_within(0):
            raise self._failure or CredentialsError(_LOOK_UP, "Expired", _EXPIRED)
        return held.frozen

    def reset(self) -> None:
        """Begin another check: look for credentials if that is due; raise CredentialsError."""
        self._is_wanted |= self._is_doubted
        self._has_looked, self._is_doubted, self._failure = False, False, None
        self.get_frozen_credentials()

    def doubt(self) -> None:
        """Look for others in the next check, because AWS has refused these."""
        self._is_doubted = True

    def hide(self, text: str) -> str:
        """Return the text without secrets."""
        return self.secrets.hide(text)

    def _is_due(self) -> bool:
        if self.is_fixed or self._has_looked:
            return False
        return self._is_wanted or self.held is None or self.held.ends_within(RENEWAL_SECONDS)

    def _look_up(self) -> None:
        """Look for credentials, or go on waiting for a look-up that was given up in an earlier check."""
        try:
            self.held, self._is_wanted = self._find(), False
        except CredentialsError as error:
            self._failure = error
            kept = f"{error}; the credentials in use stay, and the next check looks again"
            is_kept = self.is_usable and not self._is_stopping()
            self.conditions.set("credentials", kept if is_kept else None)
        else:
            self.conditions.set("credentials", None)
        # Last, because others go on then. What lasts may be renewed in a check that takes very long.
        self._has_looked = self.held is None or self._is_wanted or self.held.ends_within(RENEWAL_SECONDS)

    def _find(self) -> _Held:
        running = self.running
        if running is None or running.is_hopeless or (running.is_done and running.found is None):
            running = self.running = LookUp(self.region, self._timeouts)
        if not running.wait(self._is_stopping):
            raise self._explain_wait(running.place)
        self.running = None
        self.secrets.add(running.secrets)
        if isinstance(running.error, TimeoutError):
            raise self._explain_wait(running.place)
        if running.error is not None:
            raise self._explain(running.place, running.error) from None  # its message may hold secrets
        if running.found is None:
            raise CredentialsError(_LOOK_UP, "NoCredentials", _NONE)
        source, frozen = running.found
        return self._take(frozen, source)

    def _take(self, frozen: ReadOnlyCredentials, source: Any = None) -> _Held:  # noqa: ANN401 - of botocore
        """Take spaces off their ends; raise CredentialsError if they cannot be sent all the same."""
        access_key, secret_key, token = values = [str(one or "").strip() for one in frozen[:3]]
        self.secrets.add((secret_key, token))
        for name, text in zip(_NAMES, values, strict=True):
            if not is_sendable(text):
                raise CredentialsError(_LOOK_UP, "MalformedCredentials", f"the {name} {UNSENDABLE}")
        if not access_key or not secret_key:
            raise CredentialsError(_LOOK_UP, "MalformedCredentials", _EMPTY)
        return _Held(
            frozen._replace(access_key=access_key, secret_key=secret_key, token=token or None), source
        )

    def _explain_wait(self, place: str) -> CredentialsError:
        if self._is_stopping():
            return CredentialsError(_LOOK_UP, "Ending", "the program is ending")
        said = f"no AWS credentials from {place} within {self._timeouts.credentials:g} s"
        return CredentialsError(_LOOK_UP, "TooLate", self.hide(said))

    def _explain(self, place: str, error: Exception) -> CredentialsError:
        action, name, said = _LOOK_UP, type(error).__name__, str(error)
        if isinstance(error, ClientError):
            details = error.response.get("Error", {})
            action = f"{_SERVICES.get(place, 'sts')}:{error.operation_name}"
            name, said = details.get("Code", name), str(details.get("Message"))
            if name == "ForbiddenException":
                said += "; assign the profile's account and role to its user in IAM Identity Center"
        elif place == PLACES["sso"] and "aws sso login" not in said:
            said += "; run `aws sso login` with this profile"
        shown = self.hide(" ".join(said.split()))[:_MOST_CHARACTERS]
        why = shown if isinstance(error, PlainError) else f"{name}: {shown}"
        return CredentialsError(action, name, f"could not get AWS credentials from {self.hide(place)}: {why}")
