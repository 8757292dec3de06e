"""Tidying: what no snapshot needs goes, and small parts become large ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import duckdb

from pipelines.connect import bound_memory, missing_file, unreadable
from pipelines.rollup.fingerprint import fingerprints
from pipelines.rollup.part import Part, delete_part, remains, stored_parts, write_part
from pipelines.rollup.stored import Chosen, choose, rows_of
from pipelines.snapshot import Snapshot
from transforms.engine import open_engine

_FANOUT: Final = 8
_SMALLEST: Final = 64 << 10
_LARGEST: Final = 32 << 20
"""Parts below 64 KiB, 512 KiB, 4 MiB and 32 MiB are tiers: as soon as eight are in one they are merged. So a day is
written five times at most. Larger ones stay as they are: sorting them would take much memory, and a late event makes
the whole part be written again. Three years of ten million events are some forty parts."""


def sweep(snapshot: Snapshot) -> int:
    """Delete all that does not belong to the snapshot, unfinished parts too; returns how many stored days went.

    Erasure and retention need it: what was stored of a row goes with the row. Readers that still use such a file
    open their snapshot again.
    """
    for path in list(remains(snapshot.root)):
        delete_part(path)
    parts = list(stored_parts(snapshot.root))
    if not parts:
        return 0
    kept = {one.part.path: one for one in choose(parts, fingerprints(snapshot))}
    for part in parts:
        one = kept.get(part.path)
        if one is None:
            delete_part(part.path)
        elif not one.is_whole:
            _merge(snapshot, [one])
    return sum(len(part.days) for part in parts) - sum(len(one.days) for one in kept.values())


def merge(snapshot: Snapshot) -> None:
    """Make few large parts of many small ones, for readers' sake."""
    tiers: dict[int, list[Chosen]] = defaultdict(list)
    for one in choose(stored_parts(snapshot.root), fingerprints(snapshot)):
        if (tier := _tier(one.part)) is not None:
            tiers[tier].append(one)
    for small in tiers.values():
        in_order = sorted(small, key=lambda one: one.part.path.name)
        for start in range(0, len(in_order) - _FANOUT + 1, _FANOUT):
            _merge(snapshot, in_order[start : start + _FANOUT])


def _tier(part: Part) -> int | None:
    """Which of the small sizes it has; None for a large one."""
    size, tier, weight = _SMALLEST, 0, part.bytes
    while weight >= size:
        size, tier = size * _FANOUT, tier + 1
    return tier if weight < _LARGEST else None


def _merge(snapshot: Snapshot, together: Sequence[Chosen]) -> None:
    """One part in place of several."""
    days = {day: one.part.days[day] for one in together for day in one.days}

    def rows(view: str) -> str:
        return " UNION ALL ".join(f"SELECT * FROM {rows_of(one, view)}" for one in together)

    try:
        with open_engine() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            bound_memory(connection)
            write_part(snapshot.root, days, rows, connection)
    except duckdb.Error as error:
        if missing_file(error) is None:
            raise unreadable(snapshot.root, error) from error
        return  # another process tidies, and was faster
    for one in together:
        delete_part(one.part.path)
