"""What a listener asks of a worker process, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from pipelines.listen.source import Received
from schemas.run import Run
from schemas.violations import Violation
from transforms.elements import MessageBatch

CHUNK_MESSAGES: Final = 500
"""Messages of one element of the graph."""


@dataclass(frozen=True)
class RunBatch:
    """Put these messages through the graph and commit them."""

    batches: Sequence[MessageBatch]


@dataclass(frozen=True)
class Refuse:
    """Commit this one message as a dead letter, unread."""

    batch: MessageBatch
    violation: Violation


@dataclass(frozen=True)
class Ready:
    """The model is loaded and the tables can be written."""


@dataclass(frozen=True)
class Unusable:
    """The worker cannot start, whatever the messages: wrong key, tables of a newer version, no permission.

    `is_usage` says that the command was asked for something it cannot do, such as a model that is not there.
    """

    reason: str
    is_usage: bool = False


@dataclass(frozen=True)
class Done:
    """The batch is committed and on disk."""

    run: Run


@dataclass(frozen=True)
class Unavailable:
    """The tables could not be written now (full disk, permission, rivals); nothing is wrong with the messages."""

    reason: str


@dataclass(frozen=True)
class Defect:
    """A step raised what no step should: one of the messages is more than the program can bear."""

    reason: str


@dataclass(frozen=True)
class Died:
    """The process ended before it answered; `exit_code` is negative for a signal."""

    exit_code: int | None


@dataclass(frozen=True)
class Hung:
    """The process did not answer in time and was killed."""

    seconds: float


Job = RunBatch | Refuse
Answer = Done | Unavailable | Defect
Verdict = Done | Defect | Died | Hung
"""What says something of the messages."""

Outcome = Verdict | Unavailable


def message_batches(messages: Sequence[Received], clock: Callable[[], datetime]) -> list[MessageBatch]:
    """Messages in chunks of one header and one number of attempts each, in order."""
    received_at = clock()
    chunks = []
    for (header, attempt), group in groupby(messages, key=lambda message: (message.header, message.attempt)):
        alike = list(group)
        for start in range(0, len(alike), CHUNK_MESSAGES):
            chunk = alike[start : start + CHUNK_MESSAGES]
            chunks.append(
                MessageBatch(
                    payloads=[message.payload for message in chunk],
                    origins=[message.origin for message in chunk],
                    received_at=received_at,
                    header=header,
                    attempts=attempt,
                )
            )
    return chunks
