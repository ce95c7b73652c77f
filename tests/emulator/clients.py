"""boto3 clients that talk to an emulator and never retry."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from tests.emulator.emulator import Emulator


Keys = tuple[str, str, str | None]
_KEYS: Keys = ("AKIDTESTS", "secret", None)


def client(
    emulator: Emulator,
    service: str,
    *,
    region: str = "us-east-1",
    read_timeout: float = 10,
    keys: Keys = _KEYS,
) -> Any:
    """Return a client that does not validate parameters; it is made once for the same arguments."""
    return _client(emulator.url, service, region, read_timeout, keys)


def assume_role(emulator: Emulator, arn: str, *, region: str = "us-east-1", **parameters: Any) -> Keys:
    """Assume a role, and return the keys of the session."""
    sts = client(emulator, "sts", region=region)
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="tests", **parameters)["Credentials"]
    return answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]


@lru_cache
def _session(keys: Keys) -> Any:
    return boto3.Session(*keys)


@lru_cache
def _client(url: str, service: str, region: str, read_timeout: float, keys: Keys) -> Any:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        parameter_validation=False,
        connect_timeout=5,
        read_timeout=read_timeout,
        disable_request_compression=True,
    )
    return _session(keys).client(service, endpoint_url=url, region_name=region, config=config)
