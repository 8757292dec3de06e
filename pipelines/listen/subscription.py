"""A Pub/Sub subscription as a message source, by unary pulls.

A batch wants exact control of count, bytes and time, which the streaming pull of the client library does not give:
it holds messages of its own accord and hands them out one by one.

Pulls are made by a few threads, and only while `receive` waits for messages. A pull that comes back later keeps
what it brought for the next `receive`; so nothing that the server handed out is dropped, and at most one response
for each thread is held beyond what was asked for.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from pipelines.listen.leases import Leases
from pipelines.listen.pull_size import PullSize
from pipelines.listen.source import Received, SourceUnavailableError
from pipelines.pubsub.endpoint import transport
from pipelines.pubsub.names import Resource, parse_path
from pipelines.pubsub.refusals import TRANSIENT, explained, refusal
from schemas.errors import TribometerError
from transforms.failpoints import failpoint

PULLERS: Final = 2
"""Against the emulator a third brings nothing; to a service some milliseconds away a second hides the way there."""

_LULL_SECONDS: Final = 0.02
"""When nothing more came for so long, what was received is handed on."""

_PULL_SECONDS: Final = 15.0
"""How long a pull waits for a message before the server is asked for a sign of life."""

_ANSWER_SECONDS: Final = 8.0
"""A server that lives answers a question within this."""


class Subscription:
    """`projects/PROJECT/subscriptions/NAME` as a `MessageSource`. Raises `UsageError` for another spelling.

    `received` counts messages handed out by the server; `acknowledged`, `stale`, `extended` and `lapsed` are those
    of `leases`, as are `held` and `oldest_published_at`. Connections are made on first use and by one process: do
    not fork afterwards.
    """

    def __init__(self, path: str, pullers: int = PULLERS) -> None:
        self._resource: Resource = parse_path(path, "subscriptions")
        self.name = str(self._resource)
        self.received = 0
        self._pullers = pullers
        self._connection: tuple[Any, Leases] | None = None
        self._size = PullSize()
        self._changed = threading.Condition()
        self._arrived: deque[Received] = deque()
        self._arrived_bytes = 0
        self._room = (0, 0)
        self._asked = (0, 0)
        self._failure: Exception | None = None
        self._closed = False
        self._threads: list[threading.Thread] = []

    @property
    def leases(self) -> Leases:
        """What is held, and the counters of what became of it."""
        return self._connected()[1]

    def check(self) -> None:
        """Pull once, without waiting: what a consumer may do is all that is needed. What comes is kept.

        Raises `UsageError` or `TribometerError`, which is a `SourceUnavailableError` when the server cannot be
        reached, within about ten seconds.
        """
        try:
            self._keep(self._pull(1, wait=False))
        except (api.GoogleAPICallError, GoogleAuthError) as error:
            raised = self._raised(error)
            if isinstance(error, (api.NotFound, api.Unauthenticated, GoogleAuthError)):
                raise TribometerError(str(raised)) from error
            raise raised from error

    def receive(self, max_messages: int, max_bytes: int, wait_seconds: float) -> Sequence[Received]:
        """As `MessageSource.receive`; returns early when no more messages follow the first ones at once."""
        self._start()
        end = time.monotonic() + wait_seconds
        taken: list[Received] = []
        with self._changed:
            self._failure = None
            try:
                while True:
                    full = self._take(taken, max_messages, max_bytes)
                    waits = min(end - time.monotonic(), _LULL_SECONDS if taken else wait_seconds)
                    if full or waits <= 0 or self._failure is not None or self._closed:
                        break
                    size_bytes = sum(len(message.payload) for message in taken)
                    self._room = max_messages - len(taken), max_bytes - size_bytes
                    self._changed.notify_all()
                    if not self._changed.wait(waits) and not self._arrived:
                        break
            finally:
                self._room = (0, 0)
            if self._failure is not None and not taken:
                raise self._raised(self._failure) from self._failure
        if taken:
            failpoint("after_pull")
        return taken

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """As `MessageSource.acknowledge`. A lease that ran out meanwhile is counted as stale, and is no error."""
        try:
            self.leases.acknowledge(messages)
        except (api.GoogleAPICallError, GoogleAuthError, ValueError) as error:
            raise SourceUnavailableError(explained(error, self._resource)) from error

    def release(self, messages: Sequence[Received]) -> None:
        """As `MessageSource.release`."""
        self.leases.release(messages)

    def close(self) -> None:
        """Give back what nobody received, and let go of threads and connections."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            left = list(self._arrived)
            self._arrived.clear()
            self._changed.notify_all()
        if self._connection is not None:
            client, leases = self._connection
            leases.release(left)
            leases.close()
            client.transport.close()
        for thread in self._threads:
            thread.join(timeout=_ANSWER_SECONDS)

    def _connected(self) -> tuple[Any, Leases]:
        with self._changed:
            if self._connection is None:
                # An emulator that comes back counts its leases from 1 again: an old one would acknowledge a new
                # message that nobody has read. The service knows its leases for good.
                made = transport(SubscriberGrpcTransport, on_disconnect=self._forget)
                client = pubsub_v1.SubscriberClient(transport=made)
                self._connection = client, Leases(client, self.name)
            return self._connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection[1].forget()

    def _start(self) -> None:
        if self._threads:
            return
        try:
            self._connected()
        except GoogleAuthError as error:
            raise self._raised(error) from error
        self._threads = [
            threading.Thread(target=self._pull_until_closed, name=f"puller-{number}", daemon=True)
            for number in range(self._pullers)
        ]
        for thread in self._threads:
            thread.start()

    def _take(self, taken: list[Received], max_messages: int, max_bytes: int) -> bool:
        """Move what arrived into `taken` as far as it fits; whether that is all that fits."""
        size_bytes = sum(len(message.payload) for message in taken)
        while self._arrived and len(taken) < max_messages:
            size_bytes += len(self._arrived[0].payload)
            if taken and size_bytes > max_bytes:
                return True
            taken.append(self._arrived.popleft())
            self._arrived_bytes -= len(taken[-1].payload)
        return len(taken) >= max_messages or size_bytes >= max_bytes

    def _pull_until_closed(self) -> None:
        while True:
            with self._changed:
                while not (wanted := self._wanted()) and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                expected = wanted * self._size.expected_bytes
                self._asked = self._asked[0] + wanted, self._asked[1] + expected
            pulled: list[Received] = []
            failure: Exception | None = None
            try:
                pulled = self._pull(wanted, wait=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, `receive` raises it
                failure = error
            with self._changed:
                self._asked = self._asked[0] - wanted, self._asked[1] - expected
                if failure is not None and not self._closed:
                    self._failure = failure
                    self._changed.notify_all()
            self._keep(pulled)

    def _wanted(self) -> int:
        """How many messages a thread should ask for now; 0 for none."""
        if self._failure is not None:
            return 0
        messages = self._room[0] - self._asked[0] - len(self._arrived)
        size_bytes = self._room[1] - self._asked[1] - self._arrived_bytes
        if messages <= 0 or size_bytes <= 0:
            return 0
        share = -(-self._room[0] // self._pullers)
        return self._size.messages(min(messages, share), size_bytes)

    def _keep(self, pulled: list[Received]) -> None:
        """For the next `receive`; where none will come, give them back."""
        if not pulled:
            return
        with self._changed:
            closed = self._closed
            self.received += len(pulled)
            if not closed:
                self._size.pulled([len(message.payload) for message in pulled])
                self._arrived.extend(pulled)
                self._arrived_bytes += sum(len(message.payload) for message in pulled)
                self._changed.notify_all()
        if closed:
            self.leases.release(pulled)

    def _pull(self, messages: int, wait: bool) -> list[Received]:
        """One pull; holds the leases of what it brought. Empty when there is nothing just now.

        A pull that waited in vain cannot be told from a server that hangs; so then it is asked for what it has now.
        """
        client, leases = self._connected()
        era = leases.era
        request: dict[str, Any] = {"subscription": self.name, "max_messages": messages}
        try:
            if wait:
                try:
                    answer = client.pull(request=request, timeout=_PULL_SECONDS, retry=None)
                except api.DeadlineExceeded:
                    wait = False
            if not wait:
                request["return_immediately"] = True
                answer = client.pull(request=request, timeout=_ANSWER_SECONDS, retry=None)
        except api.ResourceExhausted:
            with self._changed:
                self._size.too_much()
            raise
        # proto-plus wraps each field at each access; the plain message below it is several times faster to read.
        found = [_received(each, era) for each in type(answer).pb(answer).received_messages]
        leases.add(found)
        return found

    def _raised(self, error: Exception) -> TribometerError:
        if isinstance(error, TRANSIENT):
            return SourceUnavailableError(explained(error, self._resource))
        if isinstance(error, (api.GoogleAPICallError, GoogleAuthError)):
            return refusal(error, self._resource)
        return (
            error if isinstance(error, TribometerError) else TribometerError(f"{self.name}: cannot pull: {error}")
        )


def _received(each: Any, era: int) -> Received:
    message = each.message
    published_at: datetime | None = None
    if message.HasField("publish_time"):
        published_at = message.publish_time.ToDatetime(tzinfo=UTC)
    return Received(
        payload=message.data,
        origin=f"pubsub:{message.message_id}",
        lease=f"{era} {each.ack_id}",
        published_at=published_at,
        attempt=max(each.delivery_attempt, 1),
    )
