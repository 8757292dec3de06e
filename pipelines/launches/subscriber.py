"""Launches from a message queue into the ledger: received, recorded, forced to disk, and only then acknowledged.

Whoever delivers a message twice changes nothing. What cannot be a launch becomes a dead letter and is acknowledged too.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import pyarrow as pa

from pipelines.launches.ledger import Recorded, record_statements
from pipelines.listen.backoff import Backoff
from pipelines.listen.log import say
from pipelines.listen.source import MessageSource, Received, SourceUnavailableError
from schemas.dead_letter import DeadLetter, dead_letter_batch
from schemas.errors import TribometerError
from schemas.launch import RecordedBy
from schemas.launch_message import LAUNCHES_SOURCE, read_message
from schemas.launch_statement import Statement
from schemas.tables import DEAD_LETTERS
from schemas.violations import Violation
from transforms.commit import append
from transforms.decode import decode
from transforms.delta import open_or_create
from transforms.elements import MessageBatch

_MESSAGES: Final = 100
_BYTES: Final = 8 << 20
_WAIT_SECONDS: Final = 1.0
_EMPTY_SECONDS: Final = 5.0
"""When nothing came for so long the queue counts as empty."""


def take_launches(
    source: MessageSource,
    root: str,
    clock: Callable[[], datetime],
    stopped: threading.Event,
    *,
    once: bool = False,
) -> None:
    """Record messages until `stopped`, or with `once` until none is left.

    Errors of the environment are nobody's fault: nothing is acknowledged then, and it is tried again. With `once`
    they are raised. Raises `UsageError` or `TribometerError` at the start where nothing could ever be received.
    """
    backoff = Backoff()
    try:
        source.check()
        while not stopped.is_set():
            try:
                messages = source.receive(_MESSAGES, _BYTES, _EMPTY_SECONDS if once else _WAIT_SECONDS)
                if messages:
                    _take(source, root, messages, clock())
                elif once:
                    return
                backoff.reset()
            except (TribometerError, OSError) as error:
                if once:
                    raise
                say("launches wait", logging.ERROR, error=str(error))
                stopped.wait(backoff.next_seconds())
    finally:
        source.close()


def _take(source: MessageSource, root: str, messages: Sequence[Received], now: datetime) -> None:
    """Commit what the messages say and acknowledge them; hand them back where that cannot be done."""
    in_order = sorted(messages, key=lambda message: message.published_at or now)
    statements, letters = _read(in_order, now)
    try:
        _keep(root, letters, now)
        done = record_statements(root, statements, now=now, by=RecordedBy.PUBSUB)
    except BaseException:
        source.release(messages)
        raise
    _say(done, len(messages), len(letters))
    try:
        source.acknowledge(messages)
    except SourceUnavailableError as error:
        say("not acknowledged; they come again", logging.WARNING, error=str(error))


def _read(messages: Sequence[Received], now: datetime) -> tuple[list[Statement], list[DeadLetter]]:
    """What the messages say, in their order, and those that say nothing."""
    batch = MessageBatch([message.payload for message in messages], [message.origin for message in messages], now)
    outcome = decode(batch, LAUNCHES_SOURCE)
    decoded = outcome.passed
    letters = [replace(letter, processor=LAUNCHES_SOURCE) for letter in outcome.failed]
    statements = []
    for value, payload, origin in zip(decoded.objects, decoded.payloads, decoded.origins, strict=True):
        try:
            statements.append(read_message(value))
        except Violation as violation:
            letters.append(DeadLetter(LAUNCHES_SOURCE, LAUNCHES_SOURCE, violation, origin, now, payload))
    return statements, letters


def _keep(root: str, letters: Sequence[DeadLetter], now: datetime) -> None:
    if letters:
        open_or_create(root, DEAD_LETTERS)  # closed to other users before a file stands in it
        rows = pa.Table.from_batches([dead_letter_batch(letters)])
        append(root, DEAD_LETTERS, rows, batch_id=uuid.uuid4().hex, written_at=now)


def _say(done: Recorded, messages: int, dead: int) -> None:
    say(
        "launches recorded",
        messages=messages,
        added=done.added,
        edited=done.edited,
        removed=done.removed,
        unchanged=done.unchanged,
        dead=dead,
    )
