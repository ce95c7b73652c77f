"""Fakes of botocore, and a clock that advances only when a test or a fake advances it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from retrying import Retrying

from dynamic_dynamodb.aws.client import AwsClient, make_retrying
from dynamic_dynamodb.aws.credential_lookup import Lookup
from dynamic_dynamodb.aws.credentials import Credentials
from dynamic_dynamodb.check.resilience import CallBudget, Timeouts, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OK: dict[str, Any] = {}
"""An answer without content."""


@dataclass
class FakeClock:
    """A clock that advances only by the seconds that calls and waits take."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def make_retrying(self, is_worth_another: Callable[[BaseException], bool]) -> Any:
        """Return the product's retries, which wait on this clock only."""
        wait = make_retrying(is_worth_another).wait

        def advance(attempt: int, delay: int) -> int:
            self.now += wait(attempt, delay) / 1000
            return 0

        return Retrying(wait_func=advance, retry_on_exception=is_worth_another)


@dataclass
class FakeService:
    """A botocore client of one operation, `call`, which returns or raises its answers in turn.

    The last answer is given for all further calls. Each call takes `seconds`.
    """

    clock: FakeClock
    answers: deque[Any] = field(default_factory=deque)
    seconds: float = 0.0
    called_at: list[float] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)

    def call(self, **parameters: Any) -> Any:
        """Answer a call."""
        self.called_at.append(self.clock())
        self.parameters.append(parameters)
        self.clock.now += self.seconds
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeLookup(Lookup):
    """A look-up of credentials whose result the test sets."""

    def __init__(self, found: tuple[Any, Any] | None = None, error: Exception | None = None) -> None:
        """End at once with what it finds, or with an error."""
        super().__init__("the instance metadata service", 40)
        self.found = found
        self.error = error
        self.has_ended = True
        self.is_given_up = False

    @property
    def is_done(self) -> bool:
        """Return whether it has ended."""
        return self.has_ended

    @property
    def is_hopeless(self) -> bool:
        """Return whether another one may start."""
        return self.is_given_up

    def wait(self, is_stopping: Callable[[], bool]) -> bool:
        """Return whether it has ended, without waiting."""
        return self.has_ended and not is_stopping()


@dataclass
class FakeLookups:
    """The look-ups to start, in order."""

    coming: deque[FakeLookup]
    started: int = 0

    def __call__(self) -> FakeLookup:
        """Start the next one."""
        self.started += 1
        return self.coming.popleft()


def use_keys() -> Credentials:
    """Return configured keys."""
    return Credentials(("AKIDTESTS", "a-secret-key"), FakeLookups(deque()), is_stopping=never)


def refuse(code: str, message: str = "", status: int = 400, date: str | None = None) -> ClientError:
    """Return what botocore raises when AWS refuses a call."""
    headers = {"date": date} if date else {}
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(response, "Call")


def make_client(
    service: FakeService,
    answers: Iterable[Any] = (),
    *,
    timeouts: Timeouts | None = None,
    is_stopping: Callable[[], bool] = never,
    credentials: Credentials | None = None,
) -> AwsClient:
    """Return a client of DynamoDB that is prepared for a check."""
    service.answers.extend(answers)
    limits = timeouts or Timeouts()
    client = AwsClient(
        credentials or use_keys(),
        lambda: {"dynamodb": service},
        budget=CallBudget(limits, service.clock),
        is_stopping=is_stopping,
        make_retrying=service.clock.make_retrying,
    )
    client.prepare()
    return client
