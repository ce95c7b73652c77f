"""Call AWS: one client per service, one owner of retries, one kind of error."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError
from botocore.session import get_session
from retrying import Retrying

from dynamic_dynamodb import __version__
from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

SERVICES: Final = ("dynamodb", "cloudwatch", "sns")
CONNECT_TIMEOUT_SECONDS: Final = 3
READ_TIMEOUT_SECONDS: Final = 10
MOST_ATTEMPTS: Final = 5
MOST_RETRYING_MILLISECONDS: Final = 25_000
FIRST_WAIT_MILLISECONDS: Final = 100
LONGEST_WAIT_MILLISECONDS: Final = 3_000
JITTER_MILLISECONDS: Final = 100
UNUSABLE_ANSWER: Final = "UnusableAnswer"

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
"""Refusals that pass by themselves. LimitExceededException is none: it stands until something changes."""
_GARBAGE: Final = (ResponseParserError, LookupError, TypeError, ValueError, AttributeError)
"""What a 200 with a proxy's page or half a document leads to, in botocore or in our own parsing."""
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


@cache
def _share_loader(data_path: str | None) -> Any:  # noqa: ANN401 - botocore has no types
    """Let all sessions of the process use the same descriptions of AWS's services, which are large."""
    return create_loader(data_path)


class AwsSession:
    """Give clients of one region and one set of credentials; both may be None for boto3's own search."""

    def __init__(
        self,
        region: str,
        key_id: str | None,
        secret_key: str | None,
        *,
        most_connections: int,
        is_stopping: Callable[[], bool],
    ) -> None:
        """Make a client for each service; raise AwsError if boto3 cannot by its own configuration."""
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            max_pool_connections=most_connections,
            # botocore's retries would multiply with ours, and repeat what must not be repeated.
            retries={"total_max_attempts": 1, "mode": "standard"},
            user_agent_extra=f"dynamic-dynamodb/{__version__}",
        )
        self._is_stopping = is_stopping
        try:
            core = get_session()
            core.register_component("data_loader", _share_loader(core.get_config_variable("data_path")))
            # Any: the service is a variable here, for which stubs know no client
            session: Any = boto3.Session(
                aws_access_key_id=key_id,
                aws_secret_access_key=secret_key,
                region_name=region,
                botocore_session=core,
            )
            # All at once and in this thread: made in workers, their memory would not be used again.
            self._clients = {service: session.client(service, config=config) for service in SERVICES}
        except (exceptions.BotoCoreError, ValueError) as error:
            # A profile that is not there, or an endpoint that is no URL.
            raise _wrap("making AWS clients", error) from error

    def call(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        **parameters: Any,  # noqa: ANN401 - botocore's own shapes
    ) -> T:
        """Call `operation` of the service that `action` begins with, and parse the answer.

        Transient errors, answers that cannot be parsed among them, are tried again, at most
        `MOST_ATTEMPTS` times, not after `MOST_RETRYING_MILLISECONDS`, and not when the program is ending.
        Raises AwsError.
        """
        is_answer_lost = False

        def attempt() -> T:
            nonlocal is_answer_lost
            try:
                return self._call_once(action, operation, parse, parameters)
            except AwsError as error:
                is_answer_lost = error.is_answer_lost = is_answer_lost or error.is_answer_lost
                raise

        retrying = Retrying(
            stop_max_attempt_number=MOST_ATTEMPTS,
            stop_max_delay=MOST_RETRYING_MILLISECONDS,
            wait_exponential_multiplier=FIRST_WAIT_MILLISECONDS,
            wait_exponential_max=LONGEST_WAIT_MILLISECONDS,
            wait_jitter_max=JITTER_MILLISECONDS,
            retry_on_exception=self._is_worth_retrying,
        )
        answer: T = retrying.call(attempt)
        return answer

    def _is_worth_retrying(self, error: BaseException) -> bool:
        return isinstance(error, AwsError) and error.is_transient and not self._is_stopping()

    def _call_once(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        parameters: Mapping[str, Any],
    ) -> T:
        client = self._clients[action.partition(":")[0]]
        try:
            return parse(getattr(client, operation)(**parameters))
        except exceptions.ClientError as error:
            raise _translate(action, error) from error
        except exceptions.BotoCoreError as error:
            is_answer_lost = isinstance(error, exceptions.HTTPClientError)
            is_transient = is_answer_lost or isinstance(error, exceptions.ConnectionError)
            raise _wrap(action, error, is_transient=is_transient, is_answer_lost=is_answer_lost) from error
        except OSError as error:
            raise _wrap(action, error) from error  # a credential file that is not there
        except _GARBAGE as error:
            message = f"{type(error).__name__}: {error}"
            raise AwsError(
                action, UNUSABLE_ANSWER, message, is_transient=True, is_answer_lost=True
            ) from error


def _wrap(
    action: str, error: Exception, *, is_transient: bool = False, is_answer_lost: bool = False
) -> AwsError:
    name = type(error).__name__
    return AwsError(action, name, str(error), is_transient=is_transient, is_answer_lost=is_answer_lost)


def _translate(action: str, error: exceptions.ClientError) -> AwsError:
    details = error.response.get("Error", {})
    code = str(details.get("Code") or "Unknown").rpartition("#")[2]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_broken = status >= _SERVER_ERROR
    return AwsError(
        action,
        code,
        str(details.get("Message") or ""),
        is_transient=is_broken or code in _TRANSIENT_CODES or status == _TOO_MANY_REQUESTS,
        is_answer_lost=is_broken,
    )
