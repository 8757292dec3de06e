"""Which identities stand in a table's files: asked before every commit, and therefore remembered.

A file never changes and its name is never given again, so what was read of it once holds for ever. Without this
memory every batch reads every small file since the last compaction again: of one table's 1,500 files that took half
a second of a core, and one file is added by every batch.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.errors import StaleSnapshotError, TribometerError
from transforms.engine import open_engine

_REMEMBERED: Final = 1 << 21
"""Hashes of identities that a process keeps, 8 bytes each: 16 MB."""

_LARGE_BYTES: Final = 16 << 20
"""Size from which a file is read again each time: compaction leaves few such, and reading one is quick by the row."""

Hashes = NDArray[np.uint64]


def known_identities(present: Sequence[str], identity: str, wanted: pa.Table) -> pa.Array:
    """Which of the `wanted` ids (column `id`) stand in the Parquet files `present`, exactly.

    Raises `StaleSnapshotError` where a file is gone and `TribometerError` where one cannot be read.
    """
    memory = _memory(os.getpid())
    with _engine(os.getpid()).cursor() as connection:
        connection.register("wanted", wanted)
        try:
            [hashes] = connection.execute("SELECT hash(id) FROM wanted").fetchnumpy().values()
            suspects = memory.suspects(connection, present, identity, np.sort(hashes))
            if not suspects:
                return pa.array([], pa.string())
            column = _quoted(identity)
            query = f"SELECT DISTINCT {column} FROM read_parquet($files) SEMI JOIN wanted ON {column} = wanted.id"
            found = connection.execute(query, {"files": suspects}).fetchall()
        except duckdb.Error as error:
            gone = [path for path in present if not Path(path).exists()]
            if gone:
                raise StaleSnapshotError(f"{gone[0]} is gone; a newer snapshot does not need it") from error
            raise TribometerError(
                f"{Path(present[0]).parent}: {str(error).strip().splitlines()[0]}; "
                "`tribometer tables verify` names the file and the way out"
            ) from error
    return pa.array([row[0] for row in found], pa.string())


class IdentityMemory:
    """Hashes of the identities in files read before; the files used longest ago are forgotten first.

    Never holds more than `most` hashes. Safe between threads.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._held = 0
        self._files: OrderedDict[str, Hashes] = OrderedDict()
        self._lock = threading.Lock()

    def suspects(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[str], identity: str, wanted: Hashes
    ) -> list[str]:
        """The files that may hold an identity with one of these hashes (ascending): all that do, and large files."""
        with self._lock:
            known = {path: self._files[path] for path in files if path in self._files}
            for path in known:
                self._files.move_to_end(path)
        unread = [path for path in files if path not in known]
        large = [path for path in unread if _bytes(path) >= _LARGE_BYTES]
        read = _read(connection, sorted(set(unread) - set(large)), identity)
        with self._lock:
            self._keep(read, frozenset(files))
        return [*_holding({**known, **read}, wanted), *large]

    def _keep(self, read: dict[str, Hashes], in_use: frozenset[str]) -> None:
        """Remember what was read, as far as there is room once files of other partitions are forgotten."""
        for path, hashes in read.items():
            while self._held + len(hashes) > self._most and self._files:
                oldest = next(iter(self._files))
                if oldest in in_use:
                    return
                self._held -= len(self._files.pop(oldest))
            if self._held + len(hashes) <= self._most and path not in self._files:
                self._files[path] = hashes
                self._held += len(hashes)

    def __len__(self) -> int:
        """Hashes held."""
        return self._held


def _holding(files: dict[str, Hashes], wanted: Hashes) -> list[str]:
    if not files or not len(wanted):
        return []
    paths = list(files)
    hashes = np.concatenate(list(files.values()))
    ends = np.cumsum([len(files[path]) for path in paths])
    at = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
    hits = np.flatnonzero(wanted[at] == hashes)
    return [paths[number] for number in np.unique(np.searchsorted(ends, hits, side="right"))]


def _read(connection: duckdb.DuckDBPyConnection, files: Sequence[str], identity: str) -> dict[str, Hashes]:
    """The hashes of each file, in one query: DuckDB opens many files at once."""
    if not files:
        return {}
    query = (
        f"SELECT filename, list(hash({_quoted(identity)})) AS hashes "
        "FROM read_parquet($files, filename = true) GROUP BY ALL"
    )
    rows = connection.sql(query, params={"files": list(files)}).to_arrow_table()
    lists = rows.column("hashes").combine_chunks()
    hashes, bounds = lists.values.to_numpy(), lists.offsets.to_numpy()
    parts = [hashes[start:end].copy() for start, end in pairwise(bounds)]
    # A file of no rows has no line in the answer.
    nothing: Hashes = np.empty(0, dtype=np.uint64)
    return dict.fromkeys(files, nothing) | dict(zip(rows.column("filename").to_pylist(), parts, strict=True))


def _bytes(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0  # reading it says so


def _quoted(identity: str) -> str:
    return '"' + identity.replace('"', '""') + '"'


@cache
def _memory(process: int) -> IdentityMemory:
    """One a process: a fork must not share its parent's lock."""
    return IdentityMemory()


@cache
def _engine(process: int) -> duckdb.DuckDBPyConnection:
    """A DuckDB kept open, because opening one takes 45 ms: one a process, for a fork must not use its parent's.

    It remembers nothing of the files it has read.
    """
    return open_engine(enable_external_file_cache="false")
