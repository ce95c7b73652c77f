"""The errors that packages raise to each other; those of botocore and requests stay in their adapters."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

_DENIED: Final = frozenset({"AccessDeniedException", "AccessDenied", "AuthorizationError", "Forbidden"})
"""The codes of DynamoDB, CloudWatch, SNS and single metrics for a missing permission."""
_UNUSABLE_CREDENTIALS: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
"""AWS's codes for credentials that have expired or are unknown, and for a wrong clock.

They are the common errors of its APIs; a wrong clock has the code of a wrong signature.
"""
_REFUSED_ACTION: Final = re.compile(r"not authorized to perform:?\s+([a-z0-9-]+:\w+)", re.IGNORECASE)
_EXPLICIT_DENY: Final = re.compile(r"explicit deny(?: in (an? [a-z -]+? policy|a permissions boundary))?")
_ROLES: Final = "sts:AssumeRole"

LIMIT_EXCEEDED: Final = "LimitExceededException"


class Limit(Enum):
    """The limit behind a LimitExceededException; only AWS's message names it."""

    DECREASES = "the decreases of a day"
    AT_ONCE = "the updates at a time"
    MAXIMUM = "the capacity of a table or of the account"
    UNKNOWN = "a limit that its message does not name"


_WORDS_OF_LIMITS: Final = (
    (Limit.DECREASES, ("decrease",)),
    (Limit.AT_ONCE, ("simultaneous", "concurrent", "too many operations", "at a time", "at the same time")),
    (Limit.MAXIMUM, ("maximum", "exceeds", "account limit", "per table")),
)
"""Words of AWS's messages, tried in this order: the last ones also occur in messages about other limits.

"Too many operations for a given subscriber" is the text of DynamoDB's service model, whose description of
LimitExceededException also says "simultaneous", "concurrent", "at a time" and "at the same time".
"""
_MAXIMUM_HINT: Final = "lower max-provisioned-reads or max-provisioned-writes, or ask AWS for a higher quota"

_OWN_POLICY: Final = "no resource-based policy allows"
"""How AWS refuses what belongs to another account, such as a topic (IAM: access denied messages)."""

_UNREACHABLE_CODES: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError"})
_UNREACHABLE_HINT: Final = "AWS cannot be reached: check region, proxy, security group and DNS"

_TIME_CODES: Final = frozenset({"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"})
_WORDS_OF_TIME: Final = ("signature expired", "signature not yet current")
_CLOCK_HINT: Final = "this machine's clock is wrong: set it, and keep it right with NTP"


def _is_about_time(code: str, message: str) -> bool:
    """Return whether AWS refused a call because of the time at which it was signed."""
    return code in _TIME_CODES or any(words in message.lower() for words in _WORDS_OF_TIME)


class ConfigurationError(Exception):
    """The command line or the file cannot be used; every fault is one sentence.

    `source` names what cannot be used if it is neither.
    """

    def __init__(self, faults: tuple[str, ...], source: str = "") -> None:
        """Keep each fault, for callers that count them."""
        super().__init__("\n".join(faults))
        self.faults = faults
        self.source = source


class ListenError(OSError):
    """An address cannot be listened on; the message is a sentence with what to do."""


class AwsError(Exception):
    """AWS refused a call, or sent no usable answer.

    `action` is the permission that the call needs, as an IAM policy spells it. `code` is AWS's error code,
    or the name of what happened on the way. `is_transient` means that another attempt may succeed.
    `is_answer_lost` means that AWS may have carried out the call, in this attempt or an earlier one.
    """

    role_hint = f"allow {_ROLES} in the caller's IAM policy and in the role's trust policy"
    """What to do if a role may not be assumed."""

    def __init__(
        self,
        action: str,
        code: str,
        message: str = "",
        *,
        is_transient: bool = False,
        is_answer_lost: bool = False,
    ) -> None:
        """Keep each part, for callers that depend on one."""
        super().__init__(action, code, message)
        self.action = action
        self.code = code
        self.message = " ".join(message.split())  # AWS's messages have line breaks, a log line must not
        self.is_transient = is_transient
        self.is_answer_lost = is_answer_lost

    def __str__(self) -> str:
        """Return what failed, why, and what to do if that is known."""
        said = f"{self.code}: {self.message}" if self.message else self.code
        hint = self._find_hint()
        return f"{self.action} failed: {said}{f' ({hint})' if hint else ''}"

    def _find_hint(self) -> str:
        if self.limit is Limit.MAXIMUM:
            return _MAXIMUM_HINT
        if _is_about_time(self.code, self.message):
            return _CLOCK_HINT
        if self.code in _DENIED:
            return self._find_missing_permission()
        return _UNREACHABLE_HINT if self.code in _UNREACHABLE_CODES else ""

    def _find_missing_permission(self) -> str:
        named = _REFUSED_ACTION.search(self.message)
        refused = named[1] if named else self.action  # AWS may have required another one
        if deny := _EXPLICIT_DENY.search(self.message):
            return f"remove the explicit deny of {refused} from {deny[1] or 'the policy that has it'}"
        if refused == _ROLES:
            return self.role_hint
        if refused.startswith(_ROLES):
            return f"allow {refused} in the role's trust policy"
        if _OWN_POLICY in self.message:
            return f"allow {refused} to this caller in the policy of the resource itself"
        return f"allow {refused} in the IAM policy"

    @property
    def is_denied(self) -> bool:
        """Return whether a permission is missing."""
        return self.code in _DENIED

    @property
    def is_about_credentials(self) -> bool:
        """Return whether AWS refuses every call that is signed with these credentials."""
        return self.code in _UNUSABLE_CREDENTIALS

    @property
    def limit(self) -> Limit | None:
        """Return the limit that was exceeded; None for another error."""
        if self.code != LIMIT_EXCEEDED:
            return None
        message = self.message.lower()
        named = (limit for limit, words in _WORDS_OF_LIMITS if any(word in message for word in words))
        return next(named, Limit.UNKNOWN)


class CredentialsError(AwsError):
    """There are no credentials to call AWS with; the message is complete, `action` is what was refused."""

    def __str__(self) -> str:
        """Return why, and what to do if that is known."""
        hint = self._find_hint()
        return f"{self.message} ({hint})" if hint else self.message

    @property
    def is_denied(self) -> bool:
        """Return False: without credentials, another call would be refused too."""
        return False

    @property
    def is_about_credentials(self) -> bool:
        """Return True."""
        return True


class RoleError(CredentialsError):
    """The role of an `[account: …]` section cannot be assumed; the message is complete.

    `is_caller_known` means that this is not because of the program's own credentials, which may be used for
    other calls.
    """

    def __init__(
        self, action: str, code: str, message: str, external_id: str | None, *, is_caller_known: bool = False
    ) -> None:
        """Keep what a policy must allow: the external id is no secret."""
        super().__init__(action, code, message)
        self.is_caller_known = is_caller_known
        required = f", with the external-id {external_id}" if external_id else ""
        self.role_hint = (
            f"allow {_ROLES} on this role in the policy of the program's own credentials, and allow these in"
            f" the role's trust policy{required}: --print-iam-policy prints both"
        )


class DoubledPlaceError(AwsError):
    """A place is the same account and region as another one; the message is complete."""

    def __str__(self) -> str:
        """Return the message."""
        return self.message
