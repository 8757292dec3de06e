"""What a record of a file is as a message, and when it is due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.pubsub.pace import EventTime, Rate
from pipelines.pubsub.payloads import event_time_reader, payload
from pipelines.records import Record
from schemas.mapping import load_mapping

HEADER = ("id", "text")


def test_a_line_of_json_stays_as_it_is() -> None:
    assert payload(Record(b'{"id": 1, ', "file:1")) == b'{"id": 1, '


def test_a_csv_record_becomes_an_object_of_strings() -> None:
    assert payload(Record('7,"slow, très ""slow"""'.encode(), "file:2", HEADER)) == (
        '{"id":"7","text":"slow, très \\"slow\\""}'.encode()
    )
    assert payload(Record(b'7,"two\nlines"', "file:2", HEADER)) == b'{"id":"7","text":"two\\nlines"}'


@pytest.mark.parametrize("record", [b"7", b"7,a,b", b'7,"open', b"7,\xff", b""])
def test_a_csv_record_that_does_not_fit_stays_as_it_is(record: bytes) -> None:
    assert payload(Record(record, "file:2", HEADER)) == record


def test_the_event_time_is_read_by_the_mapping() -> None:
    read = event_time_reader(load_mapping("feedback_event"))
    assert read(b'{"occurred_at": "2024-05-01T12:00:00+02:00"}') == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert [read(b'{"occurred_at": "yesterday"}'), read(b"{"), read(b"[]"), read(b"{}")] == [None] * 4


def test_a_rate_spaces_messages_evenly() -> None:
    rate = Rate(4)
    assert [rate.due_seconds(b"") for _ in range(3)] == [0.0, 0.25, 0.5]


def test_event_times_space_messages_as_the_events_were() -> None:
    pace = EventTime(lambda message: datetime.fromisoformat(message.decode()) if message else None, speedup=60)
    hours = [b"2024-05-01T10:00:00Z", b"2024-05-01T10:30:00Z", b"", b"2024-05-01T09:00:00Z"]
    assert [pace.due_seconds(hour) for hour in hours] == [0.0, 30.0, 0.0, -60.0]
