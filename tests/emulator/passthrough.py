"""moto's server for the services this package does not serve itself; its state belongs to the process."""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tests.emulator.wire import Answer

if TYPE_CHECKING:
    from tests.emulator.wire import RawRequest

_lock = threading.Lock()
_OWN_HEADERS = frozenset({"content-length", "connection", "server", "date"})


def forward(raw: RawRequest) -> Answer:
    """Return moto's answer to a request."""
    from werkzeug.test import run_wsgi_app  # noqa: PLC0415 - moto and werkzeug load slowly, few tests need them

    with _lock:
        body, status, headers = run_wsgi_app(_application(), _environ(raw), buffered=True)
        content = b"".join(body)
    kept = {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}
    return Answer(int(status.split()[0]), content, kept)


def create_topic(name: str, region: str, account: str) -> str:
    """Create an SNS topic and return its ARN."""
    from moto.sns.models import sns_backends  # noqa: PLC0415 - see forward()

    _application()
    with _lock:
        arn: str = sns_backends[account][region].create_topic(name).arn
    return arn


def reset() -> None:
    """Forget all state moto holds, if moto was needed at all."""
    if _application.cache_info().currsize == 0:
        return
    from moto.core.base_backend import BackendDict  # noqa: PLC0415 - see forward()

    with _lock:
        for backends in list(BackendDict._instances):  # type: ignore[misc]  # noqa: SLF001 - moto's public way is a request
            for account in list(backends.values()):
                account.reset()


@lru_cache(maxsize=1)
def _application() -> Any:
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - see forward()
        DomainDispatcherApplication,
        create_backend_app,
    )

    return DomainDispatcherApplication(create_backend_app)


def _environ(raw: RawRequest) -> dict[str, Any]:
    path, _, query = raw.path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": raw.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(raw.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in raw.headers.items():
        environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
    return environ
