"""The tables of alerts are looked after like every other, and erasure reaches what an alert shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.alerts.ledger import record_action, record_alerts, stored_alerts
from pipelines.alerts.quoting import with_words
from pipelines.alerts.render.text import alert_text
from pipelines.cli import main
from pipelines.connect import connect
from pipelines.tables.compact import compact
from pipelines.tables.export import export
from schemas.alert import Kind
from schemas.alert_action import Act, AlertAction
from schemas.tables import ALERT_ACTIONS, ALERT_DELIVERIES, ALERTS
from tests.pipelines.alerts.conftest import Desk
from tests.pipelines.alerts.sample import HOUR, sample, store_words

SPECS = (ALERTS, ALERT_ACTIONS, ALERT_DELIVERIES)


@pytest.fixture
def kept(desk: Desk) -> Desk:
    store_words(desk.root)
    desk.use("channels:\n  file: {service: jsonl, path: a.jsonl}\nroutes:\n  - {name: all, to: file}\n")
    for number, kind in enumerate((Kind.OPENED, Kind.UPDATED, Kind.RESOLVED)):
        desk.alerts(sample(kind, HOUR + number))
        record_action(desk.root, AlertAction(Act.SILENCE, "x", "y", "kim", desk.now, until=desk.now))
        desk.deliver()
        desk.later(hours=1)
    return desk


def ask(root: str, query: str) -> list[tuple[object, ...]]:
    with connect(root) as connection:
        return connection.execute(query).fetchall()


def test_they_are_verified_compacted_and_exported(kept: Desk, tmp_path: Path) -> None:
    counts = "SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM alert_deliveries WHERE state = 'sent')"
    before = ask(kept.root, counts)
    assert before == [(3, 3)]
    for spec in SPECS:
        compact(kept.root, spec)
    assert ask(kept.root, counts) == before
    assert kept.deliver().sent == 0
    assert main(["tables", "verify", "--tables", kept.root]) == 0
    done = {table.table: table.rows for table in export(kept.root, SPECS, tmp_path / "out")}
    assert done == {"alerts": 3, "alert_actions": 3, "alert_deliveries": 6}
    assert main(["tables", "vacuum", "--tables", kept.root]) == 0
    assert kept.deliver().sent == 0


def test_they_are_read_as_of_an_instant(kept: Desk) -> None:
    first = kept.now - timedelta(hours=3)
    with connect(kept.root, first + timedelta(minutes=1)) as connection:
        assert connection.execute("SELECT kind FROM alerts").fetchall() == [("opened",)]
        assert connection.execute("SELECT status, alerts FROM episodes").fetchall() == [("firing", 1)]


def test_an_erased_persons_words_are_in_no_alert_any_more(kept: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "a key for tests, long enough to be accepted")
    (alert,) = with_words(kept.root, [stored_alerts(kept.root)[0]])
    assert "bookmarks are gone" in alert_text(alert)
    erased = str(alert.quotes[0].event_id)
    assert main(["tables", "erase", "--tables", kept.root, "--event", erased]) == 0
    (alert,) = with_words(kept.root, [stored_alerts(kept.root)[0]])
    assert "bookmarks are gone" not in alert_text(alert)
    assert "Sync says it is connected" in alert_text(alert)
    files = b"".join(path.read_bytes() for path in Path(kept.root).rglob("*.parquet"))
    assert b"bookmarks are gone" not in files
    assert b"bookmarks are gone" not in (kept.folder / "a.jsonl").read_bytes()


def test_alerts_are_kept_without_a_table_of_feedback(tmp_path: Path) -> None:
    record_alerts(str(tmp_path), [sample()], now=sample().told_of)
    (alert,) = with_words(str(tmp_path), stored_alerts(str(tmp_path)))
    assert [quote.text for quote in alert.quotes] == [None] * 4
