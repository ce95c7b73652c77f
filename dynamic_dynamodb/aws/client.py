"""Call AWS: one client per service, retries in one place, errors of one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore import exceptions
from retrying import Retrying

from dynamic_dynamodb.aws.attempts import Attempt, find_request_id
from dynamic_dynamodb.aws.botocore_setup import list_profiles
from dynamic_dynamodb.aws.clock import AwsClock
from dynamic_dynamodb.aws.deadlines import bounded
from dynamic_dynamodb.aws.error_translation import SERVER_ERROR, TOO_SLOW, UNUSABLE_ANSWER, translate
from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.resilience import ENDING
from dynamic_dynamodb.config.aws_profiles import describe_missing_profile
from dynamic_dynamodb.errors import AwsError, CredentialsError, Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.aws.attempts import Observer
    from dynamic_dynamodb.aws.credentials import Credentials
    from dynamic_dynamodb.check.resilience import CallBudget

T = TypeVar("T")

FIRST_WAIT_MILLISECONDS: Final = 200
LONGEST_WAIT_MILLISECONDS: Final = 3_000
JITTER_MILLISECONDS: Final = 100
NOT_ASKED: Final = "NotAsked"
MOST_PAGES: Final = 1_000
"""Ten times the pages of 10,000 tables, AWS's default quota, at 100 tables per page."""
_MAKING: Final = "making AWS clients"


def make_retrying(is_worth_another: Callable[[BaseException], bool]) -> Any:  # noqa: ANN401 - no types
    """Return what repeats a call, after waits that double from the first to the longest, plus jitter.

    The predicate alone ends the retries: the library's own limits use a clock that can be set.
    """
    return Retrying(
        wait_exponential_multiplier=FIRST_WAIT_MILLISECONDS / 2,  # doubled before the first wait too
        wait_exponential_max=LONGEST_WAIT_MILLISECONDS,
        wait_jitter_max=JITTER_MILLISECONDS,
        retry_on_exception=is_worth_another,
    )


class AwsClient:
    """Call the services of one region with one set of credentials."""

    def __init__(
        self,
        credentials: Credentials,
        make_clients: Callable[[], Mapping[str, Any]],
        *,
        budget: CallBudget,
        is_stopping: Callable[[], bool],
        make_retrying: Callable[[Callable[[BaseException], bool]], Any] = make_retrying,
    ) -> None:
        """Call nothing yet.

        `make_clients` returns a client of botocore for each service, and is called by `open`. Set
        `observers` to what is called after each attempt of a call, in the thread that made it.
        """
        self.credentials = credentials
        self.budget = budget
        self.conditions = Conditions()
        self.clock = AwsClock(conditions=self.conditions)
        self._timeouts = budget.timeouts
        self._is_stopping = is_stopping
        self._make_clients = make_clients
        self._make_retrying = make_retrying
        self.observers: Sequence[Observer] = ()
        self._clients: Mapping[str, Any] = {}

    @property
    def is_usable(self) -> bool:
        """Return whether there are clients, and credentials that have not expired."""
        return bool(self._clients) and self.credentials.is_usable

    def prepare(self) -> None:
        """Start a check: make clients if there are none, and look up credentials if due; raise AwsError.

        Until the next call of this method, credentials are looked up at most once.
        """
        self.open()
        self.credentials.reset()

    def open(self) -> None:
        """Make clients if there are none; raise AwsError."""
        if not self._clients:
            self._clients = self._open_clients()

    def _open_clients(self) -> Mapping[str, Any]:
        try:
            with bounded(self._timeouts.attempt):  # defaults_mode = auto asks the metadata service
                return self._make_clients()
        except TimeoutError:
            asked = "the metadata service, which defaults_mode = auto asks, took"
            raise AwsError(_MAKING, TOO_SLOW, f"{asked} more than {self._timeouts.attempt:g} s") from None
        except exceptions.ProfileNotFound as error:
            is_configured = self.credentials.profile is not None
            message = describe_missing_profile(
                error.kwargs["profile"], list_profiles(), is_configured=is_configured
            )
            raise CredentialsError(_MAKING, type(error).__name__, message) from None
        except Exception as error:  # noqa: BLE001 - an endpoint that is not a URL, a malformed file
            message = self.credentials.mask(str(error))
            raise AwsError(_MAKING, type(error).__name__, message) from None

    def call(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        *,
        allows_retry: Callable[[], bool] = lambda: True,
        **parameters: Any,  # noqa: ANN401 - botocore's own shapes
    ) -> T:
        """Call `operation` of the service that `action` starts with, and return the parsed answer.

        Transient errors, which include malformed answers, are retried within the timeouts and the budget
        of the action, and not while the program is stopping. `allows_retry` is called before a retry of a
        call whose answer was lost, because AWS may have carried it out. Raises AwsError.
        """
        if self.budget.is_exhausted(action):
            message = "failed attempts have used up the time for such calls; the next check tries again"
            raise AwsError(action, NOT_ASKED, message)
        began, attempts, is_answer_lost = self.budget.clock(), 0, False

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
            # Updates under way take longer to finish than five attempts do.
            is_enough = attempts >= self._timeouts.most_attempts and error.limit is not Limit.AT_ONCE
            if is_enough or self.budget.clock() - began >= self._timeouts.retrying:
                return False
            return self.budget.allows_retry(action) and (not is_answer_lost or allows_retry())

        with self.budget.call(action) as cost:
            answer: T = self._make_retrying(is_worth_another).call(attempt)
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
        """Return page after page, until `parse` returns no token for the next one; raise AwsError.

        It is an error if there are more than `most_pages`, if they take longer than the timeouts allow,
        and if the program is stopping.
        """
        tokens: set[str] = set()
        began = self.budget.clock()
        while True:
            page, token = self.call(action, operation, parse, **parameters)
            yield page
            if token is None:
                return
            if token in tokens:
                raise AwsError(action, UNUSABLE_ANSWER, "the pages never end: one refers to itself")
            tokens.add(token)
            if len(tokens) >= most_pages:
                raise AwsError(action, UNUSABLE_ANSWER, f"the pages do not end after {most_pages:,}")
            if self.budget.clock() - began >= self._timeouts.pages:
                taken = f"{len(tokens):,} pages took more than {self._timeouts.pages:g} s, and there are more"
                raise AwsError(action, TOO_SLOW, taken)
            if self._is_stopping():
                raise AwsError(action, ENDING, "the program is stopping")
            parameters[token_name] = token

    def _call_once(
        self,
        action: str,
        operation: str,
        parse: Callable[[Mapping[str, Any]], T],
        parameters: Mapping[str, Any],
    ) -> T:
        client = self._clients[action.partition(":")[0]]
        asked, began = self.clock.monotonic(), self.budget.clock()
        answer: Any = None
        failure: AwsError | None = None
        try:
            with bounded(self._timeouts.attempt):
                answer = getattr(client, operation)(**parameters)
            self.clock.note(_find_date(answer), asked)
            return parse(answer)
        except exceptions.ClientError as error:
            answer = error.response
            self.clock.note(_find_date(answer), asked)
            failure = self._translate(action, error)
            if failure.is_about_credentials:
                self.credentials.mark_refused()
        except Exception as error:  # noqa: BLE001 - translated, whatever it is
            failure = self._translate(action, error)
        finally:
            if self.observers:
                seconds, code = self.budget.clock() - began, failure.code if failure else ""
                table, role = (str(parameters.get(name, "")) for name in ("TableName", "RoleArn"))
                attempt = Attempt(action, seconds, code, table, find_request_id(answer), role)
                for observe in self.observers:
                    observe(attempt)
        raise failure

    def _translate(self, action: str, error: Exception) -> AwsError:
        return translate(action, error, mask=self.credentials.mask, attempt_seconds=self._timeouts.attempt)


def _find_date(answer: Any) -> object:  # noqa: ANN401 - whatever AWS sends
    """Return the Date header of an answer from AWS itself; a server error may come from a proxy."""
    metadata = answer.get("ResponseMetadata", {}) if isinstance(answer, dict) else {}
    if metadata.get("HTTPStatusCode", SERVER_ERROR) >= SERVER_ERROR:
        return None
    return metadata["HTTPHeaders"].get("date")
