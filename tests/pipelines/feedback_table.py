"""Made-up feedback, written and committed as the pipeline does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from schemas import tables
from schemas.event import partition_day
from schemas.identity import event_id
from transforms.commit import append, commit
from transforms.write import write

RECEIVED = datetime(2024, 7, 1, tzinfo=UTC)


def instant(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=hour)


def mention(
    touchpoint: str,
    friction_p: float,
    *,
    span: tuple[int, int] = (0, 4),
    label: str = "negative",
    sentiment: float = -0.5,
    effort: int | None = None,
) -> dict[str, Any]:
    return {
        "start": span[0],
        "end": span[1],
        "touchpoint": touchpoint,
        "touchpoint_p": 0.5,
        "sentiment_label": label,
        "sentiment": sentiment,
        "sentiment_p": 0.5,
        "effort": effort,
        "friction_p": friction_p,
        "intents": [],
        "theme_id": None,
    }


def event(
    native_id: str,
    day: str,
    *mentions: dict[str, Any],
    source: str = "tickets",
    channel: str = "support",
    author: str | None = None,
    product: str | None = "app",
    revision: int = 1,
    **others: Any,
) -> dict[str, Any]:
    """One row of `feedback`; `revision` also orders the revisions in time."""
    occurred_at = instant(day)
    row: dict[str, Any] = {
        "event_id": event_id(source, None, native_id, str(revision)),
        "source": source,
        "channel": channel,
        "native_id": native_id,
        "revision": str(revision),
        "author_key": author,
        "author_kind": "customer",
        "segment": {"plan": "free"},
        "occurred_at": occurred_at,
        "revised_at": occurred_at + timedelta(minutes=revision),
        "received_at": RECEIVED,
        "product": product,
        "text": "Slow. Nice.",
        "deleted": False,
        "redactions": {},
        "intents": [],
        "mentions": list(mentions),
        "day": partition_day(occurred_at),
    }
    return {**row, **others}


def store(
    root: str, rows: Sequence[dict[str, Any]], batch_id: str = "batch-1", *, at: datetime = RECEIVED
) -> None:
    """Commit rows of `feedback` at an instant."""
    schema = pa.schema([field for field in tables.FEEDBACK.table_schema if field.name not in _STAMPS])
    batch = pa.RecordBatch.from_pylist(list(rows), schema=schema)
    files = write(root, tables.FEEDBACK, [batch], batch_id=batch_id, clock=lambda: at)
    commit(root, tables.FEEDBACK, files, batch_id=batch_id)


def store_small(root: str, spec: tables.TableSpec, rows: Sequence[dict[str, Any]], batch_id: str = "b") -> None:
    """Commit rows of an unpartitioned table."""
    append(
        root, spec, pa.Table.from_pylist(list(rows), schema=spec.schema), batch_id=batch_id, written_at=RECEIVED
    )


def launch(launch_id: str, product: str, day: str, **others: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "launch_id": launch_id,
        "product": product,
        "version": "1.0",
        "launched_at": instant(day),
        "kind": "release",
        "touchpoints": [],
        "recorded_at": RECEIVED,
        "deleted": False,
    }
    return {**row, **others}


def dead_letter(source: str, payload: bytes, **others: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dead_letter_id": payload.hex(),
        "source": source,
        "processor": "decode",
        "violation": "invalid_json",
        "reason": "not JSON",
        "evidence": {},
        "origin": "file:1",
        "received_at": RECEIVED,
        "attempts": 1,
        "payload_bytes": len(payload),
        "payload": payload,
    }
    return {**row, **others}


_STAMPS = ("committed_at", "batch_id")
