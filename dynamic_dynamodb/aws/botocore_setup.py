"""Make boto3's clients: every setting that differs from its defaults stands here, with its reason."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore import awsrequest
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.session import Session, get_session

from dynamic_dynamodb import __version__
from dynamic_dynamodb.aws.connections import bound_pool
from dynamic_dynamodb.aws.parsing import make_parser_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.check.resilience import Timeouts

_POOLS: Final = ("AWSHTTPConnectionPool", "AWSHTTPSConnectionPool")
_USER_AGENT: Final = f"dynamic-dynamodb/{__version__} Boto3/{boto3.__version__}"  # boto3 adds botocore's


def open_session(profile: str | None = None) -> Any:  # noqa: ANN401 - botocore has no types
    """Return a session that reads AWS's environment variables and files again; raise what botocore raises.

    A `profile` wins over AWS_PROFILE, and over keys in the environment.
    """
    bound_connections()
    session = Session(profile=profile) if profile else get_session()
    session.register_component("data_loader", _share_loader(session.get_config_variable("data_path")))
    return session


def list_profiles() -> list[str]:
    """Return the names of the profiles in AWS's configuration files; raise what botocore raises."""
    return sorted(Session().available_profiles)


def make_clients(
    services: Mapping[str, str],
    *,
    profile: str | None,
    credential_provider: object,
    timeouts: Timeouts,
    most_connections: int,
) -> dict[str, Any]:
    """Return a client for each service, in its region; raise what botocore raises.

    Make all clients in one thread: memory that worker threads allocate for them is not used again.
    """
    session = open_session(profile)
    # A value of the wrong type spoils itself alone, and each minute of an answer is parsed once.
    session.register_component("response_parser_factory", make_parser_factory())
    # botocore would resolve credentials when it makes a client, and keep them.
    session.register_component("credential_provider", credential_provider)
    # Older versions would call STS in us-east-1 alone, and not from a network that is closed to it.
    session.set_config_variable("sts_regional_endpoints", "regional")
    config = Config(
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.read,
        max_pool_connections=most_connections,
        # botocore's retries would multiply with ours, and repeat calls that must not be repeated.
        retries={"total_max_attempts": 1, "mode": "standard"},
        # A whole user agent is sent as is. botocore would build one for each call: a tenth of its time.
        user_agent=_USER_AGENT,
        # AWS validates parameters itself. Without, a call for 500 metrics takes a fifth less time.
        parameter_validation=False,
    )
    # Any: the service is a variable here, for which type stubs know no client
    maker: Any = boto3.Session(botocore_session=session)
    return {
        service: maker.client(service, region_name=region, config=config)
        for service, region in services.items()
    }


@cache
def bound_connections() -> None:
    """Let botocore's connections, from now on, keep to the deadline of the thread that uses them.

    botocore accepts no connections from outside, and opens some of its own to find credentials. So its
    connection pools are replaced, once in a process. Without a deadline, nothing changes.
    """
    for name in _POOLS:
        setattr(awsrequest, name, bound_pool(getattr(awsrequest, name)))


@cache
def _share_loader(data_path: str | None) -> Any:  # noqa: ANN401 - botocore has no types
    """Return one loader for all sessions of the process: it caches the service models, which are large."""
    return _Loader(create_loader(data_path).search_paths, include_default_search_paths=False)


class _Loader(Loader):
    """A loader of service models that does not look into the directories of all 400 services."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Return the names of all directories; loading a model reports it if one has none of this type."""
        paths = [Path(path) for path in self.search_paths]
        return [entry.name for path in paths if path.is_dir() for entry in path.iterdir()]
