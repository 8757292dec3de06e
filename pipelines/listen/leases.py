"""Leases: the messages a subscription has handed out and waits to hear of, kept from being delivered again.

The subscription's own deadline is not known (reading it needs a permission that consuming does not), so each lease
is extended to a deadline of our own, first soon after the pull: the shortest deadline Pub/Sub has is 10 seconds.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError

from pipelines.listen.source import Received
from transforms.failpoints import failpoint

EXTENSION_SECONDS: Final = 60
"""How far ahead a lease is extended: how long a message of a dead listener waits for the next one."""

_FIRST_EXTENSION_SECONDS: Final = 3.0
_EXTEND_EVERY_SECONDS: Final = 20.0
_TICK_SECONDS: Final = 1.0
_CALL_SECONDS: Final = 10.0
_TRIES: Final = 3
_PAUSE_SECONDS: Final = 0.2

# A request may have 512 KiB: https://cloud.google.com/pubsub/quotas#resource_limits
_CHUNK_LEASES: Final = 1_000
_CHUNK_BYTES: Final = 400_000


@dataclass
class _Lease:
    extend_at: float
    size_bytes: int
    published_at: datetime | None


class Leases:
    """Thread-safe. Extends what it holds in a thread of its own, from the first `add` until `close`.

    Counters: `acknowledged`, `extended` (extensions of one lease each), `stale` (acknowledgements that came too
    late: the lease had run out, and the message is delivered again), `lapsed` (leases lost while they were held).
    """

    def __init__(self, client: Any, subscription: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._subscription = subscription
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: dict[str, _Lease] = {}
        self._closed = threading.Event()
        self._extender: threading.Thread | None = None
        self._era = 0
        self.acknowledged = 0
        self.extended = 0
        self.stale = 0
        self.lapsed = 0

    @property
    def era(self) -> int:
        """Number of times the server forgot all leases; the first word of a lease, the server's name is the second."""
        return self._era

    def add(self, messages: Iterable[Received]) -> None:
        """Hold these from now on; not those of an earlier era."""
        due = self._monotonic() + _FIRST_EXTENSION_SECONDS
        with self._lock:
            for message in messages:
                if message.lease.startswith(f"{self._era} "):
                    self._held[message.lease] = _Lease(due, len(message.payload), message.published_at)
            if self._extender is None:
                self._extender = threading.Thread(target=self._extend_until_closed, name="leases", daemon=True)
                self._extender.start()

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """Acknowledge what is still held of `messages`; the rest is counted as stale.

        What raises is held on, so that it can be tried again.
        """
        leases = [message.lease for message in messages]
        half = (len(leases) + 1) // 2
        for number, part in enumerate((leases[:half], leases[half:]), start=1):
            with self._lock:
                held = [lease for lease in part if lease in self._held]
                self.stale += len(part) - len(held)
            for chunk in _chunks(held):
                refused = self._told(self._client.acknowledge, chunk, {})
                with self._lock:
                    self._drop(chunk)
                    self.stale += len(refused)
                    self.acknowledged += len(chunk) - len(refused)
            if number == 1:
                failpoint("after_half_of_the_acks")

    def release(self, messages: Sequence[Received]) -> None:
        """Hold them no longer, and have them delivered again soon where the server can be told."""
        with self._lock:
            given = [message.lease for message in messages if message.lease in self._held]
            self._drop(given)
        for chunk in _chunks(given):
            try:
                self._told(self._client.modify_ack_deadline, chunk, {"ack_deadline_seconds": 0}, tries=1)
            except (api.GoogleAPICallError, GoogleAuthError, ValueError):
                return

    def forget(self) -> None:
        """The server knows none of them any more."""
        with self._lock:
            self._era += 1
            self.lapsed += len(self._held)
            self._held.clear()

    def close(self) -> None:
        """Stop extending; what is held runs out."""
        self._closed.set()
        if self._extender is not None:
            self._extender.join(timeout=_CALL_SECONDS)

    @property
    def held(self) -> tuple[int, int]:
        """Messages held, and the bytes of their payloads."""
        with self._lock:
            return len(self._held), sum(lease.size_bytes for lease in self._held.values())

    @property
    def oldest_published_at(self) -> datetime | None:
        """When the oldest message that is held was published; None without one."""
        with self._lock:
            return min((lease.published_at for lease in self._held.values() if lease.published_at), default=None)

    def _extend_until_closed(self) -> None:
        while not self._closed.wait(_TICK_SECONDS):
            now = self._monotonic()
            with self._lock:
                due = [name for name, lease in self._held.items() if lease.extend_at <= now]
            for chunk in _chunks(due):
                # The next tick tries again; a server that stays away lets leases lapse, which harms nobody.
                with contextlib.suppress(api.GoogleAPICallError, GoogleAuthError, ValueError):
                    self._extend(chunk)

    def _extend(self, chunk: list[str]) -> None:
        settings = {"ack_deadline_seconds": EXTENSION_SECONDS}
        refused = self._told(self._client.modify_ack_deadline, chunk, settings, tries=1)
        again = self._monotonic() + _EXTEND_EVERY_SECONDS
        with self._lock:
            # What was acknowledged meanwhile is refused as well, and was not lost.
            self.lapsed += sum(lease in self._held for lease in refused)
            self._drop(refused)
            self.extended += len(chunk) - len(refused)
            for lease in chunk:
                if lease in self._held:
                    self._held[lease].extend_at = again

    def _drop(self, leases: Iterable[str]) -> None:
        for lease in leases:
            self._held.pop(lease, None)

    def _told(
        self, call: Callable[..., Any], leases: list[str], settings: dict[str, int], tries: int = _TRIES
    ) -> set[str]:
        """Tell the server of `leases`; returns those it no longer knows. Raises what it raises when it will not."""
        gone: set[str] = set()
        left = {lease.partition(" ")[2]: lease for lease in leases}
        for attempt in range(1, tries + 1):
            try:
                call(
                    request={"subscription": self._subscription, "ack_ids": list(left), **settings},
                    timeout=_CALL_SECONDS,
                    retry=None,
                )
            except (api.InvalidArgument, api.FailedPrecondition) as error:
                # With exactly-once delivery each lease has an answer of its own; those not named were taken.
                answers = getattr(error, "metadata", None) or {}
                gone |= {lease for ack_id, lease in left.items() if answers.get(ack_id, "").startswith("PERM")}
                again = {
                    ack_id: lease for ack_id, lease in left.items() if answers.get(ack_id, "").startswith("TRANS")
                }
                if not again:
                    return gone if answers else set(leases)
                if attempt == tries:
                    raise
                left = again
            except (api.ServiceUnavailable, api.DeadlineExceeded, api.Aborted, api.InternalServerError):
                if attempt == tries:
                    raise
            else:
                return gone
            self._closed.wait(_PAUSE_SECONDS * attempt)
        return gone


def _chunks(leases: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size_bytes = 0
    for lease in leases:
        if chunk and (len(chunk) == _CHUNK_LEASES or size_bytes + len(lease) > _CHUNK_BYTES):
            yield chunk
            chunk, size_bytes = [], 0
        chunk.append(lease)
        size_bytes += len(lease) + 3
    if chunk:
        yield chunk
