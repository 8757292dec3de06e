"""The suppressions in force: whose words must not be stored again.

Read before a batch is scored and once more in each commit, so reading costs one directory listing while nothing has
changed, and less where nothing was ever suppressed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.identity import event_key
from schemas.tables import SUPPRESSIONS
from transforms.delta import active_files, open_table, table_path


class Scope(StrEnum):
    """What a suppression is about; the value is stored in `suppressions.scope`."""

    AUTHOR = "author"
    EVENT = "event"
    DEAD_LETTER = "dead_letter"


@dataclass(frozen=True)
class Suppressions:
    """Keys that must not be stored: of authors, of events over all their revisions, of refused messages."""

    authors: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    dead_letters: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.authors or self.events or self.dead_letters)

    def matching(self, rows: pa.RecordBatch | pa.Table) -> pa.Array:
        """Which rows are suppressed, as booleans: events by author_key and source, account, native_id; dead letters by
        author_key, event_key and dead_letter_id."""
        names = rows.schema.names
        masks = []
        if self.authors:
            masks.append(_is_in(rows.column("author_key"), self.authors))
        if self.events and "event_key" in names:
            masks.append(_is_in(rows.column("event_key"), self.events))
        elif self.events:
            columns = (rows.column(name).to_pylist() for name in ("source", "account", "native_id"))
            keys = [None if row[2] is None else event_key(*row) for row in zip(*columns, strict=True)]
            masks.append(_is_in(pa.array(keys, pa.string()), self.events))
        if self.dead_letters and "dead_letter_id" in names:
            masks.append(_is_in(rows.column("dead_letter_id"), self.dead_letters))
        found = pa.repeat(pa.scalar(False), rows.num_rows)
        for mask in masks:
            found = pc.or_(found, mask)
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


SUBJECT_COLUMNS: Final = {
    "feedback": ("author_key", "source", "account", "native_id"),
    "scores": ("author_key", "source", "account", "native_id"),
    "theme_mentions": ("author_key", "source", "account", "native_id"),
    "raw": ("author_key", "source", "account", "native_id"),
    "dead_letters": ("author_key", "event_key", "dead_letter_id"),
}
"""The columns that `Suppressions.matching` reads, of each table that holds what people said."""

NONE: Final = Suppressions()

_ENTRY: Final = re.compile(r"\d{20}\.json")


def read_suppressions(root: str) -> Suppressions:
    """The suppressions committed below `root`; none where nothing was ever erased."""
    log = table_path(root, SUPPRESSIONS) / "_delta_log"
    try:
        newest = max((entry.name for entry in log.iterdir() if _ENTRY.fullmatch(entry.name)), default=None)
    except FileNotFoundError:
        return NONE
    return NONE if newest is None else _read(root, newest, (log / newest).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(root: str, newest: str, written_ns: int) -> Suppressions:
    """The newest state; the log's newest entry tells one from another."""
    table = open_table(root, SUPPRESSIONS)
    files = [] if table is None else active_files(table)
    keys: dict[str, set[str]] = {scope: set() for scope in Scope}
    for file in files:
        rows = pq.read_table(file, partitioning=None, columns=["scope", "key"])
        for scope, key in zip(rows.column("scope").to_pylist(), rows.column("key").to_pylist(), strict=True):
            keys.setdefault(scope, set()).add(key)
    return Suppressions(
        frozenset(keys[Scope.AUTHOR]), frozenset(keys[Scope.EVENT]), frozenset(keys[Scope.DEAD_LETTER])
    )


def _is_in(column: pa.Array, keys: frozenset[str]) -> pa.Array:
    return pc.is_in(column, pa.array(sorted(keys), pa.string()))
