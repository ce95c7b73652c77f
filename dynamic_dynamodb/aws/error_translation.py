"""Translate what botocore raises into AwsError, with secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.parsers import ResponseParserError

from dynamic_dynamodb.errors import AwsError, Limit

if TYPE_CHECKING:
    from collections.abc import Callable

UNUSABLE_ANSWER: Final = "UnusableAnswer"
TOO_SLOW: Final = "AnswerTooSlow"
_TRANSIENT_CODES: Final = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "InternalServiceFault",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
"""Refusals that may pass. Of LimitExceededException, only "too many at once" does."""
_MALFORMED: Final = (
    ResponseParserError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
"""Raised by botocore or by our parsers on a malformed 200 response: a proxy's HTML page, a truncated body."""
_TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500


def translate(
    action: str, error: Exception, *, mask: Callable[[str], str], attempt_seconds: float
) -> AwsError:
    """Return the error of one attempt of a call as an AwsError; an AwsError stays as it is.

    Do not raise it from the original, whose text may hold secrets.
    """
    match error:
        case AwsError():
            return error
        case TimeoutError():
            message = f"no complete answer within {attempt_seconds:g} s"
            return AwsError(action, TOO_SLOW, message, is_transient=True, is_answer_lost=True)
        case ClientError():
            return _translate_refusal(action, error, mask)
        case BotoCoreError():
            # A header or a URL that cannot be sent cannot be sent later either.
            is_answer_lost = isinstance(error, HTTPClientError) and not _is_unsendable(error)
            is_transient = is_answer_lost or isinstance(error, BotocoreConnectionError)
            code, message = type(error).__name__, mask(str(error))
            return AwsError(action, code, message, is_transient=is_transient, is_answer_lost=is_answer_lost)
        case _ if isinstance(error, _MALFORMED):
            message = mask(f"{type(error).__name__}: {error}")
            return AwsError(action, UNUSABLE_ANSWER, message, is_transient=True, is_answer_lost=True)
    return AwsError(action, type(error).__name__, mask(str(error)))


def _is_unsendable(error: HTTPClientError) -> bool:
    return isinstance(error.kwargs.get("error"), ValueError)


def _translate_refusal(action: str, error: ClientError, mask: Callable[[str], str]) -> AwsError:
    details = error.response.get("Error", {})
    code = str(details.get("Code") or "Unknown").rpartition("#")[2]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_broken = status >= SERVER_ERROR
    refusal = AwsError(action, code, mask(str(details.get("Message") or "")), is_answer_lost=is_broken)
    refusal.is_transient = (
        is_broken
        or code in _TRANSIENT_CODES
        or status == _TOO_MANY_REQUESTS
        or refusal.limit is Limit.AT_ONCE
    )
    return refusal
