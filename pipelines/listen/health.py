"""Health: `/healthz`, `/readyz` and `/metrics` over HTTP, for whoever restarts, routes to or watches a service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Protocol

from prometheus_client import CONTENT_TYPE_LATEST

from schemas.errors import UsageError

_JSON: Final = "application/json"


class Condition(Protocol):
    """What a service says of itself: words for what is wrong, nothing when all is well."""

    def trouble(self) -> list[str]:
        """Why it cannot do its work now."""

    def stuck(self) -> list[str]:
        """Why only a restart would help."""


class Measured(Protocol):
    """What measures itself."""

    def exposition(self) -> bytes:
        """The text a monitoring system reads."""


def parse_address(text: str, *, or_none: bool = False) -> tuple[str, int]:
    """`HOST:PORT` in its parts. Raises `UsageError` for anything else, which names `none` where that is possible."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise UsageError(
            f"--http {text}: is not HOST:PORT, as in 127.0.0.1:9470{'; `none` serves nothing' * or_none}"
        )
    return host.strip("[]"), int(port)


class HealthServer:
    """Serves on its own threads from `with` to its end; `address` is where, for a port of 0 as well."""

    def __init__(self, address: tuple[str, int], condition: Condition, metrics: Measured) -> None:
        pages: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/healthz": lambda: _verdict(condition.stuck()),
            "/readyz": lambda: _verdict(condition.trouble()),
            "/metrics": lambda: (200, CONTENT_TYPE_LATEST, metrics.exposition()),
        }
        try:
            self._server = ThreadingHTTPServer(address, _handler(pages))
        except OSError as error:
            raise UsageError(
                f"--http {address[0]}:{address[1]}: {error.strerror or error}; name another port, or `none`"
            ) from error
        self._server.daemon_threads = True
        self.address = f"{address[0]}:{self._server.server_port}"

    def __enter__(self) -> HealthServer:
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _verdict(complaints: list[str]) -> tuple[int, str, bytes]:
    status = 503 if complaints else 200
    return status, _JSON, json.dumps({"ok": not complaints, "why": complaints}).encode() + b"\n"


def _handler(pages: dict[str, Callable[[], tuple[int, str, bytes]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "tribometer"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            page = pages.get(self.path.split("?", 1)[0])
            status, kind, body = (
                page() if page else (404, _JSON, b'{"pages": ["/healthz", "/readyz", "/metrics"]}\n')
            )
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing: a probe every few seconds is no news."""

    return Handler
