"""Hold the credentials that calls are signed with, and look up others when they do not work."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import ClientError

from dynamic_dynamodb.aws.credential_lookup import PLACES
from dynamic_dynamodb.aws.credential_process import PlainError
from dynamic_dynamodb.aws.secrets import Secrets
from dynamic_dynamodb.config.text import UNSENDABLE, is_sendable
from dynamic_dynamodb.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.aws.credential_lookup import Lookup
    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.config.places import Role

RENEWAL_SECONDS: Final = 900
"""How long before they expire temporary credentials are renewed, as in botocore."""
_LOOKUP: Final = "the look-up of AWS credentials"
_MOST_CHARACTERS: Final = 500
"""A proxy's error page may be much longer."""
_NONE: Final = (
    "no AWS credentials were found: set AWS_PROFILE, run `aws configure`,"
    " or attach an IAM role to the instance, task or pod"
)
_EXPIRED: Final = "the AWS credentials expired during the check"
_EMPTY: Final = "the credentials that were found have an empty access key id or secret access key"
_SERVICES: Final = {PLACES["sso"]: "sso", PLACES["login"]: "signin"}
"""The service that issues credentials at a place; elsewhere it is STS."""
_NAMES: Final = ("access key id", "secret access key", "session token")


@dataclass(frozen=True, slots=True)
class _Current:
    """The credentials in use, and the object of botocore that knows when they expire, if any."""

    frozen: ReadOnlyCredentials
    source: Any = None

    def expires_within(self, seconds: int) -> bool:
        """Return whether they expire in less than this many seconds."""
        return isinstance(self.source, RefreshableCredentials) and bool(self.source.refresh_needed(seconds))


class Credentials:
    """Credentials, with the interface by which botocore finds them and signs calls.

    Configured keys never change. Others are looked up at most once per check: if there are none, if AWS has
    refused them, and 15 minutes before they expire. All threads that need credentials meanwhile wait for the
    same look-up, also those of checks of other regions. If it finds none, the current ones stay in use until
    they expire.
    """

    method = "custom-dynamic-dynamodb"

    def __init__(
        self,
        chosen: tuple[str, str] | str | Role | None,
        start_lookup: Callable[[], Lookup],
        *,
        is_stopping: Callable[[], bool],
        base: Credentials | None = None,
    ) -> None:
        """Use `chosen`: a pair of keys, a profile's name, None for the profile of the environment, or a role.

        `base` are the credentials that assume the role. Raises CredentialsError if keys cannot be sent.
        """
        keys = chosen if isinstance(chosen, tuple) else None
        self.origin: tuple[object, object] = (chosen, base and base.origin)
        """Where they come from: credentials are adopted only from the same."""
        own_profile = chosen if isinstance(chosen, str) else None
        self.profile: str | None = base.profile if base else own_profile
        self.is_fixed = keys is not None
        self._is_stopping = is_stopping
        self._start_lookup = start_lookup
        self._lock = threading.Lock()
        self._reports: list[Conditions] = []
        self.secrets: Secrets = Secrets({}, base.secrets) if base else Secrets(os.environ)
        self.lookup: Lookup | None = None
        self.current: _Current | None = None
        self._is_wanted = True
        self._is_refused = False
        self._has_looked = False
        self._lookups = 0
        self._failure: CredentialsError | None = None
        if keys is not None:
            self.current = self._accept(ReadOnlyCredentials(*keys, None))

    def adopt(self, before: Credentials) -> None:
        """Use what a predecessor has found, if it comes from the same origin."""
        if self.origin == before.origin:
            self.current, self.secrets, self.lookup = before.current, before.secrets, before.lookup

    def report_to(self, conditions: Conditions) -> None:
        """Report here too that a look-up has failed although the current credentials work."""
        self._reports.append(conditions)

    @property
    def is_usable(self) -> bool:
        """Return whether there are credentials that have not expired."""
        return self.current is not None and not self.current.expires_within(0)

    @property
    def has_looked_up(self) -> bool:
        """Return whether a look-up has ended, with success or not."""
        return self._lookups > 0

    def load_credentials(self) -> Credentials:
        """Return itself: botocore calls this when it makes a client."""
        return self

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        """Return what botocore calls later for the account id, which some endpoints contain."""
        return lambda: getattr(self.current and self.current.frozen, name, None)

    def start_early(self) -> None:
        """Start a look-up that the next check will wait for, if it is due and credentials still work."""
        with self._lock:
            if self.lookup is None and self.is_usable and self._is_due():
                self.lookup = self._start_lookup()

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what to sign a call with; raise CredentialsError."""
        if self._is_due():
            with self._lock:
                if self._is_due():
                    self._renew()
        return self._use_current()

    def reset(self) -> None:
        """Start a new check, and look up credentials if that is due; raise CredentialsError.

        If another thread's check is looking them up, the result is that of this check too.
        """
        lookups = self._lookups
        with self._lock:
            if self._lookups == lookups:
                self._is_wanted |= self._is_refused
                self._has_looked, self._is_refused, self._failure = False, False, None
                if self._is_due():
                    self._renew()
        self._use_current()

    def _use_current(self) -> ReadOnlyCredentials:
        current = self.current
        if current is None or current.expires_within(0):
            raise self._failure or CredentialsError(_LOOKUP, "Expired", _EXPIRED)
        return current.frozen

    def mark_refused(self) -> None:
        """Look up others in the next check, because AWS has refused these."""
        self._is_refused = True

    def mask(self, text: str) -> str:
        """Return a text of botocore or AWS with its secrets masked."""
        return self.secrets.mask(text)

    def _is_due(self) -> bool:
        if self.is_fixed or self._has_looked:
            return False
        return self._is_wanted or self.current is None or self.current.expires_within(RENEWAL_SECONDS)

    def _renew(self) -> None:
        """Look up credentials, or wait again for a look-up that an earlier check gave up on."""
        try:
            self.current, self._is_wanted = self._find(), False
        except CredentialsError as error:
            self._failure = error
            kept = f"{error}; the current credentials stay in use, and the next check tries again"
            is_kept = self.is_usable and not self._is_stopping()
            self._report(kept if is_kept else None)
        else:
            self._report(None)
        self._lookups += 1
        # Set last, because other threads go on then. A very long check may renew credentials once more.
        self._has_looked = (
            self.current is None or self._is_wanted or self.current.expires_within(RENEWAL_SECONDS)
        )

    def _report(self, sentence: str | None) -> None:
        for conditions in self._reports:
            conditions.set("credentials", sentence)

    def _find(self) -> _Current:
        lookup = self.lookup
        is_late_failure = lookup and lookup.is_abandoned and lookup.is_done and lookup.found is None
        if lookup is None or lookup.is_hopeless or is_late_failure:
            lookup = self.lookup = self._start_lookup()
        if not lookup.wait(self._is_stopping):
            raise self._describe_timeout(lookup)
        self.lookup = None
        self.secrets.add(lookup.secrets)
        if isinstance(lookup.error, TimeoutError):
            raise self._describe_timeout(lookup)
        if isinstance(lookup.error, CredentialsError):
            raise lookup.error
        if lookup.error is not None:
            raise self._describe(lookup.place, lookup.error) from None  # its text may hold secrets
        if lookup.found is None:
            raise CredentialsError(_LOOKUP, "NoCredentials", _NONE)
        source, frozen = lookup.found
        return self._accept(frozen, source)

    def _accept(self, frozen: ReadOnlyCredentials, source: Any = None) -> _Current:  # noqa: ANN401 - of botocore
        """Strip whitespace; raise CredentialsError if a request still cannot carry them."""
        access_key, secret_key, token = values = [str(one or "").strip() for one in frozen[:3]]
        add_secrets = self.secrets.add if self.is_fixed else self.secrets.add_issued
        add_secrets((secret_key, token))
        for name, text in zip(_NAMES, values, strict=True):
            if not is_sendable(text):
                raise CredentialsError(_LOOKUP, "MalformedCredentials", f"the {name} {UNSENDABLE}")
        if not access_key or not secret_key:
            raise CredentialsError(_LOOKUP, "MalformedCredentials", _EMPTY)
        return _Current(
            frozen._replace(access_key=access_key, secret_key=secret_key, token=token or None), source
        )

    def _describe_timeout(self, lookup: Lookup) -> CredentialsError:
        if self._is_stopping():
            return CredentialsError(_LOOKUP, "Ending", "the program is stopping")
        message = f"no AWS credentials from {lookup.place} within {lookup.seconds:g} s"
        return CredentialsError(_LOOKUP, "TooLate", self.mask(message))

    def _describe(self, place: str, error: Exception) -> CredentialsError:
        action, code, message = _LOOKUP, type(error).__name__, str(error)
        if isinstance(error, ClientError):
            details = error.response.get("Error", {})
            action = f"{_SERVICES.get(place, 'sts')}:{error.operation_name}"
            code, message = details.get("Code", code), str(details.get("Message"))
            if code == "ForbiddenException":
                message += "; assign the profile's account and role to its user in IAM Identity Center"
        elif place == PLACES["sso"] and "aws sso login" not in message:
            message += "; run `aws sso login` with this profile"
        shown = self.mask(" ".join(message.split()))[:_MOST_CHARACTERS]
        reason = shown if isinstance(error, PlainError) else f"{code}: {shown}"
        return CredentialsError(
            action, code, f"could not get AWS credentials from {self.mask(place)}: {reason}"
        )
