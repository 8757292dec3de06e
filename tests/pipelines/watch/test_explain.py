"""What an alert says can be found in the tables again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.alerts.ledger import record_action
from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.connect import connect
from pipelines.query import run_query
from schemas.alert import Alert, Kind, Severity
from schemas.alert_action import Act, AlertAction, Verdict
from schemas.tables import LAUNCHES
from tests.pipelines.feedback_table import launch, store_small
from tests.pipelines.watch.world import AFTERWARDS, INCIDENT, INCIDENT_HOURS, store_rows, told, until, watch, world

RELEASED = INCIDENT - timedelta(hours=2)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release two hours before the incident; in it, most complaints about billing are of its version and say why."""
    folder = tmp_path_factory.mktemp("tables")
    rows = []
    for number, row in enumerate(world()):
        of_incident = INCIDENT <= row["occurred_at"] < INCIDENT + timedelta(hours=INCIDENT_HOURS)
        billing = row["mentions"][0]["touchpoint"] == "billing"
        new = of_incident and billing and number % 8 > 0
        text = f"the voucher was refused when I paid, order {number} of {row['text']}" if new else row["text"]
        mention = {**row["mentions"][0], "end": len(text)}
        rows.append({**row, "version": "2.0" if new else "1.0", "text": text, "mentions": [mention]})
    store_rows(folder, rows, "all")
    early = launch("l1", "app", "2024-01-01", version="1.0")
    late = {**launch("l2", "app", "2024-01-01", version="2", title="The big one"), "launched_at": RELEASED}
    store_small(str(folder), LAUNCHES, [early, late])
    watch(folder)
    return folder


@pytest.fixture(scope="module")
def opened(tables: Path) -> Alert:
    return next(alert for alert in told(tables) if alert.kind is Kind.OPENED)


def test_the_launch_before_it_and_how_far_it_explains_the_rise(opened: Alert) -> None:
    assert opened.launch is not None
    assert (opened.launch.launch_id, opened.launch.name, opened.launch.version) == ("l2", "The big one", "2.0")
    assert opened.launch.hours_before == (opened.started_at - RELEASED) / timedelta(hours=1)
    assert opened.launch.explains is not None
    assert opened.launch.explains > 0.8


def test_the_fewest_values_that_explain_it(opened: Alert) -> None:
    first = opened.explanations[0]
    assert (first.dimension, first.values) == ("version", ("2.0",))
    assert [one.dimension for one in opened.explanations] == ["version"]


def test_the_words_that_tell_it_and_quotes_of_different_people(tables: Path, opened: Alert) -> None:
    words = {term.term: term for term in opened.terms}
    assert {"voucher", "refused"} <= words.keys()
    assert words["voucher"].share > 0.5 > words["voucher"].baseline_share
    assert all(term.authors >= 3 for term in opened.terms)
    with connect(str(tables)) as connection:
        said = dict(connection.execute("SELECT event_id, author FROM events").fetchall())
    assert len({said[quote.event_id] for quote in opened.quotes}) == len(opened.quotes) >= 3


def test_its_query_shows_the_people_it_counts(tables: Path, opened: Alert) -> None:
    assert opened.sql is not None
    with connect(str(tables)) as connection:
        found = run_query(connection, opened.sql)
        rows = [dict(zip(found.columns, row, strict=True)) for piece in found.pieces for row in piece]
    assert len({row["author"] for row in rows}) == opened.authors >= opened.observed
    assert {row["touchpoint"] for row in rows} == {"billing"}


def test_its_figures_agree_with_one_another(opened: Alert) -> None:
    assert opened.ratio == pytest.approx(opened.observed / opened.expected)
    assert opened.excess == pytest.approx(opened.observed - opened.expected)
    assert opened.p == pytest.approx(10**-opened.surprise)
    assert opened.q_value is not None
    assert opened.q_value <= 0.05
    assert opened.severity is not Severity.INFO
    assert opened.posts >= opened.authors
    assert 0 < opened.top_author_share < 0.2
    assert opened.control_ratio == pytest.approx(1, abs=0.3)
    assert opened.history[-1].hour == opened.hour
    assert sum(hour.observed for hour in opened.history[-6:]) > 3 * sum(
        hour.expected for hour in opened.history[-6:]
    )
    assert opened.quality.learning is False


def test_the_end_has_the_figures_of_the_whole_episode(tables: Path, opened: Alert) -> None:
    ended = next(alert for alert in told(tables) if alert.kind is Kind.RESOLVED)
    assert ended.window_start == opened.started_at
    assert ended.authors > opened.authors / 2
    assert ended.severity.rank >= opened.severity.rank


def test_an_earlier_episode_is_named_with_what_people_said_of_it(tmp_path: Path) -> None:
    rows = world()
    store_rows(tmp_path, rows, "all")
    watch(tmp_path)
    first = told(tmp_path)[0]
    record_action(
        str(tmp_path),
        AlertAction(
            Act.FEEDBACK, "app", "billing", "tester", AFTERWARDS, first.episode_id, verdict=Verdict.USEFUL
        ),
    )
    again = [
        {**row, "event_id": row["event_id"][::-1], "native_id": row["native_id"] + "b",
         "author_key": f"{row['author_key']} b",
         **{name: row[name] + timedelta(days=18) for name in ("occurred_at", "revised_at", "received_at")},
         "day": (row["occurred_at"] + timedelta(days=18)).date().isoformat()}
        for row in rows
    ]  # fmt: skip
    store_rows(tmp_path, again, "again")
    watch(tmp_path, AFTERWARDS + timedelta(days=18))
    second = next(
        alert for alert in told(tmp_path) if alert.kind is Kind.OPENED and alert.episode_id != first.episode_id
    )
    assert [(one.episode_id, one.verdict) for one in second.earlier] == [(first.episode_id, "useful")]
    assert second.earlier[0].started_at == first.started_at


def test_with_routes_people_are_told_once(tmp_path: Path) -> None:
    """The same world, as if it happened just now."""
    tables, sent = tmp_path / "tables", tmp_path / "told.jsonl"
    present = utc_now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    later = present - (INCIDENT + timedelta(hours=9))
    store_rows(
        tables,
        [
            {**row, **{name: row[name] + later for name in ("occurred_at", "revised_at", "received_at")},
             "day": (row["occurred_at"] + later).date().isoformat()}
            for row in until(world(), INCIDENT + timedelta(hours=9))
        ],
        "all",
    )  # fmt: skip
    routes = tmp_path / "routes.yaml"
    routes.write_text(
        f"channels:\n  file:\n    service: jsonl\n    path: {sent}\nroutes:\n  - name: all\n    to: [file]\n"
    )
    for _ in range(2):
        assert main(["watch", "--once", "--routes", str(routes), "--tables", str(tables)]) == 0
    lines = [json.loads(line) for line in sent.read_text().splitlines()]
    assert lines[0]["kind"] == "opened"
    assert [line["alert_id"] for line in lines] == [alert.alert_id for alert in told(tables) if alert.notify]
