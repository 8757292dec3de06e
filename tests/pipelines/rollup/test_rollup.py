"""Rollups: the same answers with them, without them, and after anything that changes the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.connect import connect, connect_locked, with_fresh_snapshot
from pipelines.query import run_query
from pipelines.rollup import part, tidy
from pipelines.rollup.part import FOLDER, remains, stored_parts
from pipelines.rollup.refresh import refresh
from pipelines.rollup.stored import stored_rollups
from pipelines.rollup.tidy import sweep
from pipelines.snapshot import open_snapshot
from pipelines.tables.compact import compact
from pipelines.tables.retention import retain
from schemas import tables
from schemas.views import ROLLED_UP, load_views
from tests.pipelines.feedback_table import RECEIVED, event, launch, mention, store, store_small

DAYS = ("2024-03-04", "2024-03-05", "2024-03-06")
EVERYTHING = [
    view.relation for view in load_views() if view.name not in {"functions", "feedback", "revisions", "scores"}
]


@pytest.fixture
def root(tmp_path: Path) -> str:
    store(str(tmp_path), [*_said(DAYS), event("old", "1970-01-01", mention("account", 0.9))])
    return str(tmp_path)


def _said(days: tuple[str, ...], prefix: str = "") -> list[dict[str, Any]]:
    return [
        event(
            f"{prefix}{day}/{number}", day, mention("account", 0.3 * number), mention("billing", 0.1),
            author=f"a{number % 3}", rating=0.5, rating_raw=9.0, rating_scale="0-10", survey_kind="nps",
        )
        for day in days
        for number in range(4)
    ]  # fmt: skip


def rows_by(relations: Iterable[str], connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    return {name: connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in relations}


def rolled_up_days(root: str, as_of: datetime | None = None) -> set[str]:
    return set(stored_rollups(open_snapshot(root, as_of)).days)


def assert_same_answers(root: str) -> None:
    with connect(root) as rolled, connect(root, rolled_up=False) as computed:
        assert rows_by(ROLLED_UP, rolled) == rows_by(ROLLED_UP, computed)


def test_every_view_says_the_same(root: str) -> None:
    with connect(root) as connection:
        before = rows_by(EVERYTHING, connection)
    assert refresh(root).computed == 3
    assert rolled_up_days(root) == set(DAYS)
    with connect(root) as connection:
        assert rows_by(EVERYTHING, connection) == before
        stored = connection.execute("SELECT count(*) FROM rollups.event_touchpoints").fetchall()
        assert stored == [(3 * 4 * 3,)]
    assert before["rollup_daily"]


def test_stored_rows_are_read(root: str) -> None:
    """The views show what the files hold: were they not read, the other tests would prove nothing."""
    refresh(root)
    (path,) = Path(root).glob(f"{FOLDER}/*/rollup_daily_product.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (if(day = '{DAYS[0]}', 77, authors) AS authors) FROM '{path}') "
            f"TO '{path}.new' (FORMAT parquet)"
        )
    Path(f"{path}.new").replace(path)
    with connect(root) as connection:
        found = connection.execute(
            "SELECT day::VARCHAR, max(authors) FROM friction_daily_product GROUP BY 1"
        ).fetchall()
    assert dict(found) == {DAYS[0]: 77, DAYS[1]: 3, DAYS[2]: 3}


def test_a_second_time_computes_nothing_and_changes_no_file(root: str) -> None:
    refresh(root)
    before = {path: path.stat().st_mtime_ns for path in Path(root, FOLDER).rglob("*.parquet")}
    done = refresh(root)
    assert (done.computed, done.days, done.swept) == (0, 3, 0)
    assert {path: path.stat().st_mtime_ns for path in Path(root, FOLDER).rglob("*.parquet")} == before
    assert len(before) == len(ROLLED_UP)


def _late_event(root: str) -> None:
    store(root, [event("late", DAYS[1], mention("delivery", 0.9), author="zoe")], "late")


def _edit(root: str) -> None:
    store(root, [event(f"{DAYS[1]}/3", DAYS[1], mention("account", 0.1), author="a0", revision=2)], "edit")


def _deletion(root: str) -> None:
    store(root, [event(f"{DAYS[1]}/3", DAYS[1], author="a0", revision=2, deleted=True, text="")], "deletion")


def _compaction(root: str) -> None:
    store(root, _said((DAYS[1],), "more "), "more")
    assert compact(root, tables.FEEDBACK, min_files=2).files_before


def _launch(root: str) -> None:
    store_small(root, tables.LAUNCHES, [launch("L", "app", DAYS[1], version="9.0")])


def _model(root: str) -> None:
    store_small(root, tables.MODEL_CHOICES, [{"model_version": "another model", "chosen_at": RECEIVED}])


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (_late_event, {DAYS[1]}),
        (_edit, {DAYS[1]}),
        (_deletion, {DAYS[1]}),
        (_compaction, {DAYS[1]}),
        (_launch, {DAYS[1], DAYS[2]}),
        (_model, set(DAYS)),
    ],
    ids=["late event", "edit", "deletion", "compaction", "launch", "model"],
)
def test_what_changes_a_day_makes_it_anew(root: str, change: Callable[[str], None], stale: set[str]) -> None:
    refresh(root)
    change(root)
    assert rolled_up_days(root) == set(DAYS) - stale
    assert_same_answers(root)
    done = refresh(root)
    assert (done.computed, done.swept) == (len(stale), len(stale))
    assert rolled_up_days(root) == set(DAYS)
    assert_same_answers(root)


def test_an_older_instant_is_shown_as_it_was(root: str) -> None:
    with connect(root) as connection:
        before = rows_by(["friction_daily"], connection)["friction_daily"]
    later = RECEIVED + timedelta(days=1)
    store(root, [{**event("late", DAYS[1], mention("delivery", 0.9)), "received_at": later}], "late", at=later)
    refresh(root)
    as_of = RECEIVED + timedelta(hours=1)
    assert rolled_up_days(root, as_of) == {
        DAYS[0],
        DAYS[2],
    }  # what was stored of the other day holds the late event
    with connect(root, as_of) as connection:
        assert rows_by(["friction_daily"], connection)["friction_daily"] == before
    assert rolled_up_days(root, later) == set(DAYS)
    with connect(root, later) as connection:
        assert len(rows_by(["friction_daily"], connection)["friction_daily"]) == len(before) + 1


def test_a_locked_connection_reads_them_and_no_other_file(root: str) -> None:
    refresh(root)
    with connect_locked(root) as locked:
        rows = [
            row for piece in run_query(locked, "SELECT count(*) FROM event_touchpoints").pieces for row in piece
        ]
    assert rows == [(3 * 4 * 3 + 2,)]


def test_retention_takes_what_was_stored_along(root: str) -> None:
    refresh(root)
    retain(root, tables.FEEDBACK, datetime(2024, 3, 5, tzinfo=UTC))
    (part,) = stored_parts(Path(root))
    assert part.days.keys() == set(DAYS[1:])
    for view in ROLLED_UP:
        with duckdb.connect() as connection:
            days = connection.execute(f"SELECT DISTINCT day::VARCHAR FROM '{part.file(view)}'").fetchall()
        assert {day for (day,) in days} == (set() if view == "superseded" else set(DAYS[1:])), view


@pytest.mark.parametrize("dying", ["first file", "last file", "naming", "sweeping", "merging"])
def test_killed_anywhere_it_leaves_nothing_wrong(root: str, dying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(root)
    _late_event(root)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    copies = 0
    copy = part._copy

    def dies_at_the_sixth(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
        nonlocal copies
        copies += 1
        if copies == len(ROLLED_UP):
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        copy(connection, query, path)

    name, killer = {
        "first file": ("_copy", dies),
        "last file": ("_copy", dies_at_the_sixth),
        "naming": ("_name", dies),
        "sweeping": ("shutil.rmtree", dies),
        "merging": ("_merge", dies),
    }[dying]
    monkeypatch.setattr(f"pipelines.rollup.{'tidy' if dying == 'merging' else 'part'}.{name}", killer)
    with pytest.raises(KeyboardInterrupt):
        refresh(root)
    monkeypatch.undo()
    assert_same_answers(root)
    assert refresh(root).days == 3
    assert rolled_up_days(root) == set(DAYS)
    assert not list(remains(Path(root)))
    assert_same_answers(root)


class TestMerging:
    DAYS = tuple(f"2024-04-{number:02}" for number in range(1, 5))

    @pytest.fixture(autouse=True)
    def of_three(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tidy, "_FANOUT", 3)

    def grow(self, root: str) -> None:
        for day in self.DAYS:
            store(root, _said((day,)), day)
            refresh(root)

    def test_small_parts_become_one_and_say_the_same(self, root: str) -> None:
        self.grow(root)
        assert rolled_up_days(root) == {*DAYS, *self.DAYS}
        assert len(list(stored_parts(Path(root)))) < 3
        assert_same_answers(root)
        assert refresh(root).computed == 0

    def test_what_is_large_is_left_alone(self, root: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tidy, "_LARGEST", 0)
        self.grow(root)
        assert len(list(stored_parts(Path(root)))) == len(self.DAYS)

    def test_another_that_tidies_at_the_same_time_does_no_harm(
        self, root: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.grow(root)
        _launch(root)
        merged = tidy.write_part

        def write_beside_another(*given: Any) -> Any:
            monkeypatch.setattr(tidy, "write_part", merged)
            sweep(open_snapshot(root))
            return merged(*given)

        monkeypatch.setattr(tidy, "write_part", write_beside_another)
        refresh(root)
        assert rolled_up_days(root) == {*DAYS, *self.DAYS}
        assert_same_answers(root)


def test_two_that_refresh_write_the_same(root: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(with_fresh_snapshot, lambda: refresh(root)) for _ in range(2)]
    assert {one.result().days for one in done} == {3}
    assert len(list(stored_parts(Path(root)))) == 1
    assert_same_answers(root)
