"""Keep a web server at the address that the configuration in force has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamic_dynamodb.service import LOGGER

if TYPE_CHECKING:
    from dynamic_dynamodb.config.address import Address
    from dynamic_dynamodb.service.web.server import WebServer
    from dynamic_dynamodb.service.web.site import Site


@dataclass(slots=True)
class WebHost:
    """The server of the configuration in force; None if it does not listen."""

    site: Site
    server: WebServer | None = None

    def bind(self, address: Address | None) -> WebServer | None:
        """Return a server at this address, which is the present one if it has it; raise ListenError."""
        if address is None or (self.server is not None and self.server.address == address):
            return self.server if address is not None else None
        from dynamic_dynamodb.service.web.server import WebServer  # noqa: PLC0415 - loads the HTTP server

        return WebServer(address)

    def switch(self, server: WebServer | None) -> None:
        """Put a bound server in force, and then close the one before it; raise ListenError."""
        before = self.server
        if server is before:
            return
        if server is not None:
            from dynamic_dynamodb.service.web.application import Application  # noqa: PLC0415 - as in `bind`

            server.start(Application(self.site.pages, server.address.host))
            LOGGER.info("listening on http://%s", server.address)
        self.server = server
        if before is not None:
            before.close()

    def close(self) -> None:
        """Stop listening."""
        self.switch(None)
