"""Rows go to two tables, each to the partition its date names."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from schemas import arrow, tables
from schemas.event import partition_day
from transforms.partition import partition, shard

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def scored(*instants: datetime) -> pa.RecordBatch:
    rows = [
        {
            "event_id": f"{number:032x}",
            "source": "s",
            "channel": "review",
            "native_id": str(number),
            "revision": "1",
            "author_kind": "customer",
            "segment": {},
            "occurred_at": instant,
            "revised_at": instant,
            "received_at": NOON,
            "text": "fine",
            "deleted": False,
            "payload": b"{}",
            "redactions": {},
            "intents": [],
            "mentions": [],
        }
        for number, instant in enumerate(instants)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=arrow.SCORED)


def test_bytes_go_to_raw_by_month_and_the_rest_to_feedback_by_day() -> None:
    split = {spec.name: rows for spec, rows in partition(scored(NOON), keep_raw=True)}
    assert split["raw"].to_pylist() == [
        {
            "event_id": f"{0:032x}",
            "source": "s",
            "received_at": NOON,
            "payload": b"{}",
            "account": None,
            "native_id": "0",
            "author_key": None,
            "month": "2024-05",
        }
    ]
    assert "payload" not in split["feedback"].schema.names
    assert split["feedback"].column("day").to_pylist() == ["2024-05-01"]


def test_raw_can_be_left_out() -> None:
    assert [spec.name for spec, _ in partition(scored(NOON), keep_raw=False)] == ["feedback"]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(1989, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "invalid"),
        (datetime(1990, 1, 1, tzinfo=UTC), "1990-01-01"),
        (datetime(2099, 12, 31, 23, 59, tzinfo=UTC), "2099-12-31"),
        (datetime(2100, 1, 1, tzinfo=UTC), "invalid"),
        (datetime(1, 1, 1, tzinfo=UTC), "invalid"),
        (datetime(9999, 12, 31, tzinfo=UTC), "invalid"),
        (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), "2024-02-29"),
    ],
)
def test_a_date_outside_the_plausible_years_is_named_invalid(instant: datetime, day: str) -> None:
    feedback = next(rows for _, rows in partition(scored(instant), keep_raw=False))
    assert feedback.column("day").to_pylist() == [day] == [partition_day(instant)]


def test_a_day_is_never_split_over_shards() -> None:
    instants = [datetime(2024, 5, 1 + number % 28, number % 24, tzinfo=UTC) for number in range(500)]
    rows = next(rows for spec, rows in partition(scored(*instants), keep_raw=False))
    parts = [(number, part) for (_, number), part in shard(tables.FEEDBACK, rows, 4)]
    days = [set(part.column("day").to_pylist()) for _, part in parts]
    assert len(parts) > 1
    assert sum(part.num_rows for _, part in parts) == 500
    assert sum(map(len, days)) == len(set().union(*days))
