"""What is not shown: edits and deletions, also of events whose dates are impossible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.connect import connect
from pipelines.rollup.refresh import refresh
from tests.pipelines.feedback_table import event, mention, store

DAY = "2024-03-04"
IMPOSSIBLE = "1970-01-01"


@pytest.fixture(params=["computed", "rolled up"])
def db(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    root, said = str(tmp_path), mention("account", 0.9)
    rows = [
        event("plain", DAY, said),
        event("edited", DAY, said),
        event("edited", DAY, said, revision=2),
        event("edited", DAY, said, revision=3),
        event("deleted", DAY, said),
        event("deleted", DAY, revision=2, deleted=True, text=""),
        event("back", DAY, revision=1, deleted=True, text=""),
        event("back", DAY, said, revision=2),
        event("undated", IMPOSSIBLE, said),
        event("undated", IMPOSSIBLE, said, revision=2),
    ]
    store(root, rows)
    if request.param == "rolled up":
        refresh(root)
    with connect(root) as connection:
        yield connection


def test_the_latest_revision_is_shown_and_a_deletion_is_not(db: duckdb.DuckDBPyConnection) -> None:
    shown = db.execute("SELECT native_id, revision FROM events ORDER BY native_id").fetchall()
    assert shown == [("back", "2"), ("edited", "3"), ("plain", "1"), ("undated", "2")]
    for condition in (f"day = '{DAY}'", "day IS NULL"):
        of_these = db.execute(f"SELECT count(*) FROM events WHERE {condition}").fetchall()
        assert of_these == [(1 if "NULL" in condition else 3,)]


def test_all_others_are_superseded(db: duckdb.DuckDBPyConnection) -> None:
    found = db.execute(
        """SELECT native_id, revision, deletion, superseded.day IS NULL
        FROM superseded JOIN feedback USING (event_id) ORDER BY ALL"""
    ).fetchall()
    assert found == [
        ("back", "1", True, False),
        ("deleted", "1", False, False),
        ("deleted", "2", True, False),
        ("edited", "1", False, False),
        ("edited", "2", False, False),
        ("undated", "1", False, True),
    ]


def test_a_revision_that_is_stored_twice_is_not_lost(tmp_path: Path) -> None:
    """It must not be; where it is, verify tells, and nobody's words are gone meanwhile."""
    twice = event("plain", DAY, mention("account", 0.9))
    store(str(tmp_path), [twice, twice])
    with connect(str(tmp_path)) as db:
        assert db.execute("SELECT DISTINCT native_id FROM events").fetchall() == [("plain",)]
