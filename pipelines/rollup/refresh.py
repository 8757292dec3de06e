"""Refresh: compute and store the rollups that the newest snapshot lacks, and delete those of older ones."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.connect import bound_memory, unreadable
from pipelines.definitions import definitions
from pipelines.rollup.fingerprint import fingerprints
from pipelines.rollup.stored import NOTHING, place_of, stored_rollups, sweep
from pipelines.snapshot import Snapshot, day_of, open_snapshot
from schemas.errors import StaleSnapshotError
from schemas.tables import FEEDBACK, SCORES
from schemas.views import ROLLED_UP
from transforms.delta import fsync
from transforms.parquet import UNFINISHED

_CHUNK_BYTES: Final = 64 << 20
_CHUNK_DAYS: Final = 128
"""Days are computed in chunks: opening tables for each would take longer than computing them."""

_ROW_GROUP_ROWS: Final = 8192
"""Small, so that a query for one product and touchpoint of a day skips the rest: rows are sorted by them."""

_WRITERS: Final = 8
"""Files are forced to disk by so many threads, since waiting for the disk is most of the work."""

OnProgress = Callable[[int, int], None]
"""Told of days done and in all."""


@dataclass(frozen=True)
class Refreshed:
    """Days that were computed, days there are, and files of older snapshots that were deleted."""

    computed: int
    days: int
    swept: int


def refresh(root: str, on_progress: OnProgress = lambda done, total: None) -> Refreshed:
    """Bring the rollups below `root` up to the newest snapshot.

    May run beside anything, itself included, and be killed anywhere: a file is there whole or not at all, and what is
    there already is not computed again. Raises what opening a snapshot raises.
    """
    snapshot = open_snapshot(root)
    wanted = fingerprints(snapshot)
    missing = sorted(set(wanted) - stored_rollups(snapshot).days)
    done = 0
    on_progress(0, len(missing))
    for days in _chunks(snapshot, missing):
        _store(snapshot, days, wanted)
        done += len(days)
        on_progress(done, len(missing))
    # After the last write, by the newest snapshot: an erasure that came meanwhile takes what was stored of it along.
    return Refreshed(len(missing), len(wanted), sweep(open_snapshot(root)))


def _chunks(snapshot: Snapshot, days: Sequence[str]) -> Iterator[list[str]]:
    sizes: dict[str, int] = dict.fromkeys(days, 0)
    for path in snapshot.files[FEEDBACK.name]:
        if (day := day_of(path)) in sizes:
            try:
                sizes[day] += Path(path).stat().st_size
            except FileNotFoundError as error:
                raise StaleSnapshotError(f"{path} was deleted meanwhile; run the command again") from error
    chunk: list[str] = []
    for day in days:
        chunk.append(day)
        if len(chunk) == _CHUNK_DAYS or sum(sizes[one] for one in chunk) >= _CHUNK_BYTES:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _store(snapshot: Snapshot, days: Sequence[str], wanted: dict[str, str]) -> None:
    files = {
        spec.name: tuple(path for path in snapshot.files[spec.name] if day_of(path) in days)
        for spec in (FEEDBACK, SCORES)
    }
    part = replace(snapshot, files={**snapshot.files, **files})
    try:
        with duckdb.connect() as connection:
            for statement in definitions(part, NOTHING):
                connection.execute(statement)
            bound_memory(connection)
            latest = _latest(connection)
            connection.execute("CREATE SCHEMA computed")
            for view in ROLLED_UP:
                connection.execute(f"CREATE TABLE computed.{view} AS FROM {view}")
                # What is made of this view reads the rows instead of computing them once more.
                connection.execute(f"CREATE OR REPLACE VIEW {view} AS FROM computed.{view}")
            parts = [
                (place_of(snapshot.root, day, view, wanted[day], latest[day]), rows)
                for view in ROLLED_UP
                for day, rows in _by_day(connection, view, days)
            ]
    except duckdb.Error as error:
        raise unreadable(snapshot.root, error) from error
    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(_write, *zip(*parts, strict=True)))


def _latest(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """By day, when the youngest row was committed."""
    query = """
        SELECT day, epoch_us(max(committed_at))
        FROM (SELECT day, committed_at FROM tables.feedback UNION ALL SELECT day, committed_at FROM tables.scores)
        GROUP BY day
    """
    return {
        day: datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)
        for day, microseconds in connection.execute(query).fetchall()
    }


def _by_day(
    connection: duckdb.DuckDBPyConnection, view: str, days: Sequence[str]
) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each of `days`, maybe none, in the order of product and touchpoint."""
    columns = [row[0] for row in connection.execute(f"DESCRIBE computed.{view}").fetchall()]
    order = ", ".join(["day", *(name for name in ("product", "touchpoint") if name in columns)])
    query = f"SELECT * REPLACE (day::VARCHAR AS day) FROM computed.{view} WHERE day IS NOT NULL ORDER BY {order}"
    rows = connection.from_query(query).to_arrow_table()
    counts = {count["values"]: count["counts"] for count in pc.value_counts(rows.column("day")).to_pylist()}
    rows = rows.drop_columns("day")
    start = 0
    for day in sorted(days):
        yield day, rows.slice(start, counts.get(day, 0))
        start += counts.get(day, 0)


def _write(path: Path, rows: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}{UNFINISHED}")  # two may write the same rollup
    pq.write_table(rows, unfinished, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    try:
        fsync(unfinished)
        unfinished.rename(path)
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{unfinished} was swept away; run the command again") from error
