"""History: what every version of a table changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from schemas.tables import TableSpec
from transforms.delta_log import entries


@dataclass(frozen=True)
class Change:
    """One version. `rows_removed` is None where the log no longer says how many rows a removed file had.

    `committed_at` is by the clock of the process that committed it; the order of versions is that of the commits.
    """

    version: int
    committed_at: datetime | None
    action: str
    rows_added: int
    rows_removed: int | None
    files_added: int
    files_removed: int
    batch_id: str | None


def history(root: str, spec: TableSpec) -> Iterator[Change]:
    """The table's versions, the oldest first, as far back as the log's entries reach."""
    rows: dict[str, int] = {}
    for entry in entries(root, spec):
        removed = [rows.pop(path, None) for path in entry.removed]
        rows.update((file.path, file.rows) for file in entry.added)
        yield Change(
            version=entry.version,
            committed_at=entry.committed_at,
            action=entry.action,
            rows_added=sum(file.rows for file in entry.added),
            rows_removed=None if None in removed else sum(count or 0 for count in removed),
            files_added=len(entry.added),
            files_removed=len(entry.removed),
            batch_id=entry.batch_id,
        )
