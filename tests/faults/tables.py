"""What the tables hold, read whole: every file of the newest snapshots, every column."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb

from schemas.tables import DEAD_LETTERS, FEEDBACK, RAW, RUNS, TableSpec
from tests.faults.invariants import Observed
from transforms.delta import active_files, live_files, open_table

CONTENT: Final = (FEEDBACK, RAW, DEAD_LETTERS)
"""Tables that a second delivery of anything must leave as they are."""


def observe(tables: Path, outstanding: frozenset[bytes] = frozenset()) -> Observed:
    """Everything that is stored."""
    return Observed(
        feedback=_read(tables, FEEDBACK, "event_id, native_id"),
        raw=_read(tables, RAW, "event_id, payload"),
        dead=[payload for (payload,) in _read(tables, DEAD_LETTERS, "payload")],
        outstanding=outstanding,
    )


def stored_rows(tables: Path) -> int:
    """Messages that are in a table, by the logs alone: cheap enough to ask every second."""
    opened = (open_table(str(tables), spec) for spec in (FEEDBACK, DEAD_LETTERS))
    return sum(file.rows for table in opened if table is not None for file in live_files(table))


def contents(tables: Path) -> dict[str, tuple[int, str]]:
    """Rows and a hash over all columns of all rows, of each table of `CONTENT`; the order of rows leaves no trace."""
    whole = "count(*), coalesce(sum(hash(found::VARCHAR))::VARCHAR, '')"
    result: dict[str, tuple[int, str]] = {}
    for spec in CONTENT:
        rows = _read(tables, spec, whole, "found")
        result[spec.name] = rows[0] if rows else (0, "")
    return result


def unbalanced_runs(tables: Path) -> int:
    """Batches of `runs` for which the law of conservation does not hold."""
    law = "count(*) FILTER (messages <> accepted + duplicate + dead + suppressed)"
    rows = _read(tables, RUNS, law)
    return int(rows[0][0]) if rows else 0


def rows_of_batches(tables: Path) -> dict[str, int]:
    """Rows of `feedback` by batch."""
    return dict(_read(tables, FEEDBACK, "batch_id, count(*)", "found GROUP BY batch_id"))


def _read(tables: Path, spec: TableSpec, columns: str, rest: str = "found") -> list[tuple[Any, ...]]:
    table = open_table(str(tables), spec)
    files = [] if table is None else active_files(table)
    if not files:
        return []
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE files = ?", [files])
        return connection.execute(
            "WITH found AS (FROM read_parquet(getvariable('files'), union_by_name = true)) "
            f"SELECT {columns} FROM {rest}"
        ).fetchall()
