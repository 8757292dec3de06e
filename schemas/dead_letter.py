"""A message that could not be accepted: processor, typed failure, exact bytes, attempts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from schemas import arrow
from schemas.identity import dead_letter_id
from schemas.violations import Violation


@dataclass(frozen=True)
class DeadLetter:
    """One refused message.

    `origin` says where it stood (file and record number, or message id); `header` names the columns when the payload
    is a CSV record. `author_key` and `event_key` are whose message it was and about which event, where it could be read
    that far.
    """

    source: str
    processor: str
    violation: Violation
    origin: str
    received_at: datetime
    payload: bytes
    attempts: int = 1
    header: tuple[str, ...] | None = None
    author_key: str | None = None
    event_key: str | None = None


def dead_letter_batch(letters: Iterable[DeadLetter]) -> pa.RecordBatch:
    """Columns of `arrow.DEAD_LETTERS`; the same source and bytes always get the same id."""
    return pa.RecordBatch.from_pylist(
        [
            {
                "dead_letter_id": dead_letter_id(letter.source, letter.payload),
                "source": letter.source,
                "processor": letter.processor,
                "violation": letter.violation.kind.value,
                "field": letter.violation.field,
                "reason": letter.violation.reason,
                "evidence": {key: str(value) for key, value in letter.violation.evidence.items()},
                "origin": letter.origin,
                "received_at": letter.received_at,
                "attempts": letter.attempts,
                "payload_bytes": len(letter.payload),
                "payload": letter.payload,
                "header": letter.header,
                "author_key": letter.author_key,
                "event_key": letter.event_key,
            }
            for letter in letters
        ],
        schema=arrow.DEAD_LETTERS,
    )
