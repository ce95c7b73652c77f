"""Tell a supervisor that waits for it, as systemd does, that the service is ready."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
MOST_SECONDS: Final = 2.0
"""How long a supervisor that is busy is waited for; it must not hold up the first check."""


def notify_ready(environment: Mapping[str, str]) -> None:
    """Say READY=1 on the socket that $NOTIFY_SOCKET names, if it names one (sd_notify(3))."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"  # a name that is no file
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
            speaker.settimeout(MOST_SECONDS)
            speaker.sendto(b"READY=1", address)
    except OSError as error:
        LOGGER.warning("the supervisor cannot be told that this is ready: %s", error)
