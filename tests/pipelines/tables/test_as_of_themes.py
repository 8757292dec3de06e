"""Themes as they were: an edit, other scores, maintenance and an erasure since, and what each leaves of the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.connect import connect
from pipelines.tables.compact import compact
from pipelines.tables.erase import Eraser
from pipelines.tables.export import export
from pipelines.tables.retention import retain
from pipelines.tables.subjects import Subject, Subjects
from pipelines.tables.vacuum import vacuum
from pipelines.tables.verify import verify
from pipelines.themes.ledger import merge, read_ledger, rename
from pipelines.themes.update import Updater
from schemas.identity import AuthorKeyring
from schemas.tables import FEEDBACK, THEME_DAYS, THEME_MENTIONS, THEMES
from tests.pipelines.feedback_table import instant, store
from tests.pipelines.themes.talk import START, said, talk
from transforms.suppressions import Scope

FIRST = datetime(2024, 7, 1, tzinfo=UTC)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
SHOWN = "SELECT event_id, theme_id, touchpoint FROM theme_mentions ORDER BY ALL"


def update(root: str, at: datetime) -> None:
    Updater(root, lambda: at).run()


def ask(root: str, query: str, as_of: datetime | None = None) -> list[tuple[Any, ...]]:
    with connect(root, as_of) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def root(tmp_path: Path) -> str:
    """At FIRST three themes; at SECOND one of the mentions is about nothing any more, and one is new."""
    root = str(tmp_path / "tables")
    rows = talk()
    store(root, rows, at=FIRST)
    update(root, FIRST)
    edited = {
        **rows[0],
        **{"text": "Never mind", "mentions": [], "event_id": "f" * 32, "revision": "2"},
        "revised_at": rows[0]["revised_at"] + timedelta(days=1),
    }
    late = said(9000, START + timedelta(days=1), "The space bar pauses youtube videos again", "late")
    store(root, [edited, late], "second", at=SECOND)
    update(root, SECOND)
    return root


def test_the_past_is_shown_as_it_was(root: str) -> None:
    assert ask(root, SHOWN, FIRST - timedelta(seconds=1)) == []
    before, now = ask(root, SHOWN, FIRST), ask(root, SHOWN)
    assert (len(before), len(now)) == (36, 36)
    first = talk()[0]["event_id"]
    assert {event for event, *_ in before} - {event for event, *_ in now} == {first}
    assert ask(root, SHOWN, SECOND - timedelta(microseconds=1)) == before
    assert ask(root, SHOWN, SECOND) == now
    assert ask(root, "SELECT authors FROM themes", FIRST) == [(12,), (12,), (12,)]


def test_an_export_of_the_past_knows_nothing_of_what_came_later(root: str, tmp_path: Path) -> None:
    for at, superseded in ((FIRST, []), (SECOND, [SECOND])):
        out = tmp_path / at.strftime("%d")
        export(root, [THEME_MENTIONS], out, as_of=at, one_file=True)
        rows = pq.read_table(out / "theme_mentions" / "part-0.parquet")
        assert rows.num_rows == 36 + len(superseded)
        assert [when for when in rows["superseded_at"].to_pylist() if when is not None] == superseded


def test_an_update_without_news_writes_no_row_again(root: str) -> None:
    stamps = "SELECT theme_mention_id, committed_at, superseded_at FROM tables.theme_mentions ORDER BY ALL"
    before = ask(root, stamps)
    Updater(root, lambda: THIRD).run(again=True)
    assert ask(root, stamps) == before
    assert [at for _, _, at in before if at is not None] == [SECOND]


def test_a_row_that_comes_back_is_another(root: str) -> None:
    """The same instant twice, as of a clock that stands still, must not make one identity twice."""
    row = talk()[0]
    third = {
        **row,
        "event_id": row["event_id"],
        "revision": "1",
        "revised_at": row["revised_at"] + timedelta(days=2),
    }
    store(root, [{**third, "event_id": "e" * 32, "revision": "3"}], "third", at=SECOND)
    update(root, SECOND)
    assert len(ask(root, SHOWN)) == 37
    assert verify(root, THEME_MENTIONS).findings == ()


def test_names_and_merges_are_those_of_then(root: str) -> None:
    theme, other = sorted(read_ledger(root))[:2]
    rename(root, theme, "Space bar", now=THIRD)
    merge(root, theme, other, now=THIRD)
    assert ask(root, "SELECT count(*), count(name) FROM themes", SECOND) == [(3, 0)]
    assert ask(root, "SELECT count(*) FROM themes") == [(2,)]


def test_compaction_and_vacuum_keep_the_past(root: str) -> None:
    before = ask(root, SHOWN, FIRST)
    for spec in (THEMES, THEME_MENTIONS, THEME_DAYS):
        compact(root, spec, min_files=2)
        vacuum(root, spec, timedelta(0))
        assert verify(root, spec).findings == ()
    assert ask(root, SHOWN, FIRST) == before


def test_verify_finds_a_damaged_theme_file(root: str) -> None:
    for spec in (THEMES, THEME_MENTIONS, THEME_DAYS):
        file = next((Path(root) / spec.name).rglob("*.parquet"))
        file.write_bytes(file.read_bytes()[:-8] + b"\0" * 8)
        assert any(
            finding.file is not None and file.name in finding.file.path for finding in verify(root, spec).findings
        )


def test_an_erasure_takes_the_past_too_and_counts_it(root: str) -> None:
    author = "spacebar-0"  # whose mention is superseded
    erased = Eraser(root, Subjects((Subject(Scope.AUTHOR, author),)), lambda: THIRD).erase(
        AuthorKeyring(b"k" * 40)
    )
    assert [None if row is None else row.theme_rows for row in erased.values()] == [1]
    assert ask(root, f"SELECT count(*) FROM tables.theme_mentions WHERE author_key = '{author}'") == [(0,)]
    assert len(ask(root, SHOWN, FIRST)) == 35
    update(root, THIRD)
    assert len(ask(root, SHOWN, FIRST)) == 35


@pytest.mark.parametrize("through_feedback", [False, True])
def test_retention_takes_the_past_too(root: str, through_feedback: bool) -> None:
    cutoff = instant((START + timedelta(days=5)).isoformat(), 0)
    retain(root, FEEDBACK if through_feedback else THEME_MENTIONS, cutoff)
    if through_feedback:
        update(root, THIRD)
    assert ask(root, f"SELECT count(*) FROM tables.theme_mentions WHERE day < '{cutoff.date()}'") == [(0,)]
    assert 0 < len(ask(root, SHOWN, FIRST)) < 36


def test_an_export_has_the_theme_tables(root: str, tmp_path: Path) -> None:
    done = export(root, (THEMES, THEME_MENTIONS, THEME_DAYS), tmp_path / "out", as_of=FIRST)
    rows = {one.table: one.rows for one in done}
    assert (rows["themes"], rows["theme_mentions"]) == (3, 36)
    assert rows["theme_days"] > 0
