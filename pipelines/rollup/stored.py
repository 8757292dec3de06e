"""The stored rollups: one Parquet file per view and day, `rollups/day=D/<view>.<fingerprint>.<latest>.parquet`.

`latest` is when the youngest row behind it was committed, in microseconds: a reader of an older instant leaves the
file alone.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipelines.rollup.fingerprint import fingerprints
from pipelines.snapshot import Snapshot
from schemas.views import ROLLED_UP
from transforms.parquet import UNFINISHED

FOLDER: Final = "rollups"

_NAME: Final = re.compile(r"([a-z_]+)\.([0-9a-f]{32})\.(\d{1,20})\.parquet")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Rollups:
    """The rollups that belong to a snapshot: absolute paths by view, and the days that all views have."""

    days: frozenset[str] = frozenset()
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOTHING: Final = Rollups()
"""No rollups: every view is computed."""


def stored_rollups(snapshot: Snapshot) -> Rollups:
    """Those stored below the snapshot's folder whose fingerprint and age are right."""
    there = list(_stored(snapshot.root))
    if not there:
        return NOTHING
    wanted = fingerprints(snapshot)
    latest_us = None if snapshot.as_of is None else (snapshot.as_of - _EPOCH) // _MICROSECOND
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for day, path, view, fingerprint, latest in there:
        if wanted.get(day) == fingerprint and (latest_us is None or latest <= latest_us):
            found[day][view] = path
    days = frozenset(day for day, files in found.items() if all(view in files for view in ROLLED_UP))
    if not days:
        return NOTHING
    return Rollups(days, {view: tuple(found[day][view] for day in sorted(days)) for view in ROLLED_UP})


def place_of(root: Path, day: str, view: str, fingerprint: str, latest: datetime) -> Path:
    """Where a rollup is stored."""
    name = f"{view}.{fingerprint}.{(latest - _EPOCH) // _MICROSECOND}.parquet"
    return root / FOLDER / f"day={day}" / name


def sweep(snapshot: Snapshot) -> int:
    """Delete what does not belong to the snapshot, unfinished files too, and return how many files went.

    Erasure and retention need it: what was stored of a row goes with the row. Readers that still use such a file
    open their snapshot again.
    """
    if not (snapshot.root / FOLDER).exists():
        return 0
    wanted = fingerprints(snapshot)
    swept = 0
    for day, path, _, fingerprint, _ in list(_stored(snapshot.root)):
        if wanted.get(day) != fingerprint:
            Path(path).unlink(missing_ok=True)
            swept += 1
    for unfinished in (snapshot.root / FOLDER).glob(f"day=*/.*{UNFINISHED}"):
        unfinished.unlink(missing_ok=True)
        swept += 1
    return swept


def _stored(root: Path) -> Iterator[tuple[str, str, str, str, int]]:
    """Day, path, view, fingerprint and age of each stored file."""
    try:
        folders = list(os.scandir(root / FOLDER))
    except FileNotFoundError:
        return
    for folder in folders:
        day = folder.name.removeprefix("day=")
        for file in os.scandir(folder.path):
            found = _NAME.fullmatch(file.name)
            if found is not None:
                yield day, file.path, found[1], found[2], int(found[3])
