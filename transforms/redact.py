"""Redact: personal data leaves every column but the payload, before the first point where a row can be stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import apache_beam as beam
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from schemas import arrow
from schemas.personal_data import MAY_HOLD_PERSONAL_DATA, redact_text
from transforms.counters import count

STEP: Final = "redact"

TEXT_COLUMNS: Final = ("text", "thread", "url")
"""Columns redacted as text. Not `native_id`, `account` and `revision`: they are the event's identity, and a replay
after an improved redaction must meet the same one. A source whose ids are personal maps another field to `id`."""


def redact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of `arrow.EVENT` to rows of `arrow.REDACTED`; text, thread, url, segment values and extra are redacted.

    `redactions` counts what was removed by placeholder. `payload` is left as it is: it goes to the restricted raw
    table only. Row order is kept. Idempotent: a redacted batch comes back unchanged, its counts included.
    """
    counts: list[Counter[str]] = [Counter() for _ in range(batch.num_rows)]
    columns = {name: batch.column(name) for name in arrow.EVENT.names}
    for name in TEXT_COLUMNS:
        columns[name] = _redact_strings(columns[name], counts)
    columns["segment"] = _redact_segments(columns["segment"], counts)
    columns["extra"] = _redact_json(columns["extra"], counts)
    if "redactions" in batch.schema.names:
        for row, earlier in enumerate(batch.column("redactions").to_pylist()):
            counts[row].update(dict(earlier))
    redactions = pa.array([sorted(removed.items()) for removed in counts], arrow.REDACTED.field("redactions").type)
    return pa.RecordBatch.from_arrays([*columns.values(), redactions], schema=arrow.REDACTED)


def _redact_strings(column: pa.Array, counts: list[Counter[str]]) -> pa.Array:
    return _redact_column(column, counts, redact_text)


def _redact_segments(column: pa.Array, counts: list[Counter[str]]) -> pa.Array:
    # Segments take few values: look each one up once a batch.
    known: dict[str, tuple[str, Counter[str]]] = {}
    rows = column.to_pylist()
    for row, removed in zip(rows, counts, strict=True):
        for position, (name, value) in enumerate(row):
            if value not in known:
                found: Counter[str] = Counter()
                known[value] = redact_text(value, found) if value else value, found
            redacted, found = known[value]
            if found:
                removed.update(found)
                row[position] = (name, redacted)
    return pa.array(rows, column.type)


def _redact_json(column: pa.Array, counts: list[Counter[str]]) -> pa.Array:
    return _redact_column(column, counts, _redact_document)


def _redact_column(
    column: pa.Array, counts: list[Counter[str]], clean: Callable[[str, Counter[str]], str]
) -> pa.Array:
    """Most rows hold nothing to redact: find the others with one native search over the column."""
    suspects = pc.fill_null(pc.match_substring_regex(column, MAY_HOLD_PERSONAL_DATA), False)
    rows = pc.indices_nonzero(suspects).to_pylist()
    replaced = {}
    for row, value in zip(rows, column.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
        cleaned = clean(value, counts[row])
        if cleaned != value:
            replaced[row] = cleaned
    if not replaced:
        return column
    values = column.to_pylist()
    for row, cleaned in replaced.items():
        values[row] = cleaned
    return pa.array(values, column.type)


def _redact_document(document: str, removed: Counter[str]) -> str:
    found: Counter[str] = Counter()
    cleaned = _redact_value(orjson.loads(document), found)
    removed.update(found)
    return orjson.dumps(cleaned, option=orjson.OPT_SORT_KEYS).decode() if found else document


def _redact_value(value: Any, removed: Counter[str]) -> Any:
    # `extra` has at most 128 levels, which two frames a level stay well below the interpreter's limit for.
    if isinstance(value, str):
        return redact_text(value, removed)
    if isinstance(value, list):
        return [_redact_value(item, removed) for item in value]
    if isinstance(value, dict):
        return {redact_text(name, removed): _redact_value(item, removed) for name, item in value.items()}
    return value


class _RedactFn(beam.DoFn):
    def process(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        redacted = redact(batch)
        totals: Counter[str] = Counter()
        for row in redacted.column("redactions").to_pylist():
            totals.update(dict(row))
        count(STEP, "redacted", redacted.num_rows)
        for name, number in totals.items():
            count(STEP, f"removed_{name.lower()}", number)
        yield redacted


@dataclass
class Redact(beam.PTransform):
    """Record batches of `arrow.EVENT` to record batches of `arrow.REDACTED`."""

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, events: Any) -> Any:
        return events | "RedactRows" >> beam.ParDo(_RedactFn())
