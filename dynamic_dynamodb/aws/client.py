"""Call AWS: one client per service, one owner of retries, one kind of error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore import exceptions
from botocore.parsers import ResponseParserError
from botocore.utils import validate_region_name
from retrying import Retrying

from dynamic_dynamodb.aws.botocore_setup import make_clients
from dynamic_dynamodb.aws.clock import AwsClock
from dynamic_dynamodb.aws.deadlines import bounded
from dynamic_dynamodb.check.resilience import ENDING
from dynamic_dynamodb.errors import AwsError, CredentialsError, Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dynamic_dynamodb.aws.credentials import Credentials
    from dynamic_dynamodb.check.resilience import CallBudget

T = TypeVar("T")

FIRST_WAIT_MILLISECONDS: Final = 200
LONGEST_WAIT_MILLISECONDS: Final = 3_000
JITTER_MILLISECONDS: Final = 100
UNUSABLE_ANSWER: Final = "UnusableAnswer"
NOT_ASKED: Final = "NotAsked"
TOO_SLOW: Final = "AnswerTooSlow"
MOST_PAGES: Final = 1_000
"""Ten times what an account of 10,000 tables has, which is AWS's default quota, at 100 tables a page."""

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
"""Refusals that pass by themselves. Of LimitExceededException only one kind does: too many at once."""
_GARBAGE: Final = (
    ResponseParserError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
"""Raised by botocore or by our parsers on a malformed 200: a proxy's page, half a document, deep JSON."""
_MAKING: Final = "making AWS clients"
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


def make_retrying(is_worth_another: Callable[[BaseException], bool]) -> Any:  # noqa: ANN401 - no types
    """Return what repeats a call after pauses that double from the first to the longest, with jitter.

    The predicate alone says when to stop: the library's own limits go by a clock that may be set.
    """
    return Retrying(
        wait_exponential_multiplier=FIRST_WAIT_MILLISECONDS / 2,  # which it doubles for the first pause too
        wait_exponential_max=LONGEST_WAIT_MILLISECONDS,
        wait_jitter_max=JITTER_MILLISECONDS,
        retry_on_exception=is_worth_another,
    )


class AwsClient:
    """Call the services of one region, each by a client of its own."""

    def __init__(
        self,
        credentials: Credentials,
        services: Iterable[str],
        *,
        most_connections: int,
        patience: CallBudget,
        is_stopping: Callable[[], bool],
    ) -> None:
        """Call nobody yet; raise AwsError if there can be no such region."""
        try:
            validate_region_name(credentials.region)
        except exceptions.BotoCoreError as error:
            raise AwsError(_MAKING, type(error).__name__, str(error)) from error
        self._most_connections = most_connections
        self._timeouts = patience.timeouts
        self._patience = patience
        self._is_stopping = is_stopping
        self._credentials = credentials
        self._services = tuple(services)
        self._clients: dict[str, Any] = {}
        self.conditions = credentials.conditions
        self.clock = AwsClock(conditions=self.conditions)

    @property
    def credentials(self) -> Credentials:
        """Return what it signs with, for a session that goes on with them."""
        return self._credentials

    @property
    def patience(self) -> CallBudget:
        """Return what bounds its calls."""
        return self._patience

    @property
    def is_usable(self) -> bool:
        """Tell whether there are clients, and credentials that have not expired."""
        return bool(self._clients) and self._credentials.is_usable

    def prepare(self) -> None:
        """Begin a check: make clients and look for credentials, as far as they are wanted; raise AwsError.

        It costs one look-up of credentials at most, and so does everything until it is called again.
        """
        if not self._clients:
            self._clients = self._make_clients()
        self._credentials.reset()

    def _make_clients(self) -> dict[str, Any]:
        """Make a client for each service; raise AwsError if AWS's own configuration does not allow it."""
        try:
            with bounded(self._timeouts.attempt):  # a defaults_mode of auto asks the metadata service
                return make_clients(
                    self._services,
                    region=self._credentials.region,
                    credential_provider=self._credentials,
                    timeouts=self._timeouts,
                    most_connections=self._most_connections,
                )
        except TimeoutError:
            asked = "the metadata service, which defaults_mode = auto asks, took"
            raise AwsError(_MAKING, TOO_SLOW, f"{asked} more than {self._timeouts.attempt:g} s") from None
        except exceptions.ProfileNotFound as error:
            said = f"{error}: correct AWS_PROFILE, or add the profile to ~/.aws/config"
            raise CredentialsError(_MAKING, type(error).__name__, said) from None
        except Exception as error:  # noqa: BLE001 - raised again in our words
            raise self._wrap(_MAKING, error) from None  # an endpoint that is no URL, or a broken file

    def call(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        *,
        allows_retry: Callable[[], bool] = lambda: True,
        **parameters: Any,  # noqa: ANN401 - botocore's own shapes
    ) -> T:
        """Call `operation` of the service that `action` begins with, and parse the answer.

        Transient errors, answers that cannot be parsed among them, are tried again within the timeouts,
        as long as there is patience with this action, and not when the program is ending.
        `allows_retry` is asked before AWS is asked again for what it may have done already.
        Raises AwsError.
        """
        if self._patience.is_exhausted(action):
            said = "attempts that failed have taken too long in this check; the next one asks again"
            raise AwsError(action, NOT_ASKED, said)
        began, attempts, is_answer_lost = time.monotonic(), 0, False

        def attempt() -> T:
            nonlocal attempts, is_answer_lost
            attempts += 1
            cost.begin_attempt()
            try:
                return self._call_once(action, operation, parse, parameters)
            except AwsError as error:
                is_answer_lost = error.is_answer_lost = is_answer_lost or error.is_answer_lost
                if error.is_transient:
                    cost.fail_attempt()
                raise

        def is_worth_another(error: BaseException) -> bool:
            if not isinstance(error, AwsError) or not error.is_transient or self._is_stopping():
                return False
            # Updates under way take longer to end than five attempts do.
            is_enough = attempts >= self._timeouts.most_attempts and error.limit is not Limit.AT_ONCE
            if is_enough or time.monotonic() - began >= self._timeouts.retrying:
                return False
            return self._patience.allows_retry(action) and (not is_answer_lost or allows_retry())

        retrying = make_retrying(is_worth_another)
        with self._patience.call(action) as cost:
            answer: T = retrying.call(attempt)
        return answer

    def call_for_pages(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], tuple[T, str | None]],
        token_name: str,
        *,
        most_pages: int = MOST_PAGES,
        **parameters: Any,  # noqa: ANN401 - botocore's own shapes
    ) -> Iterator[T]:
        """Call for one page after the other, as long as `parse` gives a token; raise AwsError.

        There is an end to that: not more than so many pages, not for longer than the timeouts say, and not
        when the program is ending.
        """
        tokens: set[str] = set()
        began = time.monotonic()
        while True:
            page, token = self.call(action, operation, parse, **parameters)
            yield page
            if token is None:
                return
            if token in tokens:
                raise AwsError(action, UNUSABLE_ANSWER, "the pages never end, one follows itself")
            tokens.add(token)
            if len(tokens) >= most_pages:
                raise AwsError(action, UNUSABLE_ANSWER, f"there is no end to it after {most_pages:,} pages")
            if time.monotonic() - began >= self._timeouts.pages:
                said = f"{len(tokens):,} pages took more than {self._timeouts.pages:g} s, and there are more"
                raise AwsError(action, TOO_SLOW, said)
            if self._is_stopping():
                raise AwsError(action, ENDING, "the program is ending")
            parameters[token_name] = token

    def _call_once(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        parameters: Mapping[str, Any],
    ) -> T:
        client = self._clients[action.partition(":")[0]]
        # What botocore raises goes no further, not even as a cause: its messages may hold secrets.
        asked = self.clock.monotonic()
        try:
            with bounded(self._timeouts.attempt):
                answer = getattr(client, operation)(**parameters)
            self.clock.note(_find_date(answer), asked)
            return parse(answer)
        except AwsError:
            raise
        except TimeoutError:
            said = f"no whole answer within {self._timeouts.attempt:g} s"
            raise AwsError(action, TOO_SLOW, said, is_transient=True, is_answer_lost=True) from None
        except exceptions.ClientError as error:
            self.clock.note(_find_date(error.response), asked)
            refusal = _translate(action, error, self._credentials.hide)
            if refusal.is_about_credentials:
                self._credentials.doubt()
            raise refusal from None
        except exceptions.BotoCoreError as error:
            # A header or a URL that cannot be sent will not be sent later either.
            is_answer_lost = isinstance(error, exceptions.HTTPClientError) and not _is_unsendable(error)
            is_transient = is_answer_lost or isinstance(error, exceptions.ConnectionError)
            raise self._wrap(
                action, error, is_transient=is_transient, is_answer_lost=is_answer_lost
            ) from None
        except _GARBAGE as error:
            message = self._credentials.hide(f"{type(error).__name__}: {error}")
            raise AwsError(action, UNUSABLE_ANSWER, message, is_transient=True, is_answer_lost=True) from None
        except Exception as error:  # noqa: BLE001 - raised again in our words
            raise self._wrap(action, error) from None

    def _wrap(
        self, action: str, error: Exception, *, is_transient: bool = False, is_answer_lost: bool = False
    ) -> AwsError:
        return AwsError(
            action,
            type(error).__name__,
            self._credentials.hide(str(error)),
            is_transient=is_transient,
            is_answer_lost=is_answer_lost,
        )


def _find_date(answer: Any) -> object:  # noqa: ANN401 - whatever AWS sends
    """Return the Date of an answer that AWS gave itself, rather than a proxy for want of one."""
    about = answer.get("ResponseMetadata", {}) if isinstance(answer, dict) else {}
    return (
        about["HTTPHeaders"].get("date")
        if about.get("HTTPStatusCode", _SERVER_ERROR) < _SERVER_ERROR
        else None
    )


def _is_unsendable(error: exceptions.HTTPClientError) -> bool:
    return isinstance(error.kwargs.get("error"), ValueError)


def _translate(action: str, error: exceptions.ClientError, hide: Callable[[str], str]) -> AwsError:
    details = error.response.get("Error", {})
    code = str(details.get("Code") or "Unknown").rpartition("#")[2]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_broken = status >= _SERVER_ERROR
    message = hide(str(details.get("Message") or ""))
    refusal = AwsError(action, code, message, is_answer_lost=is_broken)
    refusal.is_transient = (
        is_broken
        or code in _TRANSIENT_CODES
        or status == _TOO_MANY_REQUESTS
        or refusal.limit is Limit.AT_ONCE
    )
    return refusal
