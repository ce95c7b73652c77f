"""STS: who calls, and sessions of roles; and the check that every service makes of who calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import KNOWN_ERRORS, ServiceError
from tests.emulator.wire import may_be_unsigned

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.emulator.state import State
    from tests.emulator.wire import Call

_SESSION_NAME = r"[\w+=,.@-]{2,64}"
_SHORT_CODES = frozenset({"monitoring", "sns", "sts"})
"""The services whose codes for unusable credentials are not named as shapes."""


def serve(state: State, call: Call) -> dict[str, Any]:
    """Answer one call of STS."""
    return ACTIONS[call.action](state, call)


def check_sender(call: Call, now: datetime) -> None:
    """Refuse an unsigned call, an expired session, and keys that are sent with another session's token."""
    if not call.access_key and not may_be_unsigned(call.action):
        raise ServiceError(
            code="MissingAuthenticationToken", message="Request is missing Authentication Token", status=403
        )
    identity, is_short = call.identity, call.service in _SHORT_CODES
    if identity.token != call.headers.get("x-amz-security-token") and identity.token is not None:
        code = "InvalidClientTokenId" if is_short else "UnrecognizedClientException"
        raise ServiceError(code, KNOWN_ERRORS["UnrecognizedClientException"][1], 403 if is_short else 400)
    if identity.expires is not None and now >= identity.expires:
        code = "ExpiredToken" if is_short else "ExpiredTokenException"
        status, message = KNOWN_ERRORS[code]
        raise ServiceError(code, message, status)


def _get_caller_identity(_: State, call: Call) -> dict[str, Any]:
    identity = call.identity
    return {"UserId": call.access_key, "Account": identity.account, "Arn": identity.arn}


def _assume_role(state: State, call: Call) -> dict[str, Any]:
    given = call.parameters
    name, arn = str(given.get("RoleSessionName", "")), str(given.get("RoleArn", ""))
    if not re.fullmatch(_SESSION_NAME, name):
        raise ServiceError(
            code="ValidationError",
            message=f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        )
    role = state.identities.roles.get(arn)
    if role is None or not role.admits(call.identity, given.get("ExternalId")):
        raise ServiceError(
            code="AccessDenied",
            message=f"User: {call.identity.arn} is not authorized to perform: sts:AssumeRole "
            f"on resource: {arn}",
            status=403,
        )
    wanted = given.get("DurationSeconds")
    session, keys = state.identities.start_session(
        role, name, state.clock.now(), None if wanted is None else float(wanted)
    )
    return {
        "Credentials": {
            "AccessKeyId": keys.access_key,
            "SecretAccessKey": keys.secret_key,
            "SessionToken": keys.token,
            "Expiration": keys.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": f"{keys.access_key}:{name}", "Arn": session},
    }


ACTIONS: dict[str, Callable[[State, Call], dict[str, Any]]] = {
    "AssumeRole": _assume_role,
    "GetCallerIdentity": _get_caller_identity,
}
"""moto answers the others."""
