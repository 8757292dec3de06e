"""Opening: the stored tables and the views in a fresh connection, as the statements of `definitions` make them.

DuckDB reads a view's SQL and works it out down to its columns when the view is made: 0.4 s of processor time for all of
them, whatever the snapshot. A process that opens tables again therefore makes them once over nothing, keeps what DuckDB
stores of them, and gives each further connection a copy: a quarter of the time.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from pipelines.definitions import Origin, contents, origin, settings_of_nothing, views, what_views_read
from pipelines.quoting import literal
from pipelines.rollup.stored import Rollups, stored_rollups
from pipelines.snapshot import Snapshot
from transforms.engine import open_engine

_FILE: Final = "views.duckdb"

_BLOCK: Final = 16_384
"""Bytes of a block of the file: the fewest DuckDB allows, since most hold little."""

_opened: Final[set[Origin]] = set()
"""What this process has opened before. Keeping views would not pay for one that opens tables once, as most commands."""


def open_views(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, rollups: Rollups | None = None) -> None:
    """Make the stored tables and the views of `snapshot` in a fresh connection.

    Without `rollups` those are looked for that belong to the snapshot. Raises `duckdb.Error` where a file cannot be
    read.
    """
    rollups = stored_rollups(snapshot) if rollups is None else rollups
    rows_from = origin(snapshot, rollups)
    copied = rows_from in _opened and _copied(connection, rows_from)
    _opened.add(rows_from)
    for statement in what_views_read(snapshot, rollups):
        connection.execute(statement)
    if not copied:
        for statement in views(rows_from):
            connection.execute(statement)
    for statement in contents(snapshot, rollups):
        connection.execute(statement)


def _copied(connection: duckdb.DuckDBPyConnection, rows_from: Origin) -> bool:
    """Copy the views into a connection; False where the temporary directory cannot be written."""
    try:
        made = _made(rows_from)
        with tempfile.TemporaryDirectory(prefix="tribometer-") as folder:
            file = Path(folder) / _FILE
            file.write_bytes(made)
            connection.execute(
                f"ATTACH {literal(str(file))} AS made (READ_ONLY); COPY FROM DATABASE made TO memory; DETACH made"
            )
    except (OSError, duckdb.IOException):
        return False
    return True


@cache
def _made(rows_from: Origin) -> bytes:
    """A DuckDB file of the views over nothing."""
    with tempfile.TemporaryDirectory(prefix="tribometer-") as folder, open_engine() as connection:
        for statement in (*settings_of_nothing(rows_from), *views(rows_from)):
            connection.execute(statement)
        file = Path(folder) / _FILE
        connection.execute(
            f"ATTACH {literal(str(file))} AS made (BLOCK_SIZE {_BLOCK});"
            "COPY FROM DATABASE memory TO made;"
            "DETACH made"
        )
        return file.read_bytes()
