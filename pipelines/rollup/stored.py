"""Which stored parts a snapshot reads, and which of their days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.quoting import list_of, literal
from pipelines.rollup.fingerprint import fingerprints
from pipelines.rollup.part import Part, microseconds, stored_parts
from pipelines.snapshot import Snapshot
from schemas.views import ROLLED_UP


@dataclass(frozen=True)
class Chosen:
    """Days that are read from a part."""

    part: Part
    days: frozenset[str]

    @property
    def is_whole(self) -> bool:
        """Whether all days of the part are read."""
        return len(self.days) == len(self.part.days)


@dataclass(frozen=True)
class Rollups:
    """The rollups that belong to a snapshot: each day from one part."""

    chosen: tuple[Chosen, ...] = ()

    @property
    def days(self) -> frozenset[str]:
        """All days there are rollups of."""
        return frozenset().union(*(one.days for one in self.chosen))

    @property
    def files(self) -> list[str]:
        """Absolute paths of all files that are read."""
        return [one.part.file(view) for one in self.chosen for view in ROLLED_UP]


NOTHING = Rollups()
"""No rollups: every view is computed."""


def stored_rollups(snapshot: Snapshot) -> Rollups:
    """Those stored below the snapshot's folder that say of a day what the snapshot says of it."""
    parts = list(stored_parts(snapshot.root))
    if not parts:
        return NOTHING
    latest_us = None if snapshot.as_of is None else microseconds(snapshot.as_of)
    return Rollups(tuple(choose(parts, fingerprints(snapshot), latest_us)))


def choose(parts: Iterable[Part], wanted: Mapping[str, str], latest_us: int | None = None) -> list[Chosen]:
    """Each day of `wanted` (day: fingerprint) that some part holds, from one part: the one of the most days.

    With `latest_us` only days all of whose rows were committed by then.
    """
    taken: set[str] = set()
    chosen = []
    for part in sorted(parts, key=lambda part: (-len(part.days), part.path.name)):
        days = frozenset(
            day
            for day, stamp in part.days.items()
            if day not in taken
            and wanted.get(day) == stamp.fingerprint
            and (latest_us is None or stamp.latest_us <= latest_us)
        )
        taken |= days
        if days:
            chosen.append(Chosen(part, days))
    return chosen


def rows_of(one: Chosen, view: str) -> str:
    """The rows of a view that are read from a part, as SQL after FROM."""
    file = f"read_parquet({literal(one.part.file(view))})"
    if one.is_whole:
        return file
    others = one.part.days.keys() - one.days
    are_fewer = len(others) < len(one.days)
    listed = list_of(sorted(others if are_fewer else one.days))
    return f"(FROM {file} WHERE {'NOT ' if are_fewer else ''}list_contains({listed}::DATE[], day))"
