"""Where a listener's messages come from: the two verbs every source has, receive and acknowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.errors import TribometerError


class SourceUnavailableError(TribometerError):
    """The source cannot be reached now; nothing is wrong with the request, so it is worth trying again."""


@dataclass(frozen=True, eq=False)
class Received:
    """One message a source has handed out and waits to hear of.

    `origin` is stored with a dead letter: message identity, or file and line. `published_at` is when the queue took
    it, None where nobody knows. `lease` is the source's own note of what it handed out. `attempt` counts deliveries
    from 1 where the source does. `header` names the columns when the payload is a CSV record.
    """

    payload: bytes
    origin: str
    lease: str
    published_at: datetime | None = None
    attempt: int = 1
    header: tuple[str, ...] | None = None


class MessageSource(Protocol):
    """A queue or a folder. `receive` is called by one thread, `acknowledge` and `release` by any.

    Whatever was received and not acknowledged is delivered again, to this listener or the next one: at least once.
    """

    name: str
    """For logs and errors: the subscription's path, or the folder."""

    def check(self) -> None:
        """Raise `TribometerError` or `UsageError`, saying what to do, where nothing could ever be received."""

    def receive(self, max_messages: int, max_bytes: int, wait_seconds: float) -> Sequence[Received]:
        """Up to `max_messages` of about `max_bytes` together (at least one message is let through).

        Waits at most `wait_seconds` for the first one; empty when there was none. From here on the messages are
        leased, and the source keeps the leases alive until they are acknowledged or released. Raises
        `SourceUnavailableError` when it is worth trying again, `TribometerError` when it is not known to be.
        """

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """They are committed and on disk: never deliver them again.

        Raises `SourceUnavailableError` when the source cannot be told; they are then delivered again, and
        recognised as duplicates.
        """

    def release(self, messages: Sequence[Received]) -> None:
        """They will not be committed by this listener: deliver them to somebody soon. Best effort, never raises."""

    def close(self) -> None:
        """Let go of threads and connections; leases are left to run out."""
