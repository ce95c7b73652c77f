"""Let the calls that boto3 makes be ended at a deadline."""

from __future__ import annotations

from functools import cache
from typing import Final

from botocore import awsrequest

from dynamic_dynamodb.aws.connections import bound_pool

_POOLS: Final = ("AWSHTTPConnectionPool", "AWSHTTPSConnectionPool")


@cache
def bound_calls() -> None:
    """Have boto3 make connections that keep to the deadline of the thread that uses them.

    botocore takes no connections from outside, and makes some by itself, to look for credentials. So its
    own classes are replaced, once in a process; without a deadline nothing changes.
    """
    for name in _POOLS:
        setattr(awsrequest, name, bound_pool(getattr(awsrequest, name)))
