"""Refresh: compute and store the rollups that the newest snapshot lacks, and delete those of older ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from pipelines.connect import bound_memory, unreadable
from pipelines.opening import open_views
from pipelines.rollup.fingerprint import fingerprints
from pipelines.rollup.part import Stamp, write_part
from pipelines.rollup.stored import NOTHING, stored_rollups
from pipelines.rollup.tidy import merge, sweep
from pipelines.snapshot import Snapshot, day_of, open_snapshot
from schemas.errors import StaleSnapshotError
from schemas.tables import FEEDBACK, SCORES
from schemas.views import ROLLED_UP
from transforms.engine import open_engine

_CHUNK_BYTES: Final = 64 << 20
_CHUNK_DAYS: Final = 128
"""Days are computed in chunks: opening tables for each would take longer than computing them."""

_LATEST: Final = """
SELECT day, epoch_us(max(committed_at))
FROM (SELECT day, committed_at FROM tables.feedback UNION ALL SELECT day, committed_at FROM tables.scores)
GROUP BY day
"""
"""By day, when the youngest row was committed, in microseconds."""

OnProgress = Callable[[int, int], None]
"""Told of days done and in all."""


@dataclass(frozen=True)
class Refreshed:
    """Days that were computed, days there are, and stored days of older snapshots that were deleted."""

    computed: int
    days: int
    swept: int


def refresh(root: str, on_progress: OnProgress = lambda done, total: None) -> Refreshed:
    """Bring the rollups below `root` up to the newest snapshot.

    May run beside anything, itself included, and be killed anywhere: a part is there whole or not at all, and what is
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
    newest = open_snapshot(root)
    swept = sweep(newest)
    merge(newest)
    return Refreshed(len(missing), len(wanted), swept)


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
        with open_engine() as connection:
            open_views(connection, part, NOTHING)
            bound_memory(connection)
            latest = dict(connection.execute(_LATEST).fetchall())
            connection.execute("CREATE SCHEMA computed")
            for view in ROLLED_UP:
                connection.execute(f"CREATE TABLE computed.{view} AS FROM {view}")
                # What is made of this view reads the rows instead of computing them once more.
                connection.execute(f"CREATE OR REPLACE VIEW {view} AS FROM computed.{view}")
            stamps = {day: Stamp(wanted[day], latest[day]) for day in days}
            write_part(snapshot.root, stamps, lambda view: f"SELECT * FROM computed.{view}", connection)
    except duckdb.Error as error:
        raise unreadable(snapshot.root, error) from error
