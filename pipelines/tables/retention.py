"""Retention: rows older than an age leave the table.

A row's age is that of the event where the partition tells it (`feedback`, its `scores` and its `theme_mentions`, but
for impossible dates), else the time since the message was received (`raw`, `dead_letters`). Files that are old as a
whole are dropped unread: the partition or the range of times in the file's footer says so. The others are written
again without the old rows.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.clock import utc_now
from pipelines.rollup.tidy import sweep
from pipelines.snapshot import open_snapshot
from schemas.errors import StaleSnapshotError, TribometerError
from schemas.event import INVALID_DAY
from schemas.tables import DEAD_LETTERS, FEEDBACK, RAW, SCORES, THEME_MENTIONS, TableSpec
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    DataFile,
    LiveFile,
    live_files,
    make_durable,
    open_table,
    replace_files,
    table_path,
)
from transforms.parquet import read_to_rewrite, write_file

RETAINED: Final = (FEEDBACK, SCORES, THEME_MENTIONS, RAW, DEAD_LETTERS)
"""Tables whose rows may be dropped by age; the others are small and say what was done. Feedback goes before its scores:
a reader, who opens them the other way round, then never sees an event without the scores it had."""

_RECEIVED: Final = "received_at"
_ATTEMPTS: Final = 50


@dataclass(frozen=True)
class Retained:
    """What left one table: `rows`, and files dropped as a whole or written again."""

    table: str
    rows: int = 0
    dropped_files: int = 0
    rewritten_files: int = 0


def retain(
    root: str,
    spec: TableSpec,
    cutoff: datetime,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Retained:
    """Drop the rows of one table from before `cutoff`, in one transaction; `dry_run` only counts them.

    Files stay on disk until vacuum; rollups of what went are deleted. A replay of the old messages brings the rows
    back.
    """
    for attempt in range(_ATTEMPTS):
        table = open_table(root, spec)
        if table is None:
            return Retained(spec.name)
        removed: list[LiveFile] = []
        added: list[DataFile] = []
        files = live_files(table)
        rows = rewritten = 0
        try:
            for number, file in enumerate(files, 1):
                kept = _kept(root, spec, file, cutoff)
                progress(number, len(files))
                if kept is None:
                    continue
                removed.append(file)
                rows += file.rows - kept.num_rows
                if kept.num_rows:
                    rewritten += 1
                    if not dry_run:
                        added.append(write_file(root, spec, kept, partition=file.partition, written_at=utc_now()))
            done = Retained(spec.name, rows, len(removed) - rewritten, rewritten)
            if dry_run or not removed:
                return done
            about = {ACTION_KEY: "retention", "cutoff": cutoff.isoformat(), "rows": str(-rows)}
            version = replace_files(table, spec, removed, added, about, changes_rows=True)
        except (CommitConflictError, StaleSnapshotError):
            for new in added:
                (table_path(root, spec) / new.path).unlink(missing_ok=True)
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
            continue
        make_durable(root, spec, added, version)
        sweep(open_snapshot(root))
        return done
    raise TribometerError(
        f"the table {table_path(root, spec)} was rewritten {_ATTEMPTS} times meanwhile; run retention again later"
    )


def _kept(root: str, spec: TableSpec, file: LiveFile, cutoff: datetime) -> pa.Table | None:
    """Rows of the file that stay, none where all go; None where the file stays as it is."""
    nothing = spec.schema.empty_table()
    column = _RECEIVED
    if spec.partition == "day" and file.partition not in (None, INVALID_DAY):
        column = "occurred_at"
        day = date.fromisoformat(str(file.partition))
        if day != cutoff.date():
            return nothing if day < cutoff.date() else None
    else:
        oldest, newest = _range(root, spec, file)
        if oldest is not None and newest is not None and (oldest >= cutoff or newest < cutoff):
            return nothing if newest < cutoff else None
    rows = read_to_rewrite(root, spec, file)
    kept = rows.filter(pc.greater_equal(rows.column(column), pa.scalar(cutoff)))
    return None if kept.num_rows == rows.num_rows else kept


def _range(root: str, spec: TableSpec, file: LiveFile) -> tuple[datetime | None, datetime | None]:
    """The oldest and newest `received_at` of a file, as its footer has them."""
    try:
        footer = pq.read_metadata(table_path(root, spec) / file.path)
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{file.path} is gone; a newer snapshot does not need it") from error
    index = footer.schema.names.index(_RECEIVED)
    found = [footer.row_group(group).column(index).statistics for group in range(footer.num_row_groups)]
    if not found or any(statistics is None or not statistics.has_min_max for statistics in found):
        return None, None
    return min(statistics.min for statistics in found), max(statistics.max for statistics in found)


def cutoff_of(age: timedelta, now: datetime) -> datetime:
    """The instant before which rows are older than `age`: a midnight, so that whole days and their files go."""
    return (now - age).replace(hour=0, minute=0, second=0, microsecond=0)
