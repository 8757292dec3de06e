"""What of a table's log is missing or damaged, and whether that matters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.tables.disk import stored_files
from pipelines.tables.finding import Finding
from schemas.tables import TableSpec
from transforms.delta import (
    LOG_FOLDER,
    table_path,
)
from transforms.delta_log import LogEntryError, checkpoint_paths, entry_paths, read_entry


def check_log(root: str, spec: TableSpec) -> Iterator[Finding]:
    """Entries from the newest checkpoint on, all there and readable; checkpoints; the pointer to the newest."""
    folder = table_path(root, spec)
    paths = entry_paths(root, spec)
    checkpoints = checkpoint_paths(root, spec)
    for version, path in checkpoints.items():
        try:
            pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            yield Finding(
                spec.name,
                f"{LOG_FOLDER}/{path.name}",
                f"checkpoint {version} does not parse ({str(error).strip().splitlines()[0]})",
                f"delete it and {LOG_FOLDER}/_last_checkpoint; the entries say the same"
                if 0 in paths
                else "restore it from a backup",
            )
    yield from _check_pointer(spec, folder / LOG_FOLDER / "_last_checkpoint", checkpoints)
    if not paths and not checkpoints:
        files = sum(1 for _ in stored_files(root, spec))
        yield Finding(
            spec.name,
            LOG_FOLDER,
            f"the log is empty, {files:,} data files are there",
            "restore the folder from a backup; without the log nothing says which files count, and a new table is "
            "made by moving this folder away and replaying",
        )
        return
    versions = sorted(paths)
    newest = max([*versions, *checkpoints])
    first = min(versions, default=newest)
    needed_from = max(checkpoints, default=-1) + 1
    for version in range(min(first, needed_from), newest + 1):
        if version not in paths and version not in checkpoints:
            needed = version >= needed_from
            yield Finding(
                spec.name,
                f"{LOG_FOLDER}/{version:020}.json",
                f"log entry {version} is missing",
                "restore it from a backup; entries after it cannot be trusted without it"
                if needed
                else "nothing to do: a later checkpoint holds what it said",
                harmless=not needed,
            )
    for version, path in paths.items():
        try:
            read_entry(version, path)
        except LogEntryError as error:
            yield Finding(spec.name, f"{LOG_FOLDER}/{path.name}", str(error), _way_out(version, newest, path))


def _check_pointer(spec: TableSpec, pointer: Path, checkpoints: dict[int, Path]) -> Iterator[Finding]:
    if not pointer.exists():
        return
    try:
        there = json.loads(pointer.read_bytes())["version"] in checkpoints
    except (ValueError, KeyError, TypeError):
        there = False
    if not there:
        yield Finding(
            spec.name,
            f"{LOG_FOLDER}/{pointer.name}",
            "names no checkpoint that is there",
            "delete it; the entries say the same",
        )


def _way_out(version: int, newest: int, path: Path) -> str:
    if version < newest:
        return "restore it from a backup; what came after it cannot be read without it"
    return (
        f"restore it from a backup, or move {path.name} out of the folder: the table is then what it was before that "
        "commit; replay what came after, or seek the subscription back"
    )
