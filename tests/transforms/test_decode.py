"""Decode: strict JSON and CSV, typed dead letters with the exact bytes, never another exception."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import orjson
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas.violations import ViolationKind
from tests.transforms.messages import batch
from transforms.decode import MAXIMUM_LEVELS, MAXIMUM_MESSAGE_BYTES, Decode, decode, decode_header

REFUSED = [
    (b"", "empty_message"),
    (b" \r\n", "empty_message"),
    (b"\xef\xbb\xbf", "empty_message"),
    (b'{"a": "\xff"}', "invalid_utf8"),
    ('{"a": 1}'.encode("utf-16"), "invalid_utf8"),
    (b'{"a": "\\ud800"}', "invalid_json"),
    (b'{"a": NaN}', "invalid_json"),
    (b'{"a": -Infinity}', "invalid_json"),
    (b'{"a": 1e400}', "invalid_json"),
    (b'{"a": 1', "invalid_json"),
    (b"{'a': 1}", "invalid_json"),
    (b'{"a": 1} {"b": 2}', "invalid_json"),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "invalid_json"),
    (b'{"a\x00": 1}', "invalid_json"),
    (b"[1]", "not_an_object"),
    (b'"text"', "not_an_object"),
    (b"null", "not_an_object"),
    (b"17", "not_an_object"),
    (b'{"a": "' + b"x" * MAXIMUM_MESSAGE_BYTES + b'"}', "too_large"),
]


@pytest.mark.parametrize(
    ("payload", "kind"), REFUSED, ids=[f"{kind}-{payload[:12]!r}" for payload, kind in REFUSED]
)
def test_refused_messages_keep_their_bytes_and_their_type(payload: bytes, kind: str) -> None:
    outcome = decode(batch([payload]), "desk")
    assert len(outcome.passed) == 0
    (letter,) = outcome.failed
    assert (letter.violation.kind.value, letter.payload, letter.processor) == (kind, payload, "decode")
    assert (letter.source, letter.origin) == ("desk", "line 1")


def test_sizes_are_evidence() -> None:
    (letter,) = decode(batch([b" " * (MAXIMUM_MESSAGE_BYTES + 1)]), "desk").failed
    assert letter.violation.evidence == {
        "actual_size_bytes": MAXIMUM_MESSAGE_BYTES + 1,
        "maximum_allowed_size_bytes": MAXIMUM_MESSAGE_BYTES,
    }


def test_the_largest_message_passes() -> None:
    payload = b'{"a":"' + b"x" * (MAXIMUM_MESSAGE_BYTES - 8) + b'"}'
    assert len(payload) == MAXIMUM_MESSAGE_BYTES
    assert len(decode(batch([payload]), "desk").passed) == 1


def test_good_and_bad_keep_their_places() -> None:
    payloads = [b'{"a":1}', b"oops", b'\xef\xbb\xbf{"a":2}', b"[]", b'{"a":3}']
    outcome = decode(batch(payloads), "desk")
    assert list(outcome.passed.objects) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert list(outcome.passed.origins) == ["line 1", "line 3", "line 5"]
    assert list(outcome.passed.payloads) == [payloads[0], payloads[2], payloads[4]]
    assert [letter.origin for letter in outcome.failed] == ["line 2", "line 4"]


HEADER = ("id", "text")


@pytest.mark.parametrize(
    ("payload", "record"),
    [
        (b"1,slow", {"id": "1", "text": "slow"}),
        (b'1,"a, ""b""\nc"', {"id": "1", "text": 'a, "b"\nc'}),
        (b"1,\r\n", {"id": "1", "text": ""}),
        (b"1," + b"x" * 200_000, {"id": "1", "text": "x" * 200_000}),
    ],
)
def test_csv_records(payload: bytes, record: dict[str, str]) -> None:
    assert list(decode(batch([payload], HEADER), "desk").passed.objects) == [record]


@pytest.mark.parametrize("payload", [b"1", b"1,2,3", b'1,"open', b'1,"a"b', b"1,a\n2,b"])
def test_broken_csv_records(payload: bytes) -> None:
    (letter,) = decode(batch([payload], HEADER), "desk").failed
    assert letter.violation.kind.value == "invalid_csv"


def test_a_header() -> None:
    assert decode_header(b'\xef\xbb\xbfid,"the text"') == ("id", "the text")


@given(st.lists(st.binary(max_size=60), max_size=5), st.sampled_from([None, HEADER]))
def test_any_bytes_end_in_exactly_one_outcome(payloads: list[bytes], header: tuple[str, ...] | None) -> None:
    outcome = decode(batch(payloads, header), "desk")
    kept = list(outcome.passed.payloads) + [letter.payload for letter in outcome.failed]
    assert sorted(kept) == sorted(payloads)
    assert len(outcome.passed.objects) == len(outcome.passed.payloads) == len(outcome.passed.origins)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('ab é\n"\\', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", max_size=3), JSON, max_size=4))
def test_what_json_says_is_what_decode_says(message: dict[str, Any]) -> None:
    assert list(decode(batch([orjson.dumps(message)]), "desk").passed.objects) == [message]


def test_the_transform_has_both_outcomes_and_counts_them() -> None:
    pipeline = beam.Pipeline()
    outputs = pipeline | beam.Create([batch([b'{"a":1}', b"oops"])]) | Decode("desk")
    assert_that(
        outputs.passed | beam.Map(lambda decoded: list(decoded.objects)), equal_to([[{"a": 1}]]), label="Passed"
    )
    kinds = outputs.failed | beam.Map(lambda letters: [letter.violation.kind.value for letter in letters])
    assert_that(kinds, equal_to([["invalid_json"]]), label="Failed")
    result = pipeline.run()
    result.wait_until_finish()
    counters = {
        (counter.key.metric.namespace, counter.key.metric.name): counter.result
        for counter in result.metrics().query()["counters"]
    }
    assert counters[("decode", "decoded")] == 1
    assert counters[("decode", "invalid_json")] == 1
    assert counters[("decode", "dead_bytes")] == 4


@pytest.mark.parametrize("unit", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_nesting_is_bounded_and_brackets_in_a_text_are_none(unit: tuple[bytes, bytes]) -> None:
    opening, closing = unit
    each = opening.count(b"[") + opening.count(b"{")
    inner = MAXIMUM_LEVELS - 1

    def nested(levels: int) -> bytes:
        return b'{"x":' + opening * (levels // each) + b"1" + closing * (levels // each) + b"}"

    many = b'{"x":"' + b"[{" * 500 + b'","y":[' + b",".join([b"[]"] * 500) + b"]}"
    outcome = decode(batch([nested(inner - inner % each), nested(inner + each), many]), "native")
    assert len(outcome.passed) == 2
    (letter,) = outcome.failed
    assert (letter.violation.kind, letter.violation.evidence) == (
        ViolationKind.INVALID_JSON,
        {"maximum_levels": MAXIMUM_LEVELS},
    )
