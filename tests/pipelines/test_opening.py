"""Opening: copied views are those that their statements make."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import opening
from pipelines.connect import connect
from pipelines.definitions import origin
from pipelines.rollup.refresh import refresh
from pipelines.rollup.stored import stored_rollups
from pipelines.snapshot import open_snapshot
from schemas import tables
from tests.pipelines.feedback_table import event, launch, mention, store, store_small

_CATALOG = {
    "databases": "SELECT database_name, internal FROM duckdb_databases()",
    "schemas": "SELECT database_name, schema_name FROM duckdb_schemas()",
    "tables": "SELECT schema_name, table_name, sql FROM duckdb_tables()",
    "views": "SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal",
    "columns": (
        "SELECT schema_name, table_name, column_index, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
    ),
    "functions": (
        "SELECT schema_name, function_name, parameters, macro_definition FROM duckdb_functions() WHERE NOT internal"
    ),
}

_EXCLUDED = re.compile(r"EXCLUDE \(([^()]*)\)")


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By where the rolled-up views have their rows from, tables of which that is so."""
    found = {}
    for rows_from in ("computed", "stored", "both"):
        root = str(tmp_path_factory.mktemp(rows_from))
        store(root, [event("ann", "2024-03-04", mention("billing", 0.9))])
        store_small(root, tables.LAUNCHES, [launch("l1", "app", "2024-03-04")])
        if rows_from != "computed":
            refresh(root)
        if rows_from == "both":
            store(root, [event("bob", "2024-03-05", mention("login", 0.7))], "batch-2")
        snapshot = open_snapshot(root)
        assert origin(snapshot, stored_rollups(snapshot)) == rows_from
        found[rows_from] = root
    return found


def _catalog(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    found = {what: connection.execute(f"{query} ORDER BY ALL").fetchall() for what, query in _CATALOG.items()}
    found["views"] = [(*names, _EXCLUDED.sub(_sorted, sql)) for *names, sql in found["views"]]
    return found


def _sorted(excluded: re.Match[str]) -> str:
    """EXCLUDE is a set to DuckDB, which writes it in any order."""
    return f"EXCLUDE ({', '.join(sorted(excluded[1].split(', ')))})"


@pytest.mark.parametrize("rows_from", ["computed", "stored", "both"])
def test_a_copy_has_all_that_the_statements_make(
    roots: dict[str, str], rows_from: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_opened", set())
    with connect(roots[rows_from]) as first, connect(roots[rows_from]) as second:
        assert _catalog(first) == _catalog(second)
        for view in ("friction_daily", "mentions", "launches", "segments()"):
            query = f"FROM {view} ORDER BY ALL"
            assert first.execute(query).fetchall() == second.execute(query).fetchall()
        assert second.execute("FROM friction_daily").fetchall()


def test_copies_leave_no_file(roots: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        with connect(roots["computed"]):
            assert not list(tmp_path.iterdir())


def test_tables_open_where_nothing_can_be_written(
    roots: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(roots["computed"]) as usual:
        expected = _catalog(usual)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    for _ in range(2):
        with connect(roots["computed"]) as connection:
            assert _catalog(connection) == expected
