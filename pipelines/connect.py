"""Connect: an in-memory DuckDB that sees one snapshot of the tables through the analyst's views.

Readers never glob: every table is read from the list of files its log names, kept in a variable. The stored
tables are in the schema `tables`; the views of `schemas/views` are in `main`. A table nothing has been committed
to, or that this user may not open, is there with its columns and no rows.
"""

from __future__ import annotations

import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from pipelines.snapshot import READABLE, Snapshot, open_snapshot
from schemas.errors import StaleSnapshotError, TribometerError, UsageError
from schemas.tables import DEAD_LETTERS, TableSpec
from schemas.views import load_views

MEMORY_LIMIT: Final = "2GB"
"""What a query may hold in memory before it spills."""

SPILL_LIMIT: Final = "10GB"
"""What a query may spill to the temporary directory."""


MODEL_VARIABLE: Final = "tribometer_model"
"""The model version whose scores the views show where they exist; null for those stored with each row."""

_CHOSEN_MODEL: Final = "SELECT model_version FROM tables.model_choices ORDER BY chosen_at DESC LIMIT 1"
_OLDER: Final = "_older"
"""End of the name of a variable that holds files which may lack columns."""

_INTERRUPT_SECONDS: Final = 0.1
"""Between two attempts to stop a query whose time is over."""

_PATTERN: Final = frozenset("*?[")

_FILE: Final = re.compile(r"""["'](/[^"']*\.parquet)["']""")

T = TypeVar("T")


def connect(tables: str, as_of: datetime | None = None) -> duckdb.DuckDBPyConnection:
    """An open connection to the newest snapshot below the folder `tables`, in UTC, not locked down.

    With `as_of`, to what was there at that instant. Raises `UsageError` where there are no tables,
    `TribometerError` where one cannot be read.
    """

    def attempt() -> duckdb.DuckDBPyConnection:
        snapshot = open_snapshot(tables, as_of)
        return _connect(snapshot, definitions(snapshot))

    return with_fresh_snapshot(attempt)


def connect_stored(tables: str) -> duckdb.DuckDBPyConnection:
    """As `connect`, without the analyst's views: the schema `tables` alone, in a quarter of the time."""

    def attempt() -> duckdb.DuckDBPyConnection:
        snapshot = open_snapshot(tables)
        return _connect(snapshot, [*_stored_tables(snapshot), *_file_lists(snapshot)])

    return with_fresh_snapshot(attempt)


def connect_locked(
    tables: str, as_of: datetime | None = None, *, memory_limit: str = MEMORY_LIMIT
) -> duckdb.DuckDBPyConnection:
    """A connection that can open the snapshot's files and nothing else.

    See `lock_down` for what is shut. It does not by itself keep a query from writing: give it queries through
    `pipelines.query.run_query`, which refuses all that do more than read.
    """

    def attempt() -> duckdb.DuckDBPyConnection:
        snapshot = open_snapshot(tables, as_of)
        connection = _connect(snapshot, definitions(snapshot))
        try:
            lock_down(connection, snapshot, memory_limit=memory_limit)
        except duckdb.Error as error:
            connection.close()
            raise unreadable(snapshot.root, error) from error
        return connection

    return with_fresh_snapshot(attempt)


def with_fresh_snapshot(attempt: Callable[[], T]) -> T:
    """What `attempt`, which opens a snapshot and reads it, returns; done again when vacuum was faster."""
    try:
        return attempt()
    except StaleSnapshotError:
        return attempt()


def missing_file(error: duckdb.Error) -> str | None:
    """The Parquet file that `error` is about, if there is none of that name any more."""
    gone = [name for name in _FILE.findall(str(error)) if not Path(name).exists()]
    return gone[0] if gone else None


def unreadable(root: Path, error: duckdb.Error) -> TribometerError:
    """DuckDB's error about the tables below `root`, as this program says it."""
    gone = missing_file(error)
    if gone is not None:
        return StaleSnapshotError(f"{gone} was deleted while it was being read; run the command again")
    first_line = str(error).strip().split("\n", 1)[0]
    return TribometerError(
        f"the tables below {root} cannot be read: {first_line}; `tribometer tables verify` names the way out"
    )


def _connect(snapshot: Snapshot, statements: Iterable[str]) -> duckdb.DuckDBPyConnection:
    if _PATTERN & set(str(snapshot.root)):
        raise UsageError(f"{snapshot.root}: DuckDB reads *, ? and [ in a path as a pattern; rename the folder")
    connection = duckdb.connect()
    try:
        connection.execute("SET enable_progress_bar = false")  # it would stand among the rows
        for statement in statements:
            connection.execute(statement)
    except duckdb.Error as error:
        connection.close()
        raise unreadable(snapshot.root, error) from error
    return connection


def definitions(snapshot: Snapshot) -> Iterator[str]:
    """SQL statements that make the stored tables and the views in a fresh DuckDB, in order.

    DuckDB looks at every file whenever a view that reads it is made, so the views are made over one file of each
    table, and the lists come last: at 10,000 files that takes 0.8 instead of 2.5 s of processor time.
    """
    yield from _stored_tables(snapshot)
    if snapshot.as_of is not None:
        yield f"SET VARIABLE tribometer_as_of = {_instant(snapshot.as_of)}"
    # Not the same as none: source_health says null where it cannot know.
    yield f"SET VARIABLE tribometer_dead_letters_closed = {str(DEAD_LETTERS.name in snapshot.closed).lower()}"
    for view in load_views():
        yield view.sql
    yield from _file_lists(snapshot)
    yield f"SET VARIABLE {MODEL_VARIABLE} = ({_CHOSEN_MODEL})"


def _stored_tables(snapshot: Snapshot) -> Iterator[str]:
    yield "SET TimeZone = 'UTC'"
    yield "SET parquet_metadata_cache = true"  # files never change once named by the log
    yield "CREATE SCHEMA IF NOT EXISTS tables"
    for spec in READABLE:
        for variable, files in _lists(spec, snapshot).items():
            yield f"SET VARIABLE {variable} = {_list(files[:1])}"
        yield f"CREATE OR REPLACE VIEW tables.{spec.name} AS {_table_query(spec, snapshot)}"


def _file_lists(snapshot: Snapshot) -> Iterator[str]:
    for spec in READABLE:
        for variable, files in _lists(spec, snapshot).items():
            yield f"SET VARIABLE {variable} = {_list(files)}"


def lock_down(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, *, memory_limit: str) -> None:
    """Shut everything a reader does not need, for good.

    Only the snapshot's own files can be opened: not other files of the tables' folders (uncommitted or erased
    rows), not `raw`, not the dead letters, whose harmless columns are copied into memory first. No extension is
    installed or loaded, and no setting can be changed back.
    """
    connection.execute(
        f"CREATE OR REPLACE TABLE tables.dead_letters_copy AS FROM tables.{DEAD_LETTERS.name};"
        f"CREATE OR REPLACE VIEW tables.{DEAD_LETTERS.name} AS FROM tables.dead_letters_copy;"
        f"SET VARIABLE tribometer_{DEAD_LETTERS.name} = []"
    )
    open_files = [path for spec in READABLE if not spec.restricted for path in snapshot.files[spec.name]]
    bound_memory(connection, memory_limit)
    for statement in (
        "SET python_enable_replacements = false",  # else a table's name may mean a variable of this program
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET allow_community_extensions = false",
        f"SET allowed_paths = [{', '.join(map(_literal, open_files))}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)


def bound_memory(connection: duckdb.DuckDBPyConnection, memory_limit: str = MEMORY_LIMIT) -> None:
    """Hold no more than `memory_limit` in memory; the rest spills below a private name in the temporary directory."""
    spill = Path(tempfile.gettempdir()) / f"tribometer-{uuid.uuid4().hex}"
    for statement in (
        f"SET memory_limit = {_literal(memory_limit)}",
        f"SET temp_directory = {_literal(str(spill))}",
        f"SET max_temp_directory_size = {_literal(SPILL_LIMIT)}",
    ):
        connection.execute(statement)


@contextmanager
def time_limit(connection: duckdb.DuckDBPyConnection, seconds: float | None) -> Iterator[None]:
    """Interrupt what runs on `connection` inside the block after `seconds`; None never does.

    Raises `TribometerError` when the time is over.
    """
    if seconds is None:
        yield
        return
    expired, over = threading.Event(), threading.Event()

    def expire() -> None:
        wait = seconds
        while not over.wait(wait):
            expired.set()
            connection.interrupt()  # again and again: between two statements it interrupts nothing
            wait = _INTERRUPT_SECONDS

    threading.Thread(target=expire, name="time-limit", daemon=True).start()
    try:
        yield
    except duckdb.InterruptException as error:
        if not expired.is_set():
            raise
        raise TribometerError(
            f"the query ran longer than {seconds:g} s; filter on day, or allow more with --timeout"
        ) from error
    finally:
        over.set()


def _table_query(spec: TableSpec, snapshot: Snapshot) -> str:
    names = [name for name in spec.table_schema.names if not (spec.restricted and name == "payload")]
    kinds = _column_types()[spec.name]
    nothing = "SELECT " + ", ".join(f"NULL::{kinds[name]} AS {_quoted(name)}" for name in names) + " WHERE false"
    options = ""
    if spec.partition is not None:
        # Without the type DuckDB would guess a date and fail on the partition of impossible dates.
        options = f", hive_partitioning = true, hive_types = {{{_quoted(spec.partition)}: VARCHAR}}"
    columns = ", ".join(map(_quoted, names))
    parts = []
    for variable in _lists(spec, snapshot):
        rows = f"read_parquet(getvariable('{variable}'){options}"
        if variable.endswith(_OLDER):
            rows = f"({nothing} UNION ALL BY NAME SELECT * FROM {rows}, union_by_name = true))"
        else:
            rows += ")"
        parts.append(f"SELECT {columns} FROM {rows}")
    query = " UNION ALL ".join(parts) or nothing
    if snapshot.as_of is not None:
        query = f"SELECT * FROM ({query}) WHERE {_quoted(spec.recorded)} <= {_instant(snapshot.as_of)}"
    return query


@cache
def _column_types() -> dict[str, dict[str, str]]:
    """DuckDB's name for the type of each column of each table; asked once, because opening a DuckDB takes 45 ms."""
    kinds = {}
    with duckdb.connect() as scratch:
        for spec in READABLE:
            scratch.register("columns_of", spec.table_schema.empty_table())
            described = scratch.execute("DESCRIBE columns_of").fetchall()
            kinds[spec.name] = {str(row[0]): str(row[1]) for row in described}
    return kinds


def _instant(instant: datetime) -> str:
    return f"TIMESTAMPTZ {_literal(instant.isoformat())}"


def _lists(spec: TableSpec, snapshot: Snapshot) -> dict[str, list[str]]:
    """By the name of the variable that holds them: the files with all columns, and those that may lack some.

    DuckDB opens all the latter whenever it reads one of them; apart, a table of 10,000 files is opened for one day
    in a fifth of the time.
    """
    older = set(snapshot.older.get(spec.name, ()))
    whole = [path for path in snapshot.files[spec.name] if path not in older]
    lists = {f"tribometer_{spec.name}": whole, f"tribometer_{spec.name}{_OLDER}": sorted(older)}
    return {variable: files for variable, files in lists.items() if files}


def _list(files: Sequence[str]) -> str:
    return f"[{', '.join(map(_literal, files))}]"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
