"""Buffer: messages received and not yet settled, handed out in batches that grow with the load.

A batch is closed when the oldest message in it has lingered long enough, or when it is full. While all workers are
busy, messages gather, so the next batch is larger by itself; `limit` bounds how large. It doubles while full
batches leave another full batch waiting, so that a backlog is worked off with little fixed cost, and halves when
batches run half empty, so that a batch does not take long when nobody waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipelines.listen.source import Received

SMALLEST_LIMIT: Final = 250
"""Messages of a batch when the load is low: a fixed cost of some tenths of a second is spread over them."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one batch, and of all messages held at once, in bytes of payload."""

    batch_messages: int = 2_000
    batch_bytes: int = 16 << 20
    held_bytes: int = 64 << 20
    linger_seconds: float = 0.5


class Buffer:
    """Thread-safe. Every message put is taken once, and leaves the accounts when it is settled."""

    def __init__(self, limits: Limits, workers: int = 1, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._workers = workers
        self._monotonic = monotonic
        self._limit = min(SMALLEST_LIMIT, limits.batch_messages)
        self._waiting: deque[tuple[float, Received]] = deque()
        self._held: set[Received] = set()
        self._held_bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """Messages a batch may have now."""
        return self._limit

    @property
    def held(self) -> tuple[int, int]:
        """Messages received and not settled, and the bytes of their payloads."""
        with self._changed:
            return len(self._held), self._held_bytes

    def oldest_published_at(self) -> datetime | None:
        """When the oldest message held was published; None where none is held or nobody knows."""
        with self._changed:
            return min((held.published_at for held in self._held if held.published_at is not None), default=None)

    def room(self) -> tuple[int, int]:
        """How many messages and bytes may be received now: a batch in work and two waiting for each worker."""
        with self._changed:
            messages = 3 * self._workers * self._limit - len(self._held)
            size_bytes = self._limits.held_bytes - self._held_bytes
            return (messages, size_bytes) if messages > 0 and size_bytes > 0 else (0, 0)

    def wait_for_room(self, seconds: float) -> None:
        """Return when something was settled, or after `seconds`."""
        with self._changed:
            self._changed.wait(seconds)

    def put(self, messages: Sequence[Received]) -> None:
        """Messages that were received; from here on they are held."""
        now = self._monotonic()
        with self._changed:
            self._waiting.extend((now, message) for message in messages)
            self._held.update(messages)
            self._held_bytes += sum(len(message.payload) for message in messages)
            self._changed.notify_all()

    def take(self) -> list[Received]:
        """The next batch, in order of arrival; waits for one. Empty when the buffer is closed and drained."""
        with self._changed:
            while True:
                if self._waiting:
                    due = self._waiting[0][0] + self._limits.linger_seconds - self._monotonic()
                    if due <= 0 or self._closed or self._full():
                        return self._cut()
                    self._changed.wait(due)
                elif self._closed:
                    return []
                else:
                    self._changed.wait()

    def settled(self, messages: Sequence[Received]) -> None:
        """They are acknowledged or released, and no longer held."""
        with self._changed:
            self._held.difference_update(messages)
            self._held_bytes -= sum(len(message.payload) for message in messages)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be put: batches close at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _full(self) -> bool:
        if len(self._waiting) >= self._limit:
            return True
        size_bytes = 0
        for _, message in self._waiting:
            size_bytes += len(message.payload)
            if size_bytes >= self._limits.batch_bytes:
                return True
        return False

    def _cut(self) -> list[Received]:
        batch: list[Received] = []
        size_bytes = 0
        while self._waiting and len(batch) < self._limit:
            size_bytes += len(self._waiting[0][1].payload)
            if batch and size_bytes > self._limits.batch_bytes:
                break
            batch.append(self._waiting.popleft()[1])
        if len(batch) == self._limit and len(self._waiting) >= self._limit:
            self._limit = min(2 * self._limit, self._limits.batch_messages)
        elif 2 * len(batch) < self._limit:
            self._limit = max(self._limit // 2, min(SMALLEST_LIMIT, self._limits.batch_messages))
        self._changed.notify_all()
        return batch
