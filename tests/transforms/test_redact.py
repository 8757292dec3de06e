"""Redact: every column but identity and payload, counts by placeholder, nothing done twice."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas import arrow
from schemas.mapping import load_mapping
from tests.schemas.test_personal_data import KEPT, REMOVED
from tests.transforms.messages import events
from transforms.redact import Redact, redact

NATIVE = load_mapping("feedback_event")


def native(**fields: Any) -> pa.RecordBatch:
    message = {
        "schema": "feedback_event/1",
        "id": "anna@x.example",
        "occurred_at": "2021-06-01T12:30:00Z",
        "text": "t",
    }
    return events(NATIVE, message | fields).passed


def test_every_column_that_can_hold_personal_data() -> None:
    batch = native(
        text="a@b.example and c@d.example",
        title="card 4111 1111 1111 1111",
        url="https://u:p@x.example/?token=1",
        thread="re: a@b.example",
        segment={"seat": "call +1 415-555-2671", "plan": "pro"},
        queue=[{"owner": "a@b.example", "n": 4}, "192.168.1.254"],
        **{"z@z.example": 1},
    )
    (row,) = redact(batch).to_pylist()
    assert row["text"] == "card [CARD]\n\n[EMAIL] and [EMAIL]"
    assert row["url"] == "https://[URL_CREDENTIALS]@x.example/?token=[URL_CREDENTIALS]"
    assert row["thread"] == "re: [EMAIL]"
    assert row["segment"] == [("plan", "pro"), ("seat", "call [PHONE]")]
    assert row["extra"] == '{"[EMAIL]":1,"queue":[{"n":4,"owner":"[EMAIL]"},"[IP]"]}'
    assert dict(row["redactions"]) == {"CARD": 1, "EMAIL": 5, "IP": 1, "PHONE": 1, "URL_CREDENTIALS": 2}
    # The identity and the bytes for the restricted raw table are left alone.
    assert row["native_id"] == "anna@x.example"
    assert row["payload"] == batch.column("payload")[0].as_py()


@pytest.mark.parametrize(("text", "redacted"), REMOVED, ids=[text for text, _ in REMOVED])
def test_the_search_of_a_column_misses_nothing(text: str, redacted: str) -> None:
    (row,) = redact(native(text=text, note={"inner": text})).to_pylist()
    assert row["text"] == redacted
    assert text not in row["extra"]


@given(st.lists(st.sampled_from([text for text, _ in REMOVED] + KEPT), min_size=1, max_size=4))
def test_redacting_twice_is_redacting_once(texts: list[str]) -> None:
    message = {"schema": "feedback_event/1", "id": 1, "occurred_at": "2021-06-01T12:30:00Z"}
    batch = events(NATIVE, *[message | {"text": text, "note": text} for text in texts]).passed
    once = redact(batch)
    assert once.schema == arrow.REDACTED
    assert redact(once).equals(once)


def test_no_rows() -> None:
    assert redact(arrow.empty(arrow.EVENT)).equals(arrow.empty(arrow.REDACTED))


def test_the_transform() -> None:
    with beam.Pipeline() as pipeline:
        texts = pipeline | beam.Create([native(text="a@b.example")]) | Redact()
        assert_that(texts | beam.Map(lambda rows: rows.column("text").to_pylist()), equal_to([["[EMAIL]"]]))
