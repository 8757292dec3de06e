"""The step: batches in REDACTED become batches in SCORED, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.testing.util import assert_that, equal_to

from schemas.arrow import REDACTED, SCORED, empty
from transforms.score import Score, load_scorer, score

_AT = datetime(2021, 6, 1, tzinfo=UTC)


def _event(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"{number:032x}", "source": "s", "channel": "c", "native_id": str(number), "revision": "0",
        "author_kind": "person", "segment": {}, "occurred_at": _AT, "revised_at": _AT, "received_at": _AT,
        "text": text, "deleted": False, "payload": b"{}", "redactions": {}, "language": "en", "rating": None,
    } | more  # fmt: skip


def _batch(*events: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(events), schema=REDACTED)


def test_every_row_keeps_its_place_and_its_columns() -> None:
    batch = _batch(
        _event(1, "The tabs are ugly"),
        _event(2, "Ik kan niet in mijn account", language="nl"),
        _event(3, "", deleted=True),
        _event(4, "", rating=-1.0),
    )
    scored = score(batch, load_scorer())
    scored.validate(full=True)
    assert scored.schema == SCORED
    assert [scored.column(name) for name in REDACTED.names] == [batch.column(name) for name in REDACTED.names]
    assert scored.column("unscored_reason").to_pylist() == [None, "language:nl", "deleted", None]
    assert scored.column("touchpoint").to_pylist() == ["usability", None, None, "other"]
    assert set(scored.column("model_version").to_pylist()) == {load_scorer().version}


def test_a_language_is_filled_in_only_where_the_source_gave_none() -> None:
    batch = _batch(
        _event(1, "The pages do not load and I have no idea why", language=None),
        _event(2, "The pages do not load", language="en-US"),
        _event(3, "", language=None),
    )
    assert score(batch, load_scorer()).column("language").to_pylist() == ["en", "en-US", None]


def test_an_empty_batch_stays_empty() -> None:
    scored = score(empty(REDACTED), load_scorer())
    assert (scored.num_rows, scored.schema) == (0, SCORED)


def test_the_step_is_its_function() -> None:
    batch = _batch(_event(1, "The tabs are ugly"), _event(2, "It crashes, but I like it"))
    expected = score(batch, load_scorer()).to_pylist()
    with beam.Pipeline() as pipeline:
        rows = pipeline | beam.Create([batch]) | Score() | beam.FlatMap(lambda scored: scored.to_pylist())
        assert_that(rows, equal_to(expected))
