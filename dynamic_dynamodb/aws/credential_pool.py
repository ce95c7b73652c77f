"""The credentials of all accounts of a configuration: the program's own, and those of each role."""

from __future__ import annotations

import threading
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.credential_lookup import CredentialLookup
from dynamic_dynamodb.aws.credentials import Credentials
from dynamic_dynamodb.aws.permissions import GET_CALLER_IDENTITY
from dynamic_dynamodb.aws.sts import RoleLookup, Sts, name_session
from dynamic_dynamodb.errors import AwsError, ConfigurationError, CredentialsError, DoubledPlaceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dynamic_dynamodb.aws.attempts import Observer
    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.check.resilience import Timeouts
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place, Role

_PAUSE_SECONDS: Final = 300.0
"""How long to wait after STS has not answered before asking it again who this is."""
_WITHOUT_ID: Final = (
    "without the id of the program's own account, its state is kept by region alone;"
    " let the program reach STS (it is asked again in 5 minutes)"
)


class CredentialPool:
    """One set of credentials for each account, which all its regions share.

    The program's own credentials are looked up once, and assume all roles.
    """

    def __init__(
        self,
        configuration: Configuration,
        timeouts: Timeouts,
        is_stopping: Callable[[], bool],
        *,
        observers: Sequence[Observer] = (),
        before: CredentialPool | None = None,
    ) -> None:
        """Look up nothing yet; use what `before`, the pool of the previous configuration, has found.

        `observers` are called after each attempt of a call to STS. Raises ConfigurationError for unusable
        keys.
        """
        options, places = configuration.global_options, configuration.places
        key_id, secret_key, profile = (
            options[key] for key in ("aws_access_key_id", "aws_secret_access_key", "aws_profile")
        )
        try:
            self.own = Credentials(
                (key_id, secret_key) if key_id and secret_key else profile,
                partial(CredentialLookup, places[0].region, timeouts, profile),
                is_stopping=is_stopping,
            )
        except CredentialsError as error:
            raise ConfigurationError((str(error),)) from error
        find_sts = cache(
            partial(Sts, self.own, timeouts=timeouts, is_stopping=is_stopping, observers=observers)
        )
        session_name = name_session(options["instance"])
        self._roles: dict[Role, Credentials] = {}
        for place in places:
            if place.role is not None and place.role not in self._roles:
                start = partial(RoleLookup, find_sts(place.region), place.role, session_name, timeouts)
                self._roles[place.role] = Credentials(
                    place.role, start, is_stopping=is_stopping, base=self.own
                )
        own = next((one for one in places if one.account and one.role is None), None)
        self.own_account = OwnAccount(find_sts(own.region), places) if own and len(places) > 1 else None
        """None where the program need not know its own account."""
        if before is not None:
            self._adopt(before)

    def _adopt(self, before: CredentialPool) -> None:
        self.own.adopt(before.own)
        for role, credentials in self._roles.items():
            if role in before._roles:
                credentials.adopt(before._roles[role])
        if self.own_account and before.own_account and self.own.origin == before.own.origin:
            self.own_account.account_id = before.own_account.account_id

    def start_early(self) -> None:
        """Start the look-ups of all credentials that work but are due, to wait for them at the same time."""
        for credentials in (self.own, *self._roles.values()):
            credentials.start_early()

    @property
    def is_ready(self) -> bool:
        """Return whether no credentials that work are being looked up; others are not waited for."""
        lookups = [one.lookup for one in (self.own, *self._roles.values()) if one.is_usable]
        return all(one is None or one.is_done or one.is_late for one in lookups)

    def find(self, place: Place) -> Credentials:
        """Return the credentials of a place: those of its role, and of nothing else, if it has one."""
        return self.own if place.role is None else self._roles[place.role]


class OwnAccount:
    """Finds out which account the program's own credentials are for; threads may share it.

    `account_id` is empty until that is known.
    """

    def __init__(self, sts: Sts, places: Iterable[Place]) -> None:
        """Ask nothing yet; `places` are all that are scaled."""
        self.account_id = ""
        self._sts = sts
        self._names = {(one.role.account_id, one.region): one.name for one in places if one.role}
        self._lock = threading.Lock()
        self._asked_for: object = None
        self._failure: AwsError | None = None
        self._asks_again_at = 0.0

    def identify(self, place: Place, conditions: Conditions) -> None:
        """Find the account's id unless it is known for these credentials; raise DoubledPlaceError.

        If STS does not answer, that is a condition of the place, which is scaled nevertheless.
        """
        with self._lock:
            self._ask()
        is_unknown = self._failure is not None and not self.account_id
        conditions.set("account", f"{self._failure}; {_WITHOUT_ID}" if is_unknown else None)
        other = self._names.get((self.account_id, place.region))
        if other is not None:
            raise DoubledPlaceError(
                GET_CALLER_IDENTITY,
                "DoubledPlace",
                f"the program's own account is {self.account_id}, whose tables in {place.region} are scaled"
                f" as {other}: remove the region from one of the two [account: …] sections",
            )

    def _ask(self) -> None:
        current, now = self._sts.credentials.current, time.monotonic()
        if current is self._asked_for or now < self._asks_again_at:
            return
        try:
            self.account_id = self._sts.find_account()
        except AwsError as error:
            self._failure, self._asks_again_at = error, now + _PAUSE_SECONDS
        else:
            self._failure, self._asked_for = None, current
