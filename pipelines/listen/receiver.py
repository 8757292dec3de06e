"""Receive: one thread that moves messages from the source into the buffer, as far as there is room."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from pipelines.listen.backoff import Backoff
from pipelines.listen.buffer import Buffer
from pipelines.listen.log import say
from pipelines.listen.metrics import Metrics
from pipelines.listen.source import MessageSource
from schemas.errors import TribometerError

_WAIT_SECONDS: Final = 1.0
"""Longest a call waits for a first message: how long a stop may take to be noticed."""


class Receiver:
    """Runs in the thread that calls `receive`, until `stop` is set."""

    def __init__(self, source: MessageSource, buffer: Buffer, metrics: Metrics, stop: threading.Event) -> None:
        self._source = source
        self._buffer = buffer
        self._metrics = metrics
        self._stop = stop
        self.trouble: str | None = None
        """Why nothing can be received now."""
        self.last_message = time.monotonic()
        """When a message was received last, or the listener began."""

    def receive(self) -> None:
        """Fill the buffer; a source that cannot be reached is tried again, ever more slowly."""
        backoff = Backoff()
        self.last_message = time.monotonic()
        while not self._stop.is_set():
            messages, size_bytes = self._buffer.room()
            if not messages:
                self._buffer.wait_for_room(_WAIT_SECONDS)
                continue
            try:
                received = self._source.receive(messages, size_bytes, _WAIT_SECONDS)
            except TribometerError as error:
                self._metrics.source_errors.inc()
                if self.trouble != str(error):
                    say("cannot receive, trying again", logging.ERROR, why=str(error))
                self.trouble = str(error)
                self._stop.wait(backoff.next_seconds())
                continue
            if self.trouble is not None:
                say("receiving again")
                self.trouble = None
                backoff.reset()
            if received:
                self.last_message = time.monotonic()
                self._metrics.received.inc(len(received))
                self._metrics.received_bytes.inc(sum(len(message.payload) for message in received))
                self._buffer.put(received)
