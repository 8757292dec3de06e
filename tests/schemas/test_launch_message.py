"""The published JSON Schema and our own reading of launch/1 accept and refuse the same messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from schemas.launch import Launch, RolloutStep
from schemas.launch_message import read_message
from schemas.launch_statement import Statement
from schemas.violations import Violation

WIRE = Path(schemas.__file__).with_name("wire")
SCHEMA = json.loads((WIRE / "launch.1.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
PASS = sorted((WIRE / "examples" / "launch" / "pass").glob("*.json"))
FAIL = sorted((WIRE / "examples" / "launch" / "fail").glob("*.json"))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert len(PASS) >= 6
    assert len(FAIL) >= 20


@pytest.mark.parametrize("path", PASS, ids=lambda path: path.stem)
def test_pass_examples_pass_both(path: Path) -> None:
    message = json.loads(path.read_text())
    VALIDATOR.validate(message)
    statement = read_message(message)
    assert (statement.launch is None) is (message.get("deleted") is True)


@pytest.mark.parametrize("path", [path for path in FAIL if path.stem != "an_array"], ids=lambda path: path.stem)
def test_fail_examples_fail_both_with_the_violation_they_name(path: Path) -> None:
    example = json.loads(path.read_text())
    refused = not VALIDATOR.is_valid(example["message"])
    assert refused is not example.get("beyond_json_schema", False)
    with pytest.raises(Violation) as violation:
        read_message(example["message"])
    assert (violation.value.kind.value, violation.value.field) == (example["violation"], example["field"])


def test_a_message_says_all_of_a_launch() -> None:
    message = json.loads((WIRE / "examples" / "launch" / "pass" / "full.json").read_text())
    at = datetime(2025, 4, 22, 6, tzinfo=UTC)
    launch = Launch(
        "Parcelbird",
        at,
        version="4.2",
        touchpoints=("billing", "parcel_tracking"),
        title="Redesigned one-page checkout",
        note="Pay on one page.",
        url="https://example.com/4.2",
        platform="ios",
        rollout=(RolloutStep(at, 0.1), RolloutStep(datetime(2025, 4, 29, tzinfo=UTC), 1.0)),
    )
    assert read_message(message) == Statement(launch)
    assert read_message({**message, "deleted": True}) == Statement(None, launch.launch_id)


def test_a_reason_repeats_nothing_of_the_message() -> None:
    message = {"schema": "launch/1", "product": "app", "launched_at": "2025-04-22", "touchpoints": ["biling"]}
    with pytest.raises(Violation) as violation:
        read_message(message)
    assert "biling" not in str(violation.value)


SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab é7\n", max_size=6) | st.just([]) | st.just({})
)
INSTANTS = st.sampled_from(["2021-06-01T12:30:00Z", "2021-06-01T12:30:00+05:30", "2021-06-01", "2021-06-01T12:30"])
MESSAGES = st.fixed_dictionaries(
    {"schema": st.just("launch/1")},
    optional={
        "product": SCALARS | st.just("app"),
        "launched_at": INSTANTS | SCALARS,
        "kind": SCALARS | st.sampled_from(["fix", "outage"]),
        "version": SCALARS,
        "platform": SCALARS,
        "title": SCALARS,
        "note": SCALARS,
        "url": SCALARS,
        "deleted": SCALARS,
        "touchpoints": SCALARS | st.lists(SCALARS | st.sampled_from(["billing", "any", "Billing"]), max_size=2),
        "rollout": SCALARS
        | st.lists(
            st.fixed_dictionaries({"at": st.just("2095-01-01")}, optional={"share": SCALARS | st.just(0.5)}),
            max_size=1,
        ),
        "colour": SCALARS,
    },
)


@given(MESSAGES)
def test_the_schema_refuses_nothing_we_accept_and_the_reverse(message: dict[str, Any]) -> None:
    try:
        read_message(message)
        accepted = True
    except Violation:
        accepted = False
    assert accepted == VALIDATOR.is_valid(message)
