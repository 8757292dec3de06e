"""Compact: the small files of a partition become one, with the same rows.

Files are taken, the smallest first, as long as the largest of them is at most twice the others together. So a row
is rewritten once each time its file grows by half, however often this runs, and a table left alone not at all.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clock import utc_now
from schemas.errors import DamagedFileError, NewerFileError, StaleSnapshotError, TribometerError
from schemas.tables import TableSpec
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
from transforms.write import in_row_order

TARGET_BYTES: Final = 128 << 20
"""Size of a file that is left alone, and that merging aims at: below it opening files costs more than reading them."""

MEMORY_BYTES: Final = 256 << 20
"""Rows merged at a time, as they are in memory; feedback in zstd takes about a quarter of it on disk."""

MIN_FILES: Final = 4
"""Fewer small files of a partition are not worth a rewrite."""

_MERGES_OF_A_TRANSACTION: Final = 100
_ATTEMPTS: Final = 50


@dataclass
class Compacted:
    """What became of one table. `refused` says why a partition was left as it is; `conflicts` counts faster rivals."""

    table: str
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    rows: int = 0
    conflicts: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Merge:
    sources: tuple[LiveFile, ...]
    merged: DataFile


def mergeable(files: Sequence[LiveFile], min_files: int = MIN_FILES) -> list[list[LiveFile]]:
    """The files that compaction would make fewer, by partition, the smallest first."""
    partitions = defaultdict(list)
    for file in files:
        if file.size_bytes < TARGET_BYTES:
            partitions[file.partition].append(file)
    chosen = []
    for small in partitions.values():
        small.sort(key=lambda file: (file.size_bytes, file.path))
        others = list(accumulate((file.size_bytes for file in small), initial=0))
        taken = max(n for n, file in enumerate(small, 1) if n == 1 or file.size_bytes <= 2 * others[n - 1])
        if taken >= max(min_files, 2):
            chosen.append(small[:taken])
    return chosen


def compact(
    root: str,
    spec: TableSpec,
    *,
    min_files: int = MIN_FILES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Compacted:
    """Merge the small files of one table; `progress` is told of files done and in all.

    Rows stay as they are to the bit, and files stay sorted. Runs beside appends, readers and other rewriters: what a
    rival rewrote first is left to the rival. A partition with a damaged file, with columns that only a newer program
    knows, or with an identity twice, is not touched and named in `refused`. Where it is interrupted, files that no log
    names stay until the next vacuum.
    """
    done = Compacted(spec.name)
    table = open_table(root, spec)
    groups = [] if table is None else mergeable(live_files(table), min_files)
    total = sum(map(len, groups))
    seen = 0
    pending: list[_Merge] = []
    for group in groups:
        try:
            for sources, rows in _pieces(root, spec, group):
                pending.append(_Merge(sources, _merge(root, spec, sources, rows)))
        except StaleSnapshotError:
            pass  # a rival has rewritten this partition
        except (DamagedFileError, NewerFileError, _DuplicateError) as error:
            done.refused.append(str(error))
        seen += len(group)
        progress(seen, total)
        if len(pending) >= _MERGES_OF_A_TRANSACTION:
            _put_in_place(root, spec, pending, done)
            pending = []
    if pending:
        _put_in_place(root, spec, pending, done)
    return done


class _DuplicateError(TribometerError):
    """An identity stands in two rows; merging would hide where they came from."""


def _pieces(
    root: str, spec: TableSpec, group: Sequence[LiveFile]
) -> Iterator[tuple[tuple[LiveFile, ...], list[pa.Table]]]:
    """The files of a group with their rows, in pieces that fit in memory and in one file of the target size."""
    sources: list[LiveFile] = []
    rows: list[pa.Table] = []
    for file in group:
        sources.append(file)
        rows.append(read_to_rewrite(root, spec, file))
        full = sum(table.nbytes for table in rows) >= MEMORY_BYTES
        if full or sum(source.size_bytes for source in sources) >= TARGET_BYTES:
            yield tuple(sources), rows
            sources, rows = [], []
    if len(sources) > 1:
        yield tuple(sources), rows


def _merge(root: str, spec: TableSpec, sources: Sequence[LiveFile], pieces: list[pa.Table]) -> DataFile:
    rows = pa.concat_tables(pieces)
    if rows.num_rows != sum(file.rows for file in sources):
        raise TribometerError(
            f"{spec.name}: {rows.num_rows:,} rows read, the log says otherwise; please report this"
        )
    partition = sources[0].partition
    if spec.identity is not None and pc.count_distinct(rows.column(spec.identity)).as_py() != rows.num_rows:
        place = table_path(root, spec) / (f"{spec.partition}={partition}" if partition else "")
        raise _DuplicateError(f"{place}: holds a {spec.identity} twice; `tribometer tables verify` names it")
    merged = write_file(root, spec, in_row_order(rows, spec), partition=partition, written_at=utc_now())
    return replace(merged, ids=())  # millions of them wait for one transaction


def _put_in_place(root: str, spec: TableSpec, merges: Sequence[_Merge], done: Compacted) -> None:
    """Commit those merges whose sources no rival has rewritten; the files of the others are deleted."""
    folder = table_path(root, spec)
    for attempt in range(_ATTEMPTS):
        table = open_table(root, spec)
        live = set() if table is None else {file.path for file in live_files(table)}
        good = [
            merge
            for merge in merges
            if all(file.path in live for file in merge.sources) and (folder / merge.merged.path).exists()
        ]
        for merge in merges:
            if merge not in good:
                (folder / merge.merged.path).unlink(missing_ok=True)
        merges = good
        if not merges:
            return
        removed = [file for merge in merges for file in merge.sources]
        added = [merge.merged for merge in merges]
        rows = sum(file.rows for file in added)
        try:
            version = replace_files(
                table, spec, removed, added, {ACTION_KEY: "compact", "rows": str(rows)}, changes_rows=False
            )
        except CommitConflictError:
            done.conflicts += 1
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
            continue
        make_durable(root, spec, added, version)
        done.files_before += len(removed)
        done.files_after += len(added)
        done.bytes_before += sum(file.size_bytes for file in removed)
        done.bytes_after += sum(file.size_bytes for file in added)
        done.rows += rows
        return
    raise TribometerError(f"the table {folder} was rewritten {_ATTEMPTS} times meanwhile; run compact again later")
