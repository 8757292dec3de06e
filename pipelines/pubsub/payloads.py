"""Payloads: what a record of a file is as a message, which carries no header and has a largest size."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import orjson

from pipelines.records import Record
from schemas.errors import UsageError
from schemas.mapping import SourceMapping
from schemas.violations import Violation

LARGEST_PAYLOAD_BYTES: Final = 9_999_000
"""A publish request may have 10,000,000 bytes, the topic's name included; the emulator does not insist."""


def payload(record: Record) -> bytes:
    """The message of a record: its bytes, or for CSV a JSON object of strings made with the header.

    A CSV record that does not fit its header stays as it is: refusing it is decode's work.
    """
    if record.header is None:
        return record.payload
    try:
        rows = list(csv.reader(io.StringIO(record.payload.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return record.payload
    if len(rows) != 1 or len(rows[0]) != len(record.header):
        return record.payload
    return orjson.dumps(dict(zip(record.header, rows[0], strict=True)))


def event_time_reader(mapping: SourceMapping) -> Callable[[bytes], datetime | None]:
    """The function that reads `occurred_at` of a message; None where there is none."""
    read = mapping.field_reader("occurred_at")
    if read is None:
        raise UsageError(f"the mapping of source {mapping.source!r} does not say where occurred_at is")

    def occurred_at(message: bytes) -> datetime | None:
        try:
            found: Any = orjson.loads(message)
            instant = read(found) if isinstance(found, dict) else None
        except (orjson.JSONDecodeError, Violation):
            return None
        return instant if isinstance(instant, datetime) else None

    return occurred_at
