"""Open sessions of botocore that share what is large."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import create_loader
from botocore.session import get_session

from dynamic_dynamodb.aws.transport import bound_calls


@cache
def _share_loader(data_path: str | None) -> Any:  # noqa: ANN401 - botocore has no types
    """Let all sessions of the process use the same descriptions of AWS's services, which are large."""
    return create_loader(data_path)


def open_session() -> Any:  # noqa: ANN401 - botocore has no types
    """Return a session that reads AWS's variables and files from scratch; raise what botocore does."""
    bound_calls()
    session = get_session()
    session.register_component("data_loader", _share_loader(session.get_config_variable("data_path")))
    return session
