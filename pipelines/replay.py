"""Replay: files through the graph, batch by batch; running it again adds nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from pipelines.embedded import EmbeddedHost
from pipelines.records import InputFile, Record, Records
from schemas.run import Counts
from transforms.elements import Clock, MessageBatch

CHUNK_MESSAGES: Final = 500
"""Messages of one element: enough to amortise a step's call, few enough to show progress."""

CHUNK_BYTES: Final = 16 << 20
"""Bounds what a step holds at once whatever the size of its messages; one larger message is a chunk of its own."""

BATCH_MESSAGES: Final = 10_000
"""Messages of one commit: a graph costs 0.2 s a run and a commit writes a file for every day it meets."""

BATCH_BYTES: Final = 64 << 20
"""Bounds the memory of a batch whatever the size of its messages."""


class Progress(Protocol):
    """Told how far a replay is; draws it or not."""

    def scored(self, messages: int, position_bytes: int) -> None:
        """`messages` more have been through the steps; the input has been read up to `position_bytes`."""

    def committed(self, counts: Counts) -> None:
        """A batch is in the tables."""


@dataclass(frozen=True)
class _Chunk:
    messages: MessageBatch
    position_bytes: int


def replay(host: EmbeddedHost, files: Sequence[InputFile], progress: Progress) -> Counts:
    """Commit every record of `files` and return what became of them.

    A file that cannot be read to its end raises `TribometerError` after what was read of it is committed.
    """
    total = Counts()
    records = Records(files, host.mapping.format)
    for batch in _batches(_chunks(records, host.clock)):
        positions = iter(batch)

        def taken(messages: MessageBatch, positions: Iterator[_Chunk] = positions) -> None:
            progress.scored(len(messages), next(positions).position_bytes)

        counts = host.run([chunk.messages for chunk in batch], taken).counts
        total += counts
        progress.committed(counts)
    if records.failure is not None:
        raise records.failure
    return total


def _batches(chunks: Iterable[_Chunk]) -> Iterator[list[_Chunk]]:
    """Chunks up to `BATCH_MESSAGES` or `BATCH_BYTES`, whichever comes first."""
    batch: list[_Chunk] = []
    messages = size_bytes = 0
    for chunk in chunks:
        batch.append(chunk)
        messages += len(chunk.messages)
        size_bytes += sum(map(len, chunk.messages.payloads))
        if messages >= BATCH_MESSAGES or size_bytes >= BATCH_BYTES:
            yield batch
            batch, messages, size_bytes = [], 0, 0
    if batch:
        yield batch


def _chunks(records: Records, clock: Clock) -> Iterator[_Chunk]:
    """Records in chunks of one header each, up to `CHUNK_MESSAGES` or `CHUNK_BYTES`, whichever comes first."""
    pending: list[Record] = []
    size_bytes = 0
    for record in records:
        size_bytes += len(record.payload)
        full = len(pending) == CHUNK_MESSAGES or size_bytes > CHUNK_BYTES
        if pending and (full or record.header != pending[0].header):
            yield _Chunk(_messages(pending, clock()), records.position_bytes)
            pending, size_bytes = [], len(record.payload)
        pending.append(record)
    if pending:
        yield _Chunk(_messages(pending, clock()), records.position_bytes)


def _messages(records: list[Record], received_at: datetime) -> MessageBatch:
    return MessageBatch(
        payloads=[record.payload for record in records],
        origins=[record.origin for record in records],
        received_at=received_at,
        header=records[0].header,
    )
