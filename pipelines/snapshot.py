"""Snapshot: one consistent set of files for a reader, resolved from the tables' logs.

Readers never glob: a listing of the folder shows files that are not committed yet. Tables are opened in reverse
commit order, so that whatever `feedback` refers to is already in the others. `raw` is not opened: no reader needs it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from schemas.errors import TribometerError, UsageError
from schemas.tables import (
    ALERT_ACTIONS,
    ALERT_DELIVERIES,
    ALERTS,
    DEAD_LETTERS,
    ERASURES,
    EXPOSURE,
    FEEDBACK,
    LAUNCHES,
    MODEL_CHOICES,
    RUNS,
    SCORES,
    THEME_DAYS,
    THEME_MENTIONS,
    THEMES,
)
from transforms.delta import active_files, open_table
from transforms.parquet import may_lack_columns

READABLE: Final = (
    *(ALERT_DELIVERIES, ALERT_ACTIONS, ALERTS),
    *(MODEL_CHOICES, THEME_DAYS, THEME_MENTIONS, THEMES, SCORES, FEEDBACK),
    *(DEAD_LETTERS, LAUNCHES, EXPOSURE, RUNS, ERASURES),
)
"""Tables a reader opens, in this order: a model is chosen when its scores are there, and scores are of rows that are
there. Whoever sees the choice finds the scores, whoever sees a theme's mentions the theme, and whoever sees a delivery
the alert."""


@dataclass(frozen=True)
class Snapshot:
    """`files[table]` are absolute paths of Parquet files, `versions[table]` the log version they come from.

    `older[table]` are those of them that may lack the younger columns. A table that nothing has been committed to has
    no files and no version; nor has one in `closed`, a restricted table that this user may not open. Of a snapshot
    `as_of` an instant only the rows count that were there then.
    """

    root: Path
    files: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, int]
    older: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    as_of: datetime | None = None


def open_snapshot(root: str, as_of: datetime | None = None) -> Snapshot:
    """The newest committed state of the tables below `root`, or what of it was there at the instant `as_of`.

    The past is read from the newest files, by the instant each row carries: compaction and vacuum do not shorten it,
    and what was erased since is erased in the past too. A restricted table that this user may not open is left out
    and named in `closed`. Raises `UsageError` where there are no tables, `TribometerError` where one cannot be read.
    """
    folder = readable_folder(root)
    files: dict[str, tuple[str, ...]] = {}
    versions: dict[str, int] = {}
    older: dict[str, tuple[str, ...]] = {}
    closed: set[str] = set()
    for spec in READABLE:
        files[spec.name] = ()
        place = folder / spec.name
        if place.exists() and not _may_read(place):
            if not spec.restricted:
                raise TribometerError(
                    f"the table {place} cannot be read: permission denied; ask whoever runs `tribometer replay`"
                )
            closed.add(spec.name)
            continue
        table = open_table(str(folder), spec)
        if table is not None:
            files[spec.name] = tuple(active_files(table))
            versions[spec.name] = table.version()
            older[spec.name] = tuple(path for path in files[spec.name] if may_lack_columns(spec, path))
    if not versions:
        raise UsageError(
            f"{root}: holds no tables; `tribometer replay FILE --source NAME --tables {root}` makes them"
        )
    return Snapshot(folder, files, versions, older, frozenset(closed), as_of)


def day_of(path: str) -> str:
    """The partition that a file of a table partitioned by day lies in: a UTC day, or `invalid`."""
    return Path(path).parent.name.removeprefix("day=")


def readable_folder(root: str) -> Path:
    """The tables folder, made absolute. Raises `UsageError` where it is none, or closed to this user."""
    folder = Path(root)
    try:
        there = folder.exists()
    except PermissionError:  # a folder on the way to it is closed
        raise UsageError(f"{root}: permission denied; ask whoever runs `tribometer replay`") from None
    if not there:
        raise UsageError(f"{root}: no such folder; name the one given to `tribometer replay --tables`")
    if not folder.is_dir():
        raise UsageError(f"{root}: is a file; name the folder given to `tribometer replay --tables`")
    if not _may_read(folder):
        raise UsageError(f"{root}: permission denied; ask whoever runs `tribometer replay`")
    return folder.resolve()


def _may_read(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)
