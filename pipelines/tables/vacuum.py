"""Vacuum: delete files that no reader can need any more.

A file is needed while the newest snapshot names it, and for `retention` after that: by readers that opened an older
snapshot, or by a committer that has written it and not committed yet. Ages are judged by the file system's clock
alone: that of a log entry says when its transaction removed a file, that of a file when it was written. The log's own
`deletionTimestamp` is not asked, because it comes from the clock of whoever removed the file.

A committer that was stopped for longer than the retention could still commit a file that is gone. So a file is put
aside first, then a barrier is committed, which makes every older snapshot fail, and then the newest snapshot is asked
once more: a file that was committed in the meantime is put back, the others are deleted. A committer that comes after
the barrier looks for its files after it has opened its snapshot, and does not find them (`transforms.commit`).
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from pipelines.tables.disk import ASIDE, StoredFile, file_system_now, stored_files
from schemas.errors import TribometerError, UsageError
from schemas.tables import TableSpec
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    fsync,
    live_files,
    make_durable,
    open_table,
    replace_files,
    table_path,
)
from transforms.delta_log import entry_paths, read_entry

RETENTION: Final = timedelta(hours=24)
"""Longer than any query or batch should take."""

LEAST_RETENTION: Final = timedelta(hours=1)
"""No reading query was disturbed at one hour, some were at none."""

_ATTEMPTS: Final = 50


@dataclass(frozen=True)
class Vacuumed:
    """Files of one table that were deleted, or would be.

    `kept` are no part of the newest snapshot, and too young to go; `restored` were committed late.
    """

    table: str
    files: int = 0
    size_bytes: int = 0
    kept: int = 0
    restored: int = 0


def vacuum(root: str, spec: TableSpec, retention: timedelta = RETENTION, *, dry_run: bool = False) -> Vacuumed:
    """Delete what no snapshot of the last `retention` names; `dry_run` only counts it.

    Raises `UsageError` where the log does not reach back that far. Interrupted anywhere, it is finished by the next.
    """
    stored = list(stored_files(root, spec))
    oldest = file_system_now(root) - retention.total_seconds()
    live = _live(root, spec)
    replaced = [file for file in stored if file.is_aside or file.place not in live]
    needed = live | _removed_since(root, spec, oldest)
    old = [f for f in replaced if f.is_aside or (f.place not in needed and f.written_at <= oldest)]
    size_bytes = sum(file.size_bytes for file in old)
    kept = len(replaced) - len(old)
    if dry_run or not old:
        return Vacuumed(spec.name, len(old), size_bytes, kept)
    aside = [_put_aside(root, spec, file) for file in old]
    _bar_older_snapshots(root, spec)
    restored = _delete_or_restore(root, spec, aside)
    return Vacuumed(
        spec.name,
        len(old) - len(restored),
        size_bytes - sum(file.size_bytes for file in restored),
        kept,
        len(restored),
    )


def _removed_since(root: str, spec: TableSpec, oldest: float) -> set[str]:
    """Files that a transaction since `oldest` removed."""
    removed: set[str] = set()
    paths = entry_paths(root, spec)
    reaches_back = 0 in paths
    for version, path in reversed(paths.items()):
        entry = read_entry(version, path)
        if entry.written_at < oldest:
            reaches_back = True
            break
        removed.update(entry.removed)
    if not reaches_back:
        first = next(iter(paths.values()), None)
        since = "is empty" if first is None else f"begins {_hours(first, root):.0f} h ago"
        raise UsageError(
            f"{spec.name}: the log {since}; what was removed before is unknown, give a shorter --retention"
        )
    return removed


def _hours(path: Path, root: str) -> float:
    return (file_system_now(root) - path.stat().st_mtime) / 3600


def _live(root: str, spec: TableSpec) -> set[str]:
    table = open_table(root, spec)
    return set() if table is None else {file.path for file in live_files(table)}


def _put_aside(root: str, spec: TableSpec, file: StoredFile) -> StoredFile:
    if file.is_aside:
        return file
    path = table_path(root, spec) / file.path
    aside = path.with_name(ASIDE + path.name)
    with contextlib.suppress(FileNotFoundError):  # another vacuum was faster
        path.rename(aside)
    return StoredFile(str(aside.relative_to(table_path(root, spec))), file.size_bytes, file.written_at)


def _bar_older_snapshots(root: str, spec: TableSpec) -> None:
    """Commit a transaction that changes nothing, so that who opened a snapshot before must open a newer one."""
    for _ in range(_ATTEMPTS):
        table = open_table(root, spec)
        if table is None:
            return
        try:
            version = replace_files(
                table, spec, [], [], {ACTION_KEY: "vacuum"}, changes_rows=False, bars_appends=True
            )
        except CommitConflictError:
            time.sleep(0.02)
            continue
        make_durable(root, spec, [], version)
        return
    raise TribometerError(
        f"the table {table_path(root, spec)} changed {_ATTEMPTS} times meanwhile; vacuum again later"
    )


def _delete_or_restore(root: str, spec: TableSpec, aside: list[StoredFile]) -> list[StoredFile]:
    folder = table_path(root, spec)
    live = _live(root, spec)
    restored = [file for file in aside if file.place in live]
    for file in aside:
        with contextlib.suppress(FileNotFoundError):
            if file.place in live:
                (folder / file.path).rename(folder / file.place)
            else:
                (folder / file.path).unlink()
    for touched in {(folder / file.path).parent for file in aside}:
        fsync(touched)  # the folder itself stays: somebody may be about to write into it
    return restored
