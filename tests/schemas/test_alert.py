"""An alert as it crosses a wire and stands in a table."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines.alerts.wire import FILE, wire_schema
from schemas.alert import Alert, AlertFormError, HourCount, Kind, Quality, Severity, Status, Term, severity_of
from tests.pipelines.alerts.sample import sample

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(
    figures=st.tuples(*[FINITE] * 5),
    q_value=st.none() | FINITE,
    kind=st.sampled_from(Kind),
    words=st.text(max_size=40),
    moment=st.datetimes(timezones=st.just(UTC)),
    history=st.lists(st.builds(HourCount, st.integers(0, 10**6), FINITE, FINITE), max_size=3),
    notes=st.lists(st.text(max_size=10), max_size=2),
)
def test_json_gives_the_same_alert(
    figures: tuple[float, ...],
    q_value: float | None,
    kind: Kind,
    words: str,
    moment: datetime,
    history: list[HourCount],
    notes: list[str],
) -> None:
    observed, expected, low, high, excess = figures
    changes = {"observed": observed, "expected": expected, "band_low": low, "band_high": high, "excess": excess}
    alert = sample(
        kind,
        **changes,
        q_value=q_value,
        resolves_when=words.encode("utf-8", "replace").decode(),
        window_start=moment,
        history=tuple(history),
        quality=Quality(notes=tuple(note.encode("utf-8", "replace").decode() for note in notes)),
    )
    text = alert.to_json()
    assert Alert.from_json(text) == alert
    assert Alert.from_json(text).to_json() == text
    assert "\n" not in text


def test_the_published_form_is_current_and_a_second_implementation_agrees() -> None:
    assert FILE.read_text(encoding="utf-8") == wire_schema(), "run `make docs`"
    validator = Draft202012Validator(json.loads(FILE.read_text()))
    for kind in Kind:
        for alert in (sample(kind), sample(kind).without_words()):
            validator.validate(json.loads(alert.to_json()))
    broken = json.loads(sample().to_json())
    del broken["observed"]
    assert not validator.is_valid(broken)
    assert not validator.is_valid(json.loads(sample().to_json()) | {"version": 2})


def test_the_published_form_leaves_nothing_out() -> None:
    named = set(json.loads(FILE.read_text())["properties"])
    assert named == {"alert_id", *(field.name for field in fields(Alert))}


def test_the_identity_is_of_episode_kind_and_hour() -> None:
    alert = sample()
    assert alert.alert_id == f"{alert.episode_id}/opened/{alert.hour}"
    assert json.loads(alert.to_json())["alert_id"] == alert.alert_id
    assert replace(alert, observed=1.0).alert_id == alert.alert_id


def test_a_later_version_is_refused_and_a_later_field_passed_over() -> None:
    said = json.loads(sample().to_json())
    assert Alert.from_json(json.dumps(said | {"weather": "rain"})) == sample()
    with pytest.raises(AlertFormError, match="version 2; this program reads version 1"):
        Alert.from_json(json.dumps(said | {"version": 2}))
    with pytest.raises(AlertFormError, match="not an alert: kind"):
        Alert.from_json(json.dumps(said | {"kind": "exploded"}))
    for text in ("", "[]", "3", "{"):
        with pytest.raises(AlertFormError):
            Alert.from_json(text)


def test_what_json_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="ratio: inf is not a finite number"):
        sample(ratio=float("inf"))
    with pytest.raises(ValueError, match=r"started_at: .* is not in UTC"):
        sample(started_at=datetime(2024, 3, 4))  # noqa: DTZ001
    with pytest.raises(ValueError, match="not in UTC"):
        sample(started_at=datetime(2024, 3, 4, tzinfo=timezone(timedelta(hours=1))))
    with pytest.raises(ValueError, match="ended_at: stands in an alert that is resolved"):
        sample(status=Status.RESOLVED)


def test_what_one_person_alone_wrote_is_no_term() -> None:
    with pytest.raises(ValueError, match="terms: 1 of fewer than 3 authors"):
        sample(terms=(Term("sync", 3, 0.5, 0.1), Term("jane", 2, 0.1, 0.0)))


def test_what_is_stored_holds_no_words() -> None:
    stored = sample().without_words().to_json()
    for quote in sample().quotes:
        assert quote.text is not None
        assert quote.text not in stored
        assert str(quote.url) not in stored
        assert quote.event_id in stored


@pytest.mark.parametrize(
    ("everywhere", "excess", "ratio", "learning", "before", "expected"),
    [
        (False, 20.0, 3.0, False, None, Severity.CRITICAL),
        (False, 19.9, 9.0, False, None, Severity.WARNING),
        (False, 99.0, 2.9, False, None, Severity.WARNING),
        (False, 20.0, None, False, None, Severity.CRITICAL),
        (True, 6.0, 1.6, False, None, Severity.CRITICAL),
        (True, 60.0, 9.0, True, None, Severity.INFO),
        (False, 0.0, 1.0, False, Severity.CRITICAL, Severity.CRITICAL),
        (False, 30.0, 4.0, False, Severity.INFO, Severity.CRITICAL),
    ],
)
def test_severity(
    everywhere: bool,
    excess: float,
    ratio: float | None,
    learning: bool,
    before: Severity | None,
    expected: Severity,
) -> None:
    assert severity_of(excess, ratio, everywhere=everywhere, learning=learning, before=before) is expected


def test_the_wire_file_stands_beside_the_others() -> None:
    assert Path("schemas/wire/launch.1.json").resolve().parent == FILE.parent
