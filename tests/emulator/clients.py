"""boto3 clients that talk to an emulator and never retry."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from tests.emulator.emulator import Emulator


def client(emulator: Emulator, service: str, *, region: str = "us-east-1", read_timeout: float = 10) -> Any:
    """Return a client that does not validate parameters; it is made once per service, region and timeout."""
    return _client(emulator.url, service, region, read_timeout)


@lru_cache
def _session() -> Any:
    return boto3.Session(aws_access_key_id="AKIDTESTS", aws_secret_access_key="secret")


@lru_cache
def _client(url: str, service: str, region: str, read_timeout: float) -> Any:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        parameter_validation=False,
        connect_timeout=5,
        read_timeout=read_timeout,
        disable_request_compression=True,
    )
    return _session().client(service, endpoint_url=url, region_name=region, config=config)
