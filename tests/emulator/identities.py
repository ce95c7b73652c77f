"""Who calls: users by their access keys, roles and the sessions of those who assumed them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.emulator.errors import ACCOUNT, USER_ARN

SESSION_SECONDS = 3600.0
_KEY_CHARACTERS = 16


@dataclass(frozen=True)
class Identity:
    """A user, or a session of a role until it `expires`; `token` is the session token."""

    account: str = ACCOUNT
    arn: str = USER_ARN
    expires: datetime | None = None
    token: str | None = None
    role: str | None = None


@dataclass(frozen=True)
class Role:
    """A role, the accounts and ARNs whose calls it trusts, and the external id that they must send."""

    arn: str
    external_id: str | None = None
    trusted: frozenset[str] = frozenset({ACCOUNT})
    session_seconds: float = SESSION_SECONDS

    @property
    def account(self) -> str:
        """Return the account's id."""
        return self.arn.split(":")[4]

    def admits(self, caller: Identity, external_id: str | None) -> bool:
        """Return whether a caller may assume the role with this external id."""
        if self.external_id is not None and external_id != self.external_id:
            return False
        return bool({caller.account, caller.arn, caller.role} & self.trusted)


@dataclass(frozen=True)
class Keys:
    """What AssumeRole returns to sign calls with."""

    access_key: str
    secret_key: str
    token: str
    expires: datetime


@dataclass
class Identities:
    """All users, roles and sessions; an unknown access key belongs to the default account's user."""

    roles: dict[str, Role] = field(default_factory=dict)
    topics_open_to: dict[str, tuple[str, ...]] = field(default_factory=dict)
    issued: list[Keys] = field(default_factory=list)
    _holders: dict[str, Identity] = field(default_factory=dict)

    def add_user(self, access_key: str, account: str, name: str) -> None:
        """Give an access key to a user of an account."""
        self._holders[access_key] = Identity(account, f"arn:aws:iam::{account}:user/{name}")

    def find(self, access_key: str) -> Identity:
        """Return who signs with this access key."""
        return self._holders.get(access_key, Identity())

    def start_session(self, role: Role, name: str, now: datetime, seconds: float | None) -> tuple[str, Keys]:
        """Return the ARN of a new session of a role, and its keys."""
        arn = f"arn:aws:sts::{role.account}:assumed-role/{role.arn.rpartition('/')[2]}/{name}"
        lasting = timedelta(seconds=role.session_seconds if seconds is None else seconds)
        keys = Keys(
            f"ASIA{secrets.token_hex(_KEY_CHARACTERS // 2).upper()}",
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(60),
            now + lasting,
        )
        self.issued.append(keys)
        self._holders[keys.access_key] = Identity(role.account, arn, keys.expires, keys.token, role.arn)
        return arn, keys
