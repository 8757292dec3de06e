"""Batches for the tests of steps, made from plain objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa

from schemas.identity import AuthorKeyring
from schemas.mapping import SourceMapping
from transforms.decode import decode
from transforms.elements import MessageBatch
from transforms.normalize import normalize
from transforms.outcome import Outcome

RECEIVED_AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
KEYRING = AuthorKeyring(b"a key for tests, of 32 characters")


def batch(payloads: Sequence[bytes], header: tuple[str, ...] | None = None) -> MessageBatch:
    return MessageBatch(
        payloads, [f"line {number}" for number in range(1, len(payloads) + 1)], RECEIVED_AT, header
    )


def events(mapping: SourceMapping, *messages: Any) -> Outcome[pa.RecordBatch]:
    """Messages through decode and normalize; the dead letters of both."""
    decoded = decode(batch([orjson.dumps(message) for message in messages]), mapping.source)
    normalized = normalize(decoded.passed, mapping, KEYRING)
    return Outcome(normalized.passed, decoded.failed + normalized.failed)


def event(mapping: SourceMapping, message: Any) -> dict[str, Any]:
    """The row of one message that must be accepted."""
    outcome = events(mapping, message)
    assert outcome.failed == []
    row: dict[str, Any] = outcome.passed.to_pylist()[0]
    return row
