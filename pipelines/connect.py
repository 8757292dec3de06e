"""Connect: an in-memory DuckDB that sees one snapshot of the tables through the analyst's views.

Readers never glob: every table is read from the list of files its log names (`pipelines.definitions`). A table nothing
has been committed to, or that this user may not open, is there with its columns and no rows.
"""

from __future__ import annotations

import re
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from pipelines.definitions import file_lists, stored_tables
from pipelines.opening import open_views
from pipelines.quoting import literal
from pipelines.rollup.stored import NOTHING, Rollups, stored_rollups
from pipelines.snapshot import READABLE, Snapshot, open_snapshot
from schemas.errors import StaleSnapshotError, TribometerError, UsageError
from schemas.tables import DEAD_LETTERS
from transforms.engine import open_engine

MEMORY_LIMIT: Final = "2GB"
"""What a query may hold in memory before it spills."""

SPILL_LIMIT: Final = "10GB"
"""What a query may spill to the temporary directory."""


_INTERRUPT_SECONDS: Final = 0.1
"""Between two attempts to stop a query whose time is over."""

_PATTERN: Final = frozenset("*?[")

_FILE: Final = re.compile(r"""["'](/[^"']*\.parquet)["']""")

T = TypeVar("T")


def connect(tables: str, as_of: datetime | None = None, *, rolled_up: bool = True) -> duckdb.DuckDBPyConnection:
    """An open connection to the newest snapshot below the folder `tables`, in UTC, not locked down.

    With `as_of`, to what was there at that instant. Without `rolled_up` every view is computed from the stored
    tables, for whoever replaces them. Raises `UsageError` where there are no tables, `TribometerError` where one
    cannot be read.
    """

    def attempt() -> duckdb.DuckDBPyConnection:
        snapshot = open_snapshot(tables, as_of)
        return _connect(
            snapshot, lambda connection: open_views(connection, snapshot, None if rolled_up else NOTHING)
        )

    return with_fresh_snapshot(attempt)


def connect_stored(tables: str) -> duckdb.DuckDBPyConnection:
    """As `connect`, without the analyst's views: the schema `tables` alone, in a quarter of the time."""

    def attempt() -> duckdb.DuckDBPyConnection:
        snapshot = open_snapshot(tables)

        def fill(connection: duckdb.DuckDBPyConnection) -> None:
            for statement in (*stored_tables(snapshot), *file_lists(snapshot)):
                connection.execute(statement)

        return _connect(snapshot, fill)

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
        rollups = stored_rollups(snapshot)
        connection = _connect(snapshot, lambda connection: open_views(connection, snapshot, rollups))
        try:
            lock_down(connection, snapshot, rollups, memory_limit=memory_limit)
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


def _connect(snapshot: Snapshot, fill: Callable[[duckdb.DuckDBPyConnection], None]) -> duckdb.DuckDBPyConnection:
    if _PATTERN & set(str(snapshot.root)):
        raise UsageError(f"{snapshot.root}: DuckDB reads *, ? and [ in a path as a pattern; rename the folder")
    connection = open_engine()
    try:
        connection.execute("SET enable_progress_bar = false")  # it would stand among the rows
        fill(connection)
    except duckdb.Error as error:
        connection.close()
        raise unreadable(snapshot.root, error) from error
    return connection


def lock_down(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, rollups: Rollups, *, memory_limit: str
) -> None:
    """Shut everything a reader does not need, for good.

    Only the files of the snapshot and its rollups can be opened: not other files of the tables' folders (uncommitted
    or erased rows), not `raw`, not the dead letters, whose harmless columns are copied into memory first. No extension
    is installed or loaded, and no setting can be changed back.
    """
    connection.execute(
        f"CREATE OR REPLACE TABLE tables.dead_letters_copy AS FROM tables.{DEAD_LETTERS.name};"
        f"CREATE OR REPLACE VIEW tables.{DEAD_LETTERS.name} AS FROM tables.dead_letters_copy;"
        f"SET VARIABLE tribometer_{DEAD_LETTERS.name} = []"
    )
    open_files = [path for spec in READABLE if not spec.restricted for path in snapshot.files[spec.name]]
    open_files += rollups.files
    bound_memory(connection, memory_limit)
    for statement in (
        "SET python_enable_replacements = false",  # else a table's name may mean a variable of this program
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET allow_community_extensions = false",
        f"SET allowed_paths = [{', '.join(map(literal, open_files))}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)


def bound_memory(connection: duckdb.DuckDBPyConnection, memory_limit: str = MEMORY_LIMIT) -> None:
    """Hold no more than `memory_limit` in memory; the rest spills below a private name in the temporary directory."""
    spill = Path(tempfile.gettempdir()) / f"tribometer-{uuid.uuid4().hex}"
    for statement in (
        f"SET memory_limit = {literal(memory_limit)}",
        f"SET temp_directory = {literal(str(spill))}",
        f"SET max_temp_directory_size = {literal(SPILL_LIMIT)}",
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
