"""Intake: signed webhooks over HTTP into the ledger.

A request is bounded before it is read, its signature verified on the raw bytes before they are parsed, and answered
with 200 only when its launch is on disk. Said again it changes nothing, so a sender may repeat whatever was not
answered. Speaks HTTP without TLS: put it behind a proxy that does.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import orjson

from pipelines.launches.ledger import record_statements
from pipelines.launches.senders import Sender
from pipelines.listen.log import say
from schemas.errors import TribometerError, UsageError
from schemas.launch import InvalidLaunch
from schemas.launch_statement import NothingSaid

LARGEST_BODY_BYTES: Final = 2 << 20
"""Release notes have at most 125,000 characters; the rest is GitHub's description of repository and files."""

_SECONDS: Final = 10
"""Longest a sender may keep us waiting for the next bytes."""


class Refused(Exception):
    """A request that is answered with an error: `status`, and the reason as the text."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class IntakeServer:
    """Serves on its own threads from `with` to its end, which waits for requests in progress.

    `senders` by the first part of their path; `address` is where, for a port of 0 as well.
    """

    def __init__(
        self, address: tuple[str, int], root: str, senders: Mapping[str, Sender], clock: Callable[[], datetime]
    ) -> None:
        try:
            self._server = ThreadingHTTPServer(address, _handler(_Ledger(root, clock), senders))
        except OSError as error:
            raise UsageError(
                f"--http {address[0]}:{address[1]}: {error.strerror or error}; name another port"
            ) from error
        self._server.daemon_threads = False
        self.address = f"{address[0]}:{self._server.server_port}"

    def __enter__(self) -> IntakeServer:
        threading.Thread(target=self._server.serve_forever, name="intake", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Ledger:
    """One statement at a time: two that meet would both be recorded."""

    def __init__(self, root: str, clock: Callable[[], datetime]) -> None:
        self._root = root
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, sender: Sender, header: Any, account: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        statement = sender.statement(header, account, payload)
        with self._lock:
            done = record_statements(self._root, [statement], now=self._clock(), by=sender.by)
        launch = statement.launch.launch_id if statement.launch else statement.takes_back
        return {"launch_id": launch, "done": done.word}


def _handler(ledger: _Ledger, senders: Mapping[str, Sender]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "tribometer"
        sys_version = ""
        timeout = _SECONDS

        def do_GET(self) -> None:
            if self.path.split("?", 1)[0] == "/healthz":
                self._answer(200, {"ok": True})
            else:
                self._answer(404, {"ok": False, "why": "GET /healthz, or POST a webhook"})

        def do_POST(self) -> None:
            name, _, account = self.path.split("?", 1)[0].strip("/").partition("/")
            delivery = None
            try:
                sender = senders.get(name)
                if sender is None:
                    raise Refused(404, f"webhooks are taken at {', '.join('/' + known for known in senders)}")  # noqa: TRY301
                payload = _payload(sender, self.headers.get, self._body())
                delivery = sender.delivery(self.headers.get, payload)
                done = ledger.take(sender, self.headers.get, account, payload)
            except NothingSaid as nothing:
                self._end(202, name, delivery, {"ok": True, "ignored": str(nothing)})
            except Refused as refused:
                self._end(refused.status, name, delivery, {"ok": False, "why": str(refused)})
            except InvalidLaunch as invalid:
                self._end(422, name, delivery, {"ok": False, "why": str(invalid)})
            except (TribometerError, OSError) as error:
                say("webhook failed", logging.ERROR, sender=name, error=str(error))
                self._end(503, name, delivery, {"ok": False, "why": "cannot be recorded now; send it again"})
            else:
                self._end(200, name, delivery, {"ok": True, **done})

        def _body(self) -> bytes:
            """The raw bytes, refused by their announced length before one is read."""
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit():
                raise Refused(411, "say the Content-Length")
            if len(length) > 12 or int(length) > LARGEST_BODY_BYTES:
                raise Refused(413, f"a webhook has at most {LARGEST_BODY_BYTES:,} bytes")
            try:
                body = self.rfile.read(int(length))
            except TimeoutError:
                raise Refused(408, "the body did not come") from None
            if len(body) < int(length):
                raise Refused(400, "the body is shorter than its Content-Length")
            return body

        def _end(self, status: int, sender: str, delivery: str | None, answer: Mapping[str, Any]) -> None:
            words = {key: value for key, value in answer.items() if key != "ok"}
            say("webhook", sender=sender[:40], delivery=(delivery or "-")[:80], status=status, **words)
            self._answer(status, answer)

        def _answer(self, status: int, answer: Mapping[str, Any]) -> None:
            body = json.dumps(answer).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: `_end` has said what came of it."""

    return Handler


def _payload(sender: Sender, header: Any, body: bytes) -> Mapping[str, Any]:
    """The object that signed bytes say."""
    signature = sender.signature(header)
    if signature is None:
        raise Refused(401, "the signature is missing")
    if not sender.secrets.signed(body, signature):
        raise Refused(401, "the signature is not one of an active secret over these bytes")
    if "form-urlencoded" in (header("Content-Type") or ""):
        raise Refused(415, "choose the content type application/json at the sender")
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(payload, dict):
        raise Refused(400, "the body is not a JSON object")
    return payload
