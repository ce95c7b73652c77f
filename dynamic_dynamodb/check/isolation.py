"""Keep what goes wrong with one target from taking the others with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")
LOGGER: Final = logging.getLogger("dynamic-dynamodb")


def isolate(what: str, work: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T | AwsError:
    """Do some work for one target, and give its error instead of raising it, whatever it is."""
    try:
        return work(*arguments, **named)
    except AwsError as error:
        return error
    except Exception as error:
        LOGGER.debug("an error that nobody expected", exc_info=True)
        return AwsError(what, type(error).__name__, str(error))
