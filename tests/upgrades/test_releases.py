"""Tables that a release left behind are read, appended to and kept by this program."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from models import SHIPPED
from pipelines.alerts.ledger import stored_alerts
from pipelines.cli import main
from pipelines.connect import connect, connect_stored
from pipelines.dead_letters import DEADLY, stored_letters
from pipelines.rollup.stored import stored_rollups
from pipelines.snapshot import open_snapshot
from pipelines.tables.stored_rows import read_columns
from pipelines.tables.verify import verify
from schemas.arrow import SCHEMA_VERSION
from schemas.tables import RAW, TABLES
from schemas.views import FUNCTIONS, load_views
from schemas.violations import ViolationKind
from tests.docs.conftest import run_line
from tests.docs.pages import DOCS, blocks
from tests.pipelines.events import line
from tests.upgrades.make import ABOUT, ERASED, RELEASES, unpack
from transforms.delta import active_files, live_files, open_table

MOST_BYTES = 250_000
"""Of an archive: they stay in the repository for good."""


def ask(tables: Path, query: str) -> list[tuple[Any, ...]]:
    with connect_stored(str(tables)) as connection:
        return connection.execute(query).fetchall()


def rows(tables: Path, name: str) -> list[str]:
    """Every row of a stored table, in one order whoever wrote the files."""
    return sorted(map(repr, ask(tables, f"SELECT * FROM tables.{name}")))


def events(tables: Path) -> list[str]:
    with connect(str(tables)) as connection:
        return sorted(map(repr, connection.execute("SELECT event_id, text, sentiment FROM events").fetchall()))


def payloads(tables: Path) -> list[bytes]:
    """The message that every stored row of feedback came from."""
    files = active_files(open_table(str(tables), RAW))  # type: ignore[arg-type]
    return [one for path in files for one in read_columns(Path(path), RAW, ["payload"])["payload"].to_pylist()]


def findings(tables: Path) -> list[str]:
    found = [finding for spec in TABLES.values() for finding in verify(str(tables), spec).findings]
    return [f"{finding.table}: {finding.problem}" for finding in found if not finding.harmless]


def run(capsys: pytest.CaptureFixture[str], *words: str, tables: Path) -> str:
    capsys.readouterr()
    assert main([*words, "--tables", str(tables)]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_this_release_has_left_all_that_it_writes(tmp_path: Path) -> None:
    """Whoever adds a table or a kind of dead letter writes the archive again: `python -m tests.upgrades.make`."""
    archive = RELEASES / f"{version('tribometer')}.tar.xz"
    assert archive.stat().st_size < MOST_BYTES
    about = unpack(archive, tmp_path)
    assert about == {"tribometer": version("tribometer"), "schema_version": SCHEMA_VERSION}
    tables = tmp_path / "tables"
    written = {
        name: sum(file.rows for file in live_files(table))
        for name, spec in TABLES.items()
        if (table := open_table(str(tables), spec)) is not None
    }
    assert {name for name, count in written.items() if count} == set(TABLES)
    assert {letter["violation"] for letter in stored_letters(str(tables))} == {
        kind.value for kind in ViolationKind
    }
    assert stored_rollups(open_snapshot(str(tables))).days
    assert {alert.kind.value for alert in stored_alerts(str(tables))} >= {"opened", "resolved"}


def test_every_view_answers_and_nothing_is_damaged(release: Path) -> None:
    tables = release / "tables"
    silent = set()
    with connect(str(tables)) as connection, connect(str(tables), rolled_up=False) as plain:
        for view in load_views():
            if view.name != FUNCTIONS:
                found = connection.execute(f"SELECT * FROM {view.relation}").fetchall()
                silent |= set() if found else {view.name}
        for rolled_up in ("friction_daily", "mentions"):
            query = f"SELECT * FROM {rolled_up} ORDER BY ALL"
            assert connection.execute(query).fetchall() == plain.execute(query).fetchall()
        assert connection.execute("SELECT DISTINCT tribometer_version FROM tables.runs").fetchall() == [
            (json.loads((release / ABOUT).read_text())["tribometer"],)
        ]
    assert silent <= {
        *("catalytic_customers", "journeys", "launch_comparison", "product_gaps", "source_gaps", "split_events")
    }
    assert findings(tables) == []


def test_the_steps_of_the_page_lose_and_double_nothing(release: Path, tmp_path: Path) -> None:
    """A real listener is given all that the release stored, an erased author's words and three new events."""
    shutil.copytree(release / "tables", tmp_path / "tables")
    before = events(tmp_path / "tables")
    told = [alert.alert_id for alert in stored_alerts(str(tmp_path / "tables"))]
    forgotten = line(7, id="forgotten", author={"id": ERASED})
    messages = [*payloads(tmp_path / "tables"), forgotten, line(1), line(2), line(3)]
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "all.jsonl").write_bytes(b"\n".join(messages))

    upgrade, back = [block for _, block in blocks(DOCS / "operations.md", "sh") if "tables-before" in block]
    said = "".join(run_line(tmp_path, command) for command in upgrade.splitlines())
    upgraded = events(tmp_path / "tables")
    assert f"{len(before) + 3}\n" in said
    assert set(before) < set(upgraded)
    assert len(upgraded) == len(before) + 3
    assert ask(tmp_path / "tables", "SELECT count(*), count(DISTINCT event_id) FROM tables.feedback") == [
        (len(messages) - 1,) * 2
    ]
    assert sum(ask(tmp_path / "tables", "SELECT suppressed FROM tables.runs ORDER BY finished_at")[-1]) == 1
    assert set(told) <= {alert.alert_id for alert in stored_alerts(str(tmp_path / "tables"))}
    assert findings(tmp_path / "tables") == []

    for command in back.splitlines():
        run_line(tmp_path, command)
    assert [re.sub(r" [-\d.]+\)$", "", row) for row in events(tmp_path / "tables")] == [
        re.sub(r" [-\d.]+\)$", "", row) for row in upgraded
    ]


def test_upkeep_keeps_the_rows(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: rows(tables, name) for name in ("feedback", "scores", "launches", "runs", "alerts")}
    assert "files became" in run(capsys, "tables", "compact", "--min-files", "2", tables=tables)
    run(capsys, "tables", "rollup", tables=tables)
    run(capsys, "tables", "vacuum", "--retention", "0h", "--force", tables=tables)
    assert {name: rows(tables, name) for name in before} == before
    assert findings(tables) == []

    keep = (datetime.now(UTC) - datetime(2024, 3, 10, tzinfo=UTC)).days
    run(capsys, "tables", "retention", "--feedback", f"{keep}d", tables=tables)
    days = [row[0] for row in ask(tables, "SELECT DISTINCT day FROM tables.feedback ORDER BY day")]
    assert days[0] == "2024-03-10"
    kept = [row for row in before["feedback"] if "'2024-03-0" not in row.rsplit(",", 1)[-1]]
    assert rows(tables, "feedback") == kept
    assert {row[0] for row in ask(tables, "SELECT DISTINCT day FROM tables.scores")} == set(days)
    assert findings(tables) == []


def test_people_are_erased(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (count,) = ask(tables, "SELECT count(*) FROM tables.feedback")[0]
    said = run(capsys, "tables", "erase", "--author", "author 1", "--source", "feedback_event", tables=tables)
    assert "erased 3 rows of feedback, 3 of raw" in said
    assert ask(tables, "SELECT count(*) FROM tables.feedback") == [(count - 3,)]
    assert not [one for one in payloads(tables) if json.loads(one).get("author", {}).get("id") == "author 1"]
    assert len(ask(tables, "SELECT * FROM tables.erasures")) == 2
    assert findings(tables) == []


def test_another_model_scores_what_is_there(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = shutil.copytree(SHIPPED, tmp_path / "model")
    meta = json.loads((model / "meta.json").read_text())
    (model / "meta.json").write_text(json.dumps({**meta, "version": "10.0.0+next"}))
    before = rows(tables, "feedback")
    run(capsys, "rescore", "--model", str(model), "--switch", tables=tables)
    assert rows(tables, "feedback") == before
    with connect(str(tables)) as connection:
        shown = connection.execute("SELECT model_version, count(*) FROM events GROUP BY ALL").fetchall()
    assert [name.split("-")[1].split("+")[0] for name, _ in shown if name is not None] == ["10.0.0"]
    assert findings(tables) == []


def test_dead_letters_are_tried_again(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {letter["dead_letter_id"]: letter for letter in stored_letters(str(tables))}
    of_source = [one for one in before.values() if one["source"] == "feedback_event"]
    deadly = [one for one in of_source if one["violation"] in DEADLY]
    said = run(capsys, "dead-letters", "replay", "--source", "feedback_event", tables=tables)
    assert f"{len(of_source) - len(deadly)} dead letters = 0 accepted" in said
    after = {letter["dead_letter_id"]: letter for letter in stored_letters(str(tables))}
    assert {name: letter["payload"] for name, letter in after.items()} == {
        name: letter["payload"] for name, letter in before.items()
    }
    assert {one["attempts"] for one in after.values() if one["source"] != "feedback_event"} == {1}
    assert {one["attempts"] for one in after.values() if one in of_source and one not in deadly} <= {2}
    said = run(
        capsys, "dead-letters", "replay", "--source", "feedback_event", "--violation", "defect", tables=tables
    )
    assert "1 dead letters = 1 accepted" in said
    assert len(stored_letters(str(tables))) == len(before) - 1
    assert findings(tables) == []


def test_a_watch_goes_on_and_tells_nothing_twice(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A release may judge the past otherwise. What was told stays, an episode it does not see is ended, all once."""
    told = {alert.alert_id: alert for alert in stored_alerts(str(tables))}
    after: list[list[str]] = []
    for _ in range(2):
        assert main(["watch", "--once", "--tell-within", "9000d", "--tables", str(tables)]) == 0
        after.append([alert.alert_id for alert in stored_alerts(str(tables))])
    assert "hours judged" in capsys.readouterr().err
    assert after[0] == after[1]
    assert len(set(after[0])) == len(after[0])
    stored = {alert.alert_id: alert for alert in stored_alerts(str(tables))}
    assert {name: stored[name] for name in told} == told
    with connect(str(tables)) as connection:
        assert connection.execute("FROM episodes SELECT count(*) WHERE status = 'firing'").fetchall() == [(0,)]
