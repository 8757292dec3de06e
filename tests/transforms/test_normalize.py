"""Normalize: identity, revisions, authors, ratings, leftovers; a row depends on its own message only."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import orjson
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas import arrow
from schemas.author_key import KEY_VARIABLE, load_keyring
from schemas.mapping import load_mapping, parse_mapping
from tests.transforms.messages import KEYRING, RECEIVED_AT, batch, event, events
from transforms.decode import decode
from transforms.normalize import Normalize, normalize

NATIVE = load_mapping("feedback_event")
MESSAGE: dict[str, Any] = {
    "schema": "feedback_event/1",
    "id": "t-1",
    "occurred_at": "2021-06-01T12:30:00+02:00",
    "text": "slow\r\nvery",
}


def test_every_column_of_a_full_message() -> None:
    row = event(
        NATIVE,
        MESSAGE
        | {
            "source": "desk",
            "channel": "support",
            "account": "eu",
            "revision": 2,
            "supersedes": "1",
            "revised_at": "2021-06-02T00:00:00Z",
            "author": {"id": "c-1", "kind": "agent", "name": "N"},
            "segment": {"plan": "pro", "seats": 3, "trial": True, "none": None},
            "product": "Tabs",
            "version": "89.0",
            "language": "en-GB",
            "title": "Help",
            "rating": {"value": 2, "scale": "1-5", "survey_kind": "csat", "max": 5},
            "thread": "th",
            "url": "https://x.example",
            "queue": {"b": 1, "a": 2},
        },
    )
    payload = row.pop("payload")
    assert orjson.loads(payload)["id"] == "t-1"
    assert len(row.pop("event_id")) == 32
    assert row.pop("author_key") == KEYRING.author_key("desk", "eu", "c-1")
    assert row == {
        "source": "desk",
        "channel": "support",
        "account": "eu",
        "native_id": "t-1",
        "revision": "2",
        "supersedes": "1",
        "author_kind": "agent",
        "segment": [("plan", "pro"), ("seats", "3"), ("trial", "true")],
        "occurred_at": datetime(2021, 6, 1, 10, 30, tzinfo=UTC),
        "revised_at": datetime(2021, 6, 2, tzinfo=UTC),
        "received_at": RECEIVED_AT,
        "product": "Tabs",
        "version": "89.0",
        "version_source": "given",
        "language": "en",
        "text": "Help\n\nslow\nvery",
        "rating_raw": 2.0,
        "rating_scale": "1-5",
        "rating": -0.5,
        "survey_kind": "csat",
        "thread": "th",
        "url": "https://x.example",
        "deleted": False,
        "extra": '{"queue":{"a":2,"b":1},"rating":{"max":5}}',
    }


def test_an_edit_is_a_new_revision_and_a_deletion_another_without_text() -> None:
    first = event(NATIVE, MESSAGE)
    again = event(NATIVE, MESSAGE | {"unrelated": 1})
    edited = event(NATIVE, MESSAGE | {"text": "fast"})
    deleted = event(NATIVE, MESSAGE | {"deleted": True, "rating": {"value": 1, "scale": "1-5"}})
    assert first["event_id"] == again["event_id"]
    assert len({row["event_id"] for row in (first, edited, deleted)}) == 3
    assert (deleted["text"], deleted["rating"], deleted["rating_raw"], deleted["rating_scale"]) == (
        "",
        None,
        None,
        None,
    )
    assert {row["native_id"] for row in (first, edited, deleted)} == {"t-1"}


def test_event_ids_are_stable() -> None:
    # A change of these digits would store every event of every deployment a second time.
    assert event(NATIVE, MESSAGE | {"revision": "1"})["event_id"] == "6015e113d6ebdf26a1a5d4e14194dc40"


def test_an_author_is_stored_as_a_pseudonym_only() -> None:
    row = event(NATIVE, MESSAGE | {"author": {"id": "anna@x.example", "email": "anna@x.example"}})
    row.pop("payload")
    assert "anna" not in repr(row)
    assert event(NATIVE, MESSAGE)["author_key"] is None


def test_csv_with_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "survey.yaml"
    path.write_text(
        "mapping: 1\ndescription: survey\nformat: csv\nsource: survey\nchannel: survey\nfields:\n  id: id\n"
        "  occurred_at: {path: day, convert: {timestamp: {timezone: UTC, format: '%d.%m.%Y'}}}\n  text: comment\n"
        "  rating: {path: score, convert: {rating: {scale: 0-10}}}\n  survey_kind: {value: nps}\n"
        "  deleted: {path: gone, convert: boolean}\n"
    )
    mapping = parse_mapping(path)
    decoded = decode(
        batch(
            [b"7,01.06.2021,ok,9,,blue", b"8,01.06.2021,,,no,"],
            ("id", "day", "comment", "score", "gone", "colour"),
        ),
        "survey",
    )
    outcome = normalize(decoded.passed, mapping, KEYRING)
    (row,) = outcome.passed.to_pylist()
    assert (row["rating_raw"], row["rating"], row["survey_kind"], row["extra"]) == (
        9.0,
        0.8,
        "nps",
        '{"colour":"blue"}',
    )
    (letter,) = outcome.failed
    assert (letter.violation.kind.value, letter.violation.field, letter.origin) == (
        "missing_field",
        "text",
        "line 2",
    )


def test_ids_that_json_numbers_cannot_hold_are_refused() -> None:
    assert event(NATIVE, MESSAGE | {"id": 2**63})["native_id"] == str(2**63)
    raw = orjson.dumps(MESSAGE).replace(b'"t-1"', b"123456789012345678901234567890")
    outcome = normalize(decode(batch([raw]), "x").passed, NATIVE, KEYRING)
    assert [letter.violation.kind.value for letter in outcome.failed] == ["wrong_type"]


TEXTS = st.text("ab \n\x00\u2028é\U0001f621", max_size=10)
VARIANTS = st.fixed_dictionaries(
    {
        "schema": st.just("feedback_event/1"),
        "id": st.integers(0, 9),
        "occurred_at": st.just("2021-06-01T12:30:00Z"),
    },
    optional={
        "text": TEXTS | st.integers(0, 9),
        "title": TEXTS,
        "other": TEXTS,
        "rating": st.fixed_dictionaries(
            {"value": st.integers(0, 6), "scale": st.sampled_from(["1-5", "5-1", "x"])}
        ),
    },
)


@given(st.lists(VARIANTS, max_size=6), st.randoms(use_true_random=False))
def test_rows_do_not_depend_on_their_neighbours(messages: list[dict[str, Any]], random: Any) -> None:
    together = events(NATIVE, *messages)
    assert together.passed.schema == arrow.EVENT
    assert together.passed.num_rows + len(together.failed) == len(messages)
    shuffled = random.sample(messages, len(messages))
    rows = sorted(together.passed.to_pylist(), key=repr)
    assert sorted(events(NATIVE, *shuffled).passed.to_pylist(), key=repr) == rows
    alone = [row for message in messages for row in events(NATIVE, message).passed.to_pylist()]
    assert alone == together.passed.to_pylist()


def test_the_transform_reads_the_key_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    key_file = tmp_path / "author.key"
    keyring = load_keyring(key_file)
    decoded = decode(batch([orjson.dumps(MESSAGE | {"author": {"id": "a"}}), orjson.dumps({"id": 1})]), "x").passed
    with beam.Pipeline() as pipeline:
        outputs = pipeline | beam.Create([decoded]) | Normalize(NATIVE, key_file, keyring.key_id)
        keys = outputs.passed | beam.Map(lambda rows: rows.column("author_key").to_pylist())
        assert_that(keys, equal_to([[keyring.author_key("feedback_event", None, "a")]]), label="Passed")
        fields = outputs.failed | beam.Map(lambda letters: [letter.violation.field for letter in letters])
        assert_that(fields, equal_to([["schema"]]), label="Failed")


def test_a_worker_with_another_key_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k" * 32)
    with pytest.raises(Exception, match="give all workers one TRIBOMETER_AUTHOR_KEY"), beam.Pipeline() as pipeline:
        _ = pipeline | beam.Create([decode(batch([b"{}"]), "x").passed]) | Normalize(NATIVE, None, "00000000")


def test_no_message_makes_no_rows() -> None:
    outcome = events(NATIVE)
    assert isinstance(outcome.passed, pa.RecordBatch)
    assert (outcome.passed.num_rows, outcome.failed) == (0, [])
