"""One attempt of a call to AWS, for those who log or count calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dynamic_dynamodb.scaling.model import value

_MOST_CHARACTERS: Final = 100
"""More than a request id of AWS has; a proxy may send anything."""


@value
class Attempt:
    """An attempt of a call to AWS that has ended after `seconds`.

    `code` is the error code, and empty if AWS carried out the call. `table` is empty for a call that is not
    about one table, and `request_id` if no answer came. `role` is the ARN of the role that the call assumes.
    `place` is set by those who log calls in several places.
    """

    action: str
    seconds: float
    code: str = ""
    table: str = ""
    request_id: str = ""
    role: str = ""
    place: str = ""

    def __str__(self) -> str:
        """Return one line."""
        where = f"{self.place}: " if self.place else ""
        subject = self.table or self.role
        about = f" of {subject}" if subject else ""
        result = f"failed with {self.code}" if self.code else "succeeded"
        request = f", request id {self.request_id}" if self.request_id else ""
        return f"{where}{self.action}{about} {result} in {self.seconds:.3f} s{request}"


Observer = Callable[[Attempt], None]


def find_request_id(answer: Any) -> str:  # noqa: ANN401 - whatever AWS sends
    """Return the request id of an answer; empty if it has none."""
    metadata = answer.get("ResponseMetadata") if isinstance(answer, dict) else None
    found = metadata.get("RequestId") if isinstance(metadata, dict) else None
    return found[:_MOST_CHARACTERS] if isinstance(found, str) else ""
