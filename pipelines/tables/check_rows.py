"""What only all files of a table together show: identities that stand twice, files that no log names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb

from pipelines.tables.disk import file_system_now, stored_files
from pipelines.tables.finding import Finding
from schemas.errors import StaleSnapshotError
from schemas.tables import TableSpec
from transforms.delta import (
    LiveFile,
    live_files,
    open_table,
    table_path,
)
from transforms.delta_log import LogEntryError, entry_paths, read_entry
from transforms.engine import open_engine

_NAMED: Final = 5
"""Identities named for each finding; the count says how many there are."""


def check_identities(root: str, spec: TableSpec, files: Sequence[LiveFile]) -> Iterator[Finding]:
    """Identities in more than one row of `files`, whatever their partitions."""
    if spec.identity is None or not files:
        return
    folder = table_path(root, spec)
    query = f"""
        SELECT "{spec.identity}", count(*), min(filename), max(filename)
        FROM read_parquet($files, filename = true, hive_partitioning = false)
        GROUP BY 1 HAVING count(*) > 1 ORDER BY 1
    """
    with open_engine() as connection:
        try:
            found = connection.execute(query, {"files": [str(folder / file.path) for file in files]}).fetchall()
        except duckdb.IOException as error:
            raise StaleSnapshotError(f"{folder}: {error}") from error
    if found:
        named = ", ".join(identity for identity, *_ in found[:_NAMED])
        first, last = (str(Path(name).relative_to(folder)) for name in found[0][2:])
        yield Finding(
            spec.name,
            first if first == last else f"{first} and {last}",
            f"{len(found):,} identities stand in more than one row: {named}{', …' if len(found) > _NAMED else ''}",
            "please report this; `tribometer tables history` says which commits added the files",
        )


def check_leftovers(root: str, spec: TableSpec) -> Iterator[Finding]:
    """Files that no log entry names: what a killed writer leaves behind, or a commit is about to name."""
    stored = list(stored_files(root, spec))
    known: set[str] = set()
    for version, path in entry_paths(root, spec).items():
        try:
            entry = read_entry(version, path)
        except (LogEntryError, FileNotFoundError):
            return
        known.update(file.path for file in entry.added)
        known.update(entry.removed)
    table = open_table(root, spec)
    known.update(file.path for file in live_files(table) if table is not None)
    left = [file for file in stored if file.path not in known]
    if left:
        hours = (file_system_now(root) - min(file.written_at for file in left)) / 3600
        yield Finding(
            spec.name,
            left[0].path if len(left) == 1 else f"{len(left):,} files",
            f"named by no log entry; {sum(file.size_bytes for file in left):,} bytes, the oldest {hours:.1f} h",
            "harmless: left by a killed process, or just being written; `tribometer tables vacuum` deletes the old",
            harmless=True,
        )
