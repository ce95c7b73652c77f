"""The address of the option `listen`."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing_extensions import Self

GOOD_ADDRESS: Final = "127.0.0.1:9109"
_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
_LAST_PORT: Final = 65_535


class Address(str):
    """A host and a port, such as 127.0.0.1:9109, [::1]:9109 or localhost:9109."""

    __slots__ = ("host", "port")

    host: str
    port: int

    def __new__(cls, text: str) -> Self:
        """Parse the text; raise ValueError if it is no address with a port from 1 to 65,535."""
        self = super().__new__(cls, text)
        match = _ADDRESS.fullmatch(text)
        if match is None or not 0 < int(match["port"]) <= _LAST_PORT:
            raise ValueError(text)
        self.host, self.port = match["v6"] or match["host"], int(match["port"])
        if match["v6"] or not _NAME.fullmatch(self.host):
            ip_address(self.host)  # raises ValueError
        return self

    @property
    def is_local(self) -> bool:
        """Return whether only programs on this machine can connect."""
        return self.host.lower() == "localhost" or (
            is_ip_address(self.host) and ip_address(self.host).is_loopback
        )


def is_ip_address(host: str) -> bool:
    """Return whether a host is an IPv4 or IPv6 address, without brackets."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
