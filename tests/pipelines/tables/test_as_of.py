"""Reading the past: what was there at an instant, from the newest files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import main
from pipelines.connect import connect
from pipelines.tables.compact import compact
from pipelines.tables.vacuum import vacuum
from schemas import tables
from schemas.tables import FEEDBACK
from tests.pipelines.feedback_table import dead_letter, event, launch, mention, store_small
from transforms.commit import commit
from transforms.write import write

EARLY = datetime(2024, 6, 1, 12, tzinfo=UTC)
LATE = EARLY + timedelta(hours=1)


def store(root: str, rows: Sequence[dict[str, object]], at: datetime) -> None:
    import pyarrow as pa

    schema = pa.schema([f for f in FEEDBACK.table_schema if f.name not in ("committed_at", "batch_id")])
    batch = pa.RecordBatch.from_pylist(list(rows), schema=schema)
    files = write(root, FEEDBACK, [batch], batch_id=at.isoformat(), clock=lambda: at)
    commit(root, FEEDBACK, files, batch_id=at.isoformat())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = str(tmp_path_factory.mktemp("tables"))
    for at, who in ((EARLY, "ann"), (LATE, "bob")):
        store(root, [event(who, "2024-03-01", mention("billing", 0.9), author=who)], at)
        store_small(root, tables.LAUNCHES, [launch("one", "app", "2024-03-01", title=who, recorded_at=at)])
        store_small(root, tables.DEAD_LETTERS, [dead_letter(who, who.encode(), received_at=at)])
    return root


def ask(root: str, query: str, as_of: datetime | None) -> list[tuple[object, ...]]:
    with connect(root, as_of) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("as_of", "authors", "title", "dead"),
    [
        (EARLY - timedelta(microseconds=1), [], None, 0),
        (EARLY, [("ann",)], "ann", 1),
        (LATE - timedelta(microseconds=1), [("ann",)], "ann", 1),
        (LATE, [("ann",), ("bob",)], "bob", 2),
        (None, [("ann",), ("bob",)], "bob", 2),
    ],
)
def test_every_view_shows_what_was_there(
    root: str, as_of: datetime | None, authors: list[tuple[str]], title: str | None, dead: int
) -> None:
    with connect(root, as_of) as connection:
        assert connection.execute("SELECT author FROM events ORDER BY author").fetchall() == authors
        assert connection.execute("SELECT any_value(title) FROM launches").fetchall() == [(title,)]
        assert connection.execute("SELECT count(*) FROM dead_letters").fetchall() == [(dead,)]


def test_compaction_and_vacuum_do_not_shorten_the_past(root: str, tmp_path: Path) -> None:
    root = shutil.copytree(root, str(tmp_path / "tables"))
    compact(root, FEEDBACK, min_files=2)
    assert vacuum(root, FEEDBACK, timedelta(0)).files == 2
    assert ask(root, "SELECT author FROM events", EARLY) == [("ann",)]


def test_silence_is_counted_up_to_then(root: str) -> None:
    query = "SELECT days_silent FROM source_health WHERE source = 'tickets'"
    assert ask(root, query, EARLY) == [(92,)]


def test_every_reading_command_takes_it(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--tables", root, "--as-of", "2024-06-01T14:30:00+02:00"]
    assert main(["sql", "SELECT author FROM events", "--format", "csv", *at]) == 0
    assert capsys.readouterr().out.splitlines() == ["author", "ann"]
    assert main(["launches", "list", "--format", "json", *at]) == 0
    assert [row["title"] for row in json.loads(capsys.readouterr().out)] == ["ann"]
    assert main(["shell-init", *at]) == 0
    with duckdb.connect() as plain:
        plain.execute(capsys.readouterr().out)
        assert plain.execute("SELECT author FROM events").fetchall() == [("ann",)]
    page = tmp_path / "app.html"
    assert main(["report", "app", "--output", str(page), *at]) == 0
    assert "as of 2024-06-01 12:30:00+00:00" in page.read_text()
    capsys.readouterr()
    assert main(["dead-letters", "list", "--rows", "--format", "json", *at]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
    sheet = tmp_path / "sheet.csv"
    assert main(["label", "export", "--out", str(sheet), *at]) == 0
    assert len(sheet.read_text().splitlines()) == 2
    capsys.readouterr()
    assert main(["compare-models", "shown", "shipped", "--format", "json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["sample"]["events_in_all"] == 1


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2024-13-01", "no date or time"),
        ("yesterday", "no date or time"),
        ("2024-06-01T25:00:00", "no date or time"),
        ("2999-01-01", "in the future"),
    ],
)
def test_an_impossible_time_is_an_error(
    root: str, time: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sql", "SELECT 1", "--tables", root, "--as-of", time]) == 2
    assert f"--as-of {time}: " in (error := capsys.readouterr().err)
    assert said in error
