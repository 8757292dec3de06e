"""Support tickets, as JSON lines in the native contract `feedback_event/1`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pipelines.simulation.remarks import Remark
from pipelines.simulation.scenario import PRODUCT, Source
from pipelines.simulation.source_file import Poison, SourceFile, json_line
from schemas.event import Channel
from schemas.violations import ViolationKind

_NESTING_LEVELS: Final = 5000


def _object(remark: Remark) -> dict[str, Any]:
    return {
        "schema": "feedback_event/1",
        "id": f"T{remark.number:06}",
        "source": remark.source.value,
        "channel": Channel.SUPPORT.value,
        "revision": str(remark.revision),
        "supersedes": str(remark.revision - 1) if remark.revision > 1 else None,
        "occurred_at": _rfc3339(remark.said_at),
        "revised_at": _rfc3339(remark.revised_at),
        "author": {"id": f"customer-{remark.author}", "email": f"customer.{remark.author}@example.com"},
        "product": PRODUCT,
        "version": remark.version,
        "text": None if remark.deleted else remark.text,
        "deleted": True if remark.deleted else None,
        "segment": {"plan": "plus" if remark.author % 5 == 0 else "basic"},
    }


def _record(remark: Remark) -> bytes:
    return json_line(_object(remark))


def _rfc3339(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _invalid_utf8(remark: Remark) -> bytes:
    return _record(remark).replace(b'"text":"', b'"text":"\xff\xfe')


def _truncated(remark: Remark) -> bytes:
    line = _record(remark)
    return line[: len(line) * 2 // 3]


def _not_a_number(remark: Remark) -> bytes:
    return _record(remark)[:-1] + b',"rating":{"value":NaN,"scale":"1-5"}}'


def _lone_surrogate(remark: Remark) -> bytes:
    return _record(remark).replace(b'"text":"', rb'"text":"\ud800 ')


def _deep_nesting(remark: Remark) -> bytes:
    return _record(remark)[:-1] + b',"nest":' + b"[" * _NESTING_LEVELS + b"]" * _NESTING_LEVELS + b"}"


def _wrong_type(remark: Remark) -> bytes:
    return json_line(_object(remark) | {"text": {"body": remark.text}})


def _impossible_date(remark: Remark) -> bytes:
    return json_line(_object(remark) | {"occurred_at": "2025-02-30T10:00:00Z"})


TICKETS: Final = SourceFile(
    source=Source.TICKETS,
    name="support_tickets.jsonl",
    record=_record,
    poisons={
        "invalid_utf8": Poison(ViolationKind.INVALID_UTF8, _invalid_utf8),
        "truncated_json": Poison(ViolationKind.INVALID_JSON, _truncated),
        "not_a_number": Poison(ViolationKind.INVALID_JSON, _not_a_number),
        "lone_surrogate": Poison(ViolationKind.INVALID_JSON, _lone_surrogate),
        "deep_nesting": Poison(ViolationKind.INVALID_JSON, _deep_nesting),
        "wrong_type": Poison(ViolationKind.WRONG_TYPE, _wrong_type),
        "impossible_date": Poison(ViolationKind.INVALID_TIMESTAMP, _impossible_date),
    },
)
