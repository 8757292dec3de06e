"""Alerts and answers are written once; the views say how an episode stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.alerts.ledger import record_action, record_alerts, stored_actions, stored_alerts
from pipelines.connect import connect
from schemas.alert import Kind
from schemas.alert_action import Act, AlertAction, Verdict
from tests.pipelines.alerts.sample import BEGAN, HOUR, sample, store_words

NOW = datetime(2024, 3, 4, 15, tzinfo=UTC)


def answer(act: Act, minutes: int, **fields: object) -> AlertAction:
    about: dict[str, object] = {"product": "firefox", "touchpoint": "account", "who": "kim"}
    if act not in {Act.SILENCE, Act.UNSILENCE}:
        about["episode_id"] = sample().episode_id
    return AlertAction(act=act, recorded_at=NOW + timedelta(minutes=minutes), **(about | fields))  # type: ignore[arg-type]


def test_the_same_hours_watched_again_add_nothing(tmp_path: Path) -> None:
    root = str(tmp_path)
    alerts = [sample(), sample(Kind.UPDATED, HOUR + 2)]
    assert record_alerts(root, alerts, now=NOW) == 2
    assert record_alerts(root, [*alerts, sample(Kind.RESOLVED, HOUR + 9)], now=NOW + timedelta(hours=1)) == 1
    assert record_alerts(root, [], now=NOW) == 0
    assert [alert.kind for alert in stored_alerts(root)] == [Kind.OPENED, Kind.UPDATED, Kind.RESOLVED]
    assert [alert.kind for alert in stored_alerts(root, since=NOW + timedelta(hours=1))] == [Kind.RESOLVED]
    assert stored_alerts(root)[0] == sample().without_words()


def test_no_file_below_the_table_has_a_word_of_a_customer(tmp_path: Path) -> None:
    record_alerts(str(tmp_path), [sample()], now=NOW)
    with connect(str(tmp_path)) as connection:
        (payload,) = connection.execute("SELECT payload::VARCHAR FROM alerts").fetchall()[0]
    assert "bookmarks are gone" not in payload
    assert '"term":"bookmarks"' in payload


def test_quotes_are_found_in_feedback(tmp_path: Path) -> None:
    root = str(tmp_path)
    store_words(root)
    record_alerts(root, [sample()], now=NOW)
    query = """
        SELECT count(*) FROM alerts, unnest(from_json(payload->'quotes', '[{"event_id": "VARCHAR"}]')) AS q(quote)
        JOIN events ON events.event_id = quote.event_id
    """
    with connect(root) as connection:
        assert connection.execute(query).fetchall() == [(4,)]


def test_an_episode_is_its_latest_alert_and_its_peak(tmp_path: Path) -> None:
    root = str(tmp_path)
    record_alerts(
        root,
        [
            sample(),
            sample(Kind.UPDATED, HOUR + 2, excess=60.0, observed=70.0),
            sample(Kind.RESOLVED, HOUR + 9, excess=3.0, surprise=1.0),
            sample(Kind.AMENDED, HOUR + 10, notify=False, held_back="late data"),
        ],
        now=NOW,
    )
    with connect(root) as connection:
        found = connection.execute(
            "SELECT status, last_kind, hours, alerts, told, observed, surprise, started_at FROM episodes"
        ).fetchall()
    assert found == [("resolved", "resolved", 15, 4, 3, 70.0, 7.42, BEGAN)]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([], (None, None, None)),
        ([answer(Act.ACKNOWLEDGE, 1)], ("kim", None, None)),
        ([answer(Act.ACKNOWLEDGE, 1), answer(Act.UNACKNOWLEDGE, 2)], (None, None, None)),
        ([answer(Act.ACKNOWLEDGE, -1)], (None, None, None)),
        (
            [answer(Act.FEEDBACK, 1, verdict=Verdict.NOISE), answer(Act.FEEDBACK, 2, verdict=Verdict.USEFUL)],
            (None, None, "useful"),
        ),
        ([answer(Act.SILENCE, 1, until=datetime(2099, 1, 1, tzinfo=UTC))], (None, 2099, None)),
        ([answer(Act.SILENCE, 1, touchpoint="*", until=datetime(2099, 1, 1, tzinfo=UTC))], (None, 2099, None)),
        ([answer(Act.SILENCE, 1, touchpoint="billing", until=datetime(2099, 1, 1, tzinfo=UTC))], (None, None, None)),
        (
            [answer(Act.SILENCE, 1, until=datetime(2099, 1, 1, tzinfo=UTC)), answer(Act.UNSILENCE, 2)],
            (None, None, None),
        ),
    ],
)  # fmt: skip
def test_answers(tmp_path: Path, answers: list[AlertAction], state: tuple[object, ...]) -> None:
    root = str(tmp_path)
    record_alerts(root, [sample()], now=NOW)
    for one in answers:
        record_action(root, one)
    assert stored_actions(root) == sorted(answers, key=lambda one: one.recorded_at)
    with connect(root) as connection:
        found = connection.execute(
            "SELECT acknowledged_by, year(silenced_until), verdict FROM episodes"
        ).fetchall()
    assert found == [state]
