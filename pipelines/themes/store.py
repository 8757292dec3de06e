"""Store: the theme mentions of some days, where they differ from those stored.

A row that no longer holds is not deleted but superseded: it says until when it was shown, so that the past can be read
(`--as-of`) from the newest files, as everywhere. Rows of a day that feedback has no longer go altogether.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import StaleSnapshotError, TribometerError
from schemas.identity import theme_mention_id
from schemas.tables import THEME_MENTIONS
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    DataFile,
    LiveFile,
    live_files,
    make_durable,
    open_or_create,
    replace_files,
    table_path,
)
from transforms.elements import Clock
from transforms.parquet import read_to_rewrite, write_file
from transforms.suppressions import read_suppressions
from transforms.write import in_row_order

_ATTEMPTS: Final = 50
_OWN: Final = ("theme_mention_id", "committed_at", "batch_id", "superseded_at")
"""Columns that are a stored row's own; the others are what it says."""

Row = Mapping[str, Any]


def store_mentions(
    root: str,
    days: Collection[date],
    rows: Sequence[Row],
    clock: Clock,
    *,
    gone: Collection[date],
    product: str | None,
) -> None:
    """Make `rows` the theme mentions of these days in one transaction, but for rows of erased authors and events.

    `rows` have the columns of `schemas.arrow.THEME_MENTIONS` but for the row's own, and `day`. With a `product` the
    other products' rows stay as they are. Of days in `gone` nothing stays. A row that says what is stored is left as it
    is, so what is stored already is not written again.
    """
    for attempt in range(_ATTEMPTS):
        table = open_or_create(root, THEME_MENTIONS)
        # After the snapshot, not before: an erasure states what it suppresses before its own transaction, which
        # makes a rewrite of an older snapshot fail.
        suppressed = read_suppressions(root)
        content = pa.Table.from_pylist(list(rows), schema=_SAID)
        if suppressed and content.num_rows:
            content = content.filter(pc.invert(suppressed.matching(content)))
        fresh: dict[str, list[Row]] = defaultdict(list)
        for row in content.to_pylist():
            fresh[row.pop("day")].append(row)
        files: dict[str, list[LiveFile]] = defaultdict(list)
        for file in live_files(table):
            files[str(file.partition)].append(file)
        removed: list[LiveFile] = []
        added: list[DataFile] = []
        try:
            written_at = clock()
            batch_id = uuid.uuid4().hex
            for day in sorted(days):
                label = day.isoformat()
                stored = [read_to_rewrite(root, THEME_MENTIONS, file) for file in files[label]]
                there = [row for part in stored for row in part.to_pylist()]
                wanted = [] if day in gone else _revised(there, fresh[label], written_at, batch_id, product)
                if wanted == there:
                    continue
                removed += files[label]
                if wanted:
                    ordered = in_row_order(
                        pa.Table.from_pylist(wanted, schema=THEME_MENTIONS.schema), THEME_MENTIONS
                    )
                    added.append(write_file(root, THEME_MENTIONS, ordered, partition=label, written_at=written_at))
            if not removed and not added:
                return
            about = {ACTION_KEY: "themes", "rows": str(content.num_rows)}
            version = replace_files(table, THEME_MENTIONS, removed, added, about, changes_rows=True)
        except (CommitConflictError, StaleSnapshotError):
            for new in added:
                (table_path(root, THEME_MENTIONS) / new.path).unlink(missing_ok=True)
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
            continue
        make_durable(root, THEME_MENTIONS, added, version)
        return
    raise TribometerError(f"the table {THEME_MENTIONS.name} changed {_ATTEMPTS} times meanwhile; run it again")


_SAID: Final = pa.schema([field for field in THEME_MENTIONS.table_schema if field.name not in _OWN])


def _revised(
    there: Iterable[Row], fresh: Iterable[Row], now: datetime, batch_id: str, product: str | None
) -> list[Row]:
    """The stored rows, those of the product that no longer hold superseded, and the fresh ones that are not stored."""
    stored = list(there)
    # A clock that was put back must not make two rows of one mention and instant.
    newest = max((row["superseded_at"] or row["committed_at"] for row in stored), default=None)
    at = now if newest is None or newest < now else newest + timedelta(microseconds=1)
    new = {_said(row): row for row in fresh}
    kept: list[Row] = []
    for row in stored:
        if row["superseded_at"] is None and (product is None or row["product"] == product):
            holds = new.pop(_said(row), None) is not None
            kept.append(row if holds else {**row, "superseded_at": at})
        else:
            kept.append(row)
    own = {"committed_at": at, "batch_id": batch_id, "superseded_at": None}
    return kept + [
        {**row, **own, "theme_mention_id": theme_mention_id(row["event_id"], row["mention"], at)}
        for row in new.values()
    ]


def _said(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SAID.names if name != THEME_MENTIONS.partition)
