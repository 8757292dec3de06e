"""The version an event is about, where it does not say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pipelines.connect import connect
from schemas import tables
from tests.pipelines.feedback_table import event, instant, launch, mention, store, store_small

M = mention("account", 0.9)


def test_is_the_last_release_before_it_and_says_so(tmp_path: Path) -> None:
    root = str(tmp_path)
    store_small(
        root,
        tables.LAUNCHES,
        [
            launch("1", "app", "2024-03-01", version="1.0"),
            launch("2", "app", "2024-03-05", version="2.1"),
            launch("f", "app", "2024-03-08", version="2.1.1", kind="fix"),
            launch("c", "app", "2024-03-10", version="9.9", kind="campaign"),
            launch("g", "app", "2024-03-09", version="8.8", deleted=True),
            launch("o", "other", "2024-03-02", version="7.7"),
        ],
    )
    store(
        root,
        [
            event("before any", "2024-02-28", M),
            event("first", "2024-03-04", M),
            event("an hour before", "2024-03-05", M, occurred_at=instant("2024-03-05", 11)),
            event("an hour after", "2024-03-05", M, occurred_at=instant("2024-03-05", 13)),
            event("the moment itself", "2024-03-05", M, occurred_at=instant("2024-03-05", 12)),
            event("years later", "2025-03-05", M),
            event("told", "2024-03-06", M, version="1.0.0", version_source="given"),
            event("no product", "2024-03-06", M, product=None),
        ],
    )
    with connect(root) as db:
        found = {
            row[0]: row[1:]
            for row in db.execute("SELECT native_id, version, version_source FROM events").fetchall()
        }
        assert db.execute("SELECT count(*) FROM friction_daily WHERE version = '2.1'").fetchall() == [(1,)]
    assert found == {
        "before any": (None, None),
        "first": ("1.0", "inferred"),
        "an hour before": ("1.0", "inferred"),
        "an hour after": ("2.1", "inferred"),
        "the moment itself": ("2.1", "inferred"),
        "years later": ("2.1.1", "inferred"),
        "told": ("1.0", "given"),
        "no product": (None, None),
    }


def test_two_spellings_of_a_version_are_one(tmp_path: Path) -> None:
    root = str(tmp_path)
    store_small(root, tables.LAUNCHES, [launch("1", "app", "2024-03-01", version="89")])
    versions = ("89", "89.0", "89.0.0", "89.0.1", "10.0.10", "4.2.0", "20240131", "beta", "2.0")
    store(root, [event(version, "2024-03-04", M, version=version, version_source="given") for version in versions])
    with connect(root) as db:
        query = "SELECT native_id, events.version FROM events JOIN launches USING (product, version) ORDER BY 1"
        assert db.execute(query).fetchall() == [("89", "89.0"), ("89.0", "89.0"), ("89.0.0", "89.0")]
        spellings = [row[0] for row in db.execute("SELECT DISTINCT version FROM events ORDER BY 1").fetchall()]
        assert spellings == ["10.0.10", "2.0", "20240131", "4.2", "89.0", "89.0.1", "beta"]


def test_an_edit_of_the_ledger_changes_what_is_inferred(tmp_path: Path) -> None:
    root = str(tmp_path)
    store(root, [event("1", "2024-03-04", M)])
    first = launch("1", "app", "2024-03-01", version="1.5")
    store_small(root, tables.LAUNCHES, [first])
    later = {
        **first,
        "launched_at": instant("2024-03-10"),
        "recorded_at": first["recorded_at"] + timedelta(days=1),
    }
    store_small(root, tables.LAUNCHES, [later], "edit")
    with connect(root) as db:
        assert db.execute("SELECT version FROM events").fetchall() == [(None,)]
    with connect(root, first["recorded_at"]) as db:
        assert db.execute("SELECT version FROM events").fetchall() == [("1.5",)]
