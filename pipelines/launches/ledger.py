"""The ledger itself: record what is new or edited, take out, read what counts and how it came to be."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from pipelines.connect import with_fresh_snapshot
from schemas import arrow
from schemas.errors import UsageError
from schemas.launch import FIELDS, Launch, RecordedBy
from schemas.launch_statement import Statement
from schemas.tables import LAUNCHES
from transforms.commit import append
from transforms.delta import live_files, open_table
from transforms.parquet import read_file

Row = dict[str, Any]
"""A row of `arrow.LAUNCHES`."""


@dataclass(frozen=True)
class Recorded:
    """What statements about launches did to the ledger, in launches."""

    added: int
    edited: int
    unchanged: int
    removed: int = 0

    @property
    def word(self) -> str:
        """What one statement did."""
        return (
            "added" if self.added else "edited" if self.edited else "removed" if self.removed else "already there"
        )


@dataclass(frozen=True)
class Edit:
    """One row of a launch's history: what it did (added, edited, removed) and the fields it changed, old and new."""

    recorded_at: datetime
    recorded_by: str | None
    action: str
    changes: Mapping[str, tuple[Any, Any]]


def ledger(root: str) -> dict[str, Row]:
    """The latest row of each launch, deleted ones too, by `launch_id`."""
    return {identity: rows[-1] for identity, rows in _edits(root).items()}


def standing(root: str) -> list[Launch]:
    """The launches that count: the latest edit of each, without those taken out."""
    return [Launch.of_row(row) for row in ledger(root).values() if not row["deleted"]]


def history(root: str, launch_id: str) -> tuple[Launch, list[Edit]]:
    """A launch as it was last stated, and every edit of it, the oldest first; of a removed one too.

    `launch_id` may be shortened while it is unique. Raises `UsageError` where it names none or several.
    """
    edits = _edits(root)
    rows = edits[_one(launch_id, edits)]
    befores: list[Row | None] = [None, *rows]
    return Launch.of_row(rows[-1]), [_edit(before, row) for before, row in zip(befores, rows, strict=False)]


def record(
    root: str, launches: Iterable[Launch], *, now: datetime, by: RecordedBy, dry_run: bool = False
) -> Recorded:
    """Append those launches the ledger does not state yet, in one transaction; `dry_run` only counts them."""
    return record_statements(root, map(Statement, launches), now=now, by=by, dry_run=dry_run)


def record_statements(
    root: str, statements: Iterable[Statement], *, now: datetime, by: RecordedBy, dry_run: bool = False
) -> Recorded:
    """Append what they change, in the order given and in one transaction that is on disk at the return.

    Stating the same again changes nothing, nor does taking back what does not stand.
    """
    known = ledger(root)
    rows: list[Row] = []
    added = edited = unchanged = removed = 0
    for statement in statements:
        earlier = known.get(statement.takes_back or "")
        if earlier is not None and not earlier["deleted"]:
            rows.append(Launch.of_row(earlier).row(_after(earlier, now), by, deleted=True))
            known[earlier["launch_id"]] = rows[-1]
            removed += 1
        if statement.launch is None:
            unchanged += earlier is None or earlier["deleted"]
            continue
        launch, row = statement.launch, known.get(statement.launch.launch_id)
        if statement.partial and (row or earlier) is not None:
            launch = launch.filled_from(Launch.of_row(row or earlier or {}))
        if row is not None and not row["deleted"] and Launch.of_row(row) == launch:
            unchanged += 1
            continue
        is_new = row is None or row["deleted"]
        added, edited = added + is_new, edited + (not is_new)
        rows.append(launch.row(_after(row, now), by))
        known[launch.launch_id] = rows[-1]
    if rows and not dry_run:
        _append(root, rows, now)
    return Recorded(added, edited, unchanged, removed)


def remove(root: str, launch_id: str, *, now: datetime, by: RecordedBy) -> Launch:
    """Mark a launch as deleted; the ledger keeps what it was. `launch_id` may be shortened while it is unique."""
    there = {identity: row for identity, row in ledger(root).items() if not row["deleted"]}
    row = there[_one(launch_id, there)]
    launch = Launch.of_row(row)
    _append(root, [launch.row(_after(row, now), by, deleted=True)], now)
    return launch


def _edits(root: str) -> dict[str, list[Row]]:
    """Every row of each launch, by `launch_id`, in the order in which they count."""
    found: dict[str, list[Row]] = {}
    for row in with_fresh_snapshot(lambda: _rows(root)):
        found.setdefault(row["launch_id"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["recorded_at"], row["deleted"]))
    return found


def _rows(root: str) -> list[Row]:
    table = open_table(root, LAUNCHES)
    files = [] if table is None else live_files(table)
    return [row for file in files for row in read_file(root, LAUNCHES, file).to_pylist()]


def _one(prefix: str, known: Iterable[str]) -> str:
    matches = [identity for identity in known if prefix and identity.startswith(prefix)]
    if len(matches) != 1:
        found = "no launch" if not matches else f"{len(matches)} launches"
        raise UsageError(f"{found} with an identity starting {prefix!r}; `tribometer launches list` shows them")
    return matches[0]


def _edit(before: Row | None, row: Row) -> Edit:
    if row["deleted"]:
        return Edit(row["recorded_at"], row["recorded_by"], "removed", {})
    action = "added" if before is None or before["deleted"] else "edited"
    # A row of an older version has null for no steps.
    told = [(name, (before or {}).get(name) or None, row[name] or None) for name in FIELDS]
    changes = {name: (old, new) for name, old, new in told if old != new}
    return Edit(row["recorded_at"], row["recorded_by"], action, changes)


def _append(root: str, rows: Sequence[Row], now: datetime) -> None:
    table = pa.Table.from_pylist(list(rows), schema=arrow.LAUNCHES)
    append(root, LAUNCHES, table, batch_id=uuid.uuid4().hex, written_at=now)


def _after(row: Mapping[str, Any] | None, now: datetime) -> datetime:
    """Time of an edit: later than what it edits, even where the clock was set back."""
    return now if row is None else max(now, row["recorded_at"] + timedelta(microseconds=1))
