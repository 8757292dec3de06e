"""Decode: bytes of one message to the object it says, or a typed dead letter with the exact bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import apache_beam as beam
import orjson

from schemas.dead_letter import DeadLetter
from schemas.violations import Violation, ViolationKind
from transforms.counters import count, count_dead
from transforms.elements import DecodedBatch, MessageBatch
from transforms.outcome import FAILED, Outcome, StepOutputs

STEP: Final = "decode"

MAXIMUM_MESSAGE_BYTES: Final = 1 << 20
"""1 MiB. A feedback event is text a person typed; larger messages are exports sent as one, or attachments."""

MAXIMUM_LEVELS: Final = 128
"""Objects and arrays within one another, the message itself included. orjson reads 1,024 and writes 254; pickle, which
Beam uses on samples of what passes between steps, recurses into each."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def decode(batch: MessageBatch, source: str) -> Outcome[DecodedBatch]:
    """Parse every message of a batch.

    Strict: UTF-8, JSON by RFC 8259 (no NaN, no Infinity, no lone surrogate, at most 128 levels) with an object
    at the top, or one CSV record as wide as its header. A byte order mark is tolerated. Of a key that stands twice
    the last value counts. Order is kept; every message is in exactly one of the two outcomes. Never raises for
    bad input.
    """
    objects: list[Mapping[str, Any]] = []
    failed: list[DeadLetter] = []
    kept: list[int] = []
    header = batch.header
    for index, payload in enumerate(batch.payloads):
        try:
            objects.append(_json_object(payload) if header is None else _csv_record(payload, header))
            kept.append(index)
        except Violation as violation:
            failed.append(
                DeadLetter(
                    source,
                    STEP,
                    violation,
                    batch.origins[index],
                    batch.received_at,
                    payload,
                    batch.attempts,
                    header,
                )
            )
    payloads, origins = batch.payloads, batch.origins
    if failed:
        payloads, origins = [payloads[index] for index in kept], [origins[index] for index in kept]
    return Outcome(DecodedBatch(objects, payloads, origins, batch.received_at, header, batch.attempts), failed)


def decode_header(payload: bytes) -> tuple[str, ...]:
    """Column names of a CSV file from its first record; `Violation` when that is no header.

    >>> decode_header(b"id,stars")
    ('id', 'stars')
    """
    names = tuple(name.strip() for name in _csv_fields(payload))
    if not all(names) or len(set(names)) != len(names):
        raise Violation(ViolationKind.INVALID_CSV, "the header has an empty or a repeated column name")
    return names


def _json_object(payload: bytes) -> Mapping[str, Any]:
    _bound(payload)
    try:
        value = orjson.loads(payload[3:] if payload[:3] == _BYTE_ORDER_MARK else payload)
    except orjson.JSONDecodeError as error:
        raise _why_not_json(payload, error) from None
    if type(value) is not dict:
        raise Violation(
            ViolationKind.NOT_AN_OBJECT,
            f"the message is a JSON {_JSON_NAMES.get(type(value), 'null')}, not an object",
            evidence={"actual_type": _JSON_NAMES.get(type(value), "null")},
        )
    # Counting is a thousandth of the parsing, and next to no message has as many brackets.
    if payload.count(b"[") + payload.count(b"{") > MAXIMUM_LEVELS and _too_deep(value):
        raise Violation(
            ViolationKind.INVALID_JSON,
            f"nested deeper than {MAXIMUM_LEVELS} levels",
            evidence={"maximum_levels": MAXIMUM_LEVELS},
        )
    return value


def _too_deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAXIMUM_LEVELS):
        inner = (item.values() if type(item) is dict else item for item in level)
        level = [item for items in inner for item in items if type(item) in (dict, list)]
    return bool(level)


def _csv_record(payload: bytes, header: tuple[str, ...]) -> Mapping[str, Any]:
    fields = _csv_fields(payload)
    if len(fields) != len(header):
        raise Violation(
            ViolationKind.INVALID_CSV,
            f"the record has {len(fields)} columns, the header has {len(header)}",
            evidence={"actual_columns": len(fields), "expected_columns": len(header)},
        )
    return dict(zip(header, fields, strict=True))


def _csv_fields(payload: bytes) -> list[str]:
    _bound(payload)
    text = _text(payload[3:] if payload[:3] == _BYTE_ORDER_MARK else payload)
    # The limit is a setting of the whole csv module; its default would refuse fields that a message may hold.
    csv.field_size_limit(MAXIMUM_MESSAGE_BYTES)
    try:
        # Line ends are kept: the reader needs them to see a quoted field go on, and a stray one end the record.
        records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Violation(ViolationKind.INVALID_CSV, f"not a CSV record: {error}") from None
    if len(records) != 1:
        raise Violation(
            ViolationKind.INVALID_CSV,
            f"the message holds {len(records)} CSV records, not one",
            evidence={"actual_records": len(records)},
        )
    return records[0]


def _bound(payload: bytes) -> None:
    size_bytes = len(payload)
    if size_bytes > MAXIMUM_MESSAGE_BYTES:
        raise Violation(
            ViolationKind.TOO_LARGE,
            f"the message has {size_bytes} bytes, {MAXIMUM_MESSAGE_BYTES} are allowed",
            evidence={"actual_size_bytes": size_bytes, "maximum_allowed_size_bytes": MAXIMUM_MESSAGE_BYTES},
        )
    if not payload.strip(b" \t\r\n") or payload == _BYTE_ORDER_MARK:
        raise Violation(
            ViolationKind.EMPTY_MESSAGE, "the message is empty", evidence={"actual_size_bytes": size_bytes}
        )


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise Violation(
            ViolationKind.INVALID_UTF8,
            f"byte {error.start} is not UTF-8",
            field=f"byte {error.start}",
            evidence={"position_bytes": error.start},
        ) from None


def _why_not_json(payload: bytes, error: orjson.JSONDecodeError) -> Violation:
    _text(payload)
    return Violation(
        ViolationKind.INVALID_JSON,
        f"not JSON: {error.msg} at character {error.pos}",
        field=f"character {error.pos}",
        evidence={"position_characters": error.pos},
    )


_JSON_NAMES: Final = {list: "array", str: "string", int: "number", float: "number", bool: "boolean"}


class _DecodeFn(beam.DoFn):
    def __init__(self, source: str) -> None:
        self._source = source

    def process(self, batch: MessageBatch) -> Iterator[Any]:
        outcome = decode(batch, self._source)
        count(STEP, "decoded", len(outcome.passed))
        count(STEP, "decoded_bytes", sum(map(len, outcome.passed.payloads)))
        count_dead(STEP, outcome.failed)
        if len(outcome.passed):
            yield outcome.passed
        if outcome.failed:
            yield beam.pvalue.TaggedOutput(FAILED, outcome.failed)


@dataclass
class Decode(beam.PTransform):
    """`MessageBatch` to `DecodedBatch`; `list[DeadLetter]` in `failed`."""

    source: str

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, messages: Any) -> StepOutputs:
        outputs = messages | "DecodeMessages" >> beam.ParDo(_DecodeFn(self.source)).with_outputs(
            FAILED, main="passed"
        )
        return StepOutputs(outputs["passed"], outputs[FAILED])
