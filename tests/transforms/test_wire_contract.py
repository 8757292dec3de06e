"""The published JSON Schema and our own reading of feedback_event/1 accept and refuse the same messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from schemas.mapping import load_mapping
from tests.transforms.messages import event, events

WIRE = Path(schemas.__file__).with_name("wire")
SCHEMA = json.loads((WIRE / "feedback_event.1.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
NATIVE = load_mapping("feedback_event")
PASS = sorted((WIRE / "examples" / "pass").glob("*.json"))
FAIL = sorted((WIRE / "examples" / "fail").glob("*.json"))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert len(PASS) >= 7
    assert len(FAIL) >= 20


@pytest.mark.parametrize("path", PASS, ids=lambda path: path.stem)
def test_pass_examples_pass_both(path: Path) -> None:
    message = json.loads(path.read_text())
    VALIDATOR.validate(message)
    assert event(NATIVE, message)["native_id"] == str(message["id"])


@pytest.mark.parametrize("path", FAIL, ids=lambda path: path.stem)
def test_fail_examples_fail_both_with_the_violation_they_name(path: Path) -> None:
    example = json.loads(path.read_text())
    refused = not VALIDATOR.is_valid(example["message"])
    assert refused is not example.get("beyond_json_schema", False)
    outcome = events(NATIVE, example["message"])
    assert outcome.passed.num_rows == 0
    (letter,) = outcome.failed
    assert (letter.violation.kind.value, letter.violation.field) == (example["violation"], example["field"])
    assert letter.payload == orjson.dumps(example["message"])


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text("ab é7\n\x00", max_size=6)
    | st.just([])
    | st.just({})
)
TIMES = st.sampled_from(
    ["2021-06-01T12:30:00Z", "2021-06-01T12:30:00+05:30", "2021-06-01", "2021-06-01 12:30:00Z", ""]
)
MESSAGES = st.fixed_dictionaries(
    {"schema": st.just("feedback_event/1")},
    optional={
        "id": SCALARS | st.just("7"),
        "occurred_at": TIMES | SCALARS,
        "revised_at": TIMES | SCALARS,
        "text": SCALARS | st.just("slow"),
        "title": SCALARS,
        "channel": st.sampled_from(["review", "email", None, 3]),
        "author": st.none()
        | st.fixed_dictionaries({}, optional={"id": SCALARS, "kind": SCALARS | st.just("bot")}),
        "rating": st.none()
        | st.fixed_dictionaries({}, optional={"value": SCALARS | st.just(3), "scale": SCALARS | st.just("1-5")}),
        "segment": st.none() | st.dictionaries(st.sampled_from(["plan", "país"]), SCALARS, max_size=2),
        "language": st.sampled_from(["en", "en-US", "pt_BR", "x", "", None, 5]),
        "product": SCALARS,
        "deleted": SCALARS,
    },
)


@given(MESSAGES)
def test_the_schema_refuses_nothing_we_accept_and_the_reverse(message: dict[str, Any]) -> None:
    accepted = events(NATIVE, message).failed == []
    rating = message.get("rating") or {}
    value = rating.get("value")
    beyond = isinstance(value, int) and not isinstance(value, bool) and not 1 <= value <= 5
    if not beyond:
        assert accepted == VALIDATOR.is_valid(message)
