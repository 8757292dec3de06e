"""Fingerprints: what a day's rollup is a function of, as one short text."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.snapshot import Snapshot, day_of
from schemas.event import INVALID_DAY
from schemas.tables import FEEDBACK, LAUNCHES, MODEL_CHOICES, SCORES, TableSpec
from schemas.views import FUNCTIONS, ROLLED_UP, behind, load_views

_LENGTH: Final = 32
_MACRO: Final = re.compile(r"CREATE OR REPLACE MACRO (\w+)\(.*?;$", re.DOTALL | re.MULTILINE)
_HALF: Final = 0.5
_RELEASES: Final = "releases"
"""The view whose rows `events` infers versions from, by way of a table."""
_ONE_DAY: Final = timedelta(days=1)


def fingerprints(snapshot: Snapshot) -> dict[str, str]:
    """By day that can be rolled up (no impossible dates), what its rollup must have been made from."""
    model = chosen_model(snapshot)
    files = defaultdict(list)
    for path in (*snapshot.files[FEEDBACK.name], *(snapshot.files[SCORES.name] if model is not None else ())):
        files[day_of(path)].append(Path(path).name)
    files.pop(INVALID_DAY, None)
    releases = Releases(_latest_launches(snapshot))
    return {
        day: _digest([rules(), model or "", *releases.in_force(date.fromisoformat(day)), *sorted(names)])
        for day, names in files.items()
    }


@cache
def rules() -> str:
    """Digest of the SQL that rollups are made by, views and functions: a change makes all of them anew."""
    functions = next(view for view in load_views() if view.name == FUNCTIONS)
    macros = {found[1]: found[0] for found in _MACRO.finditer(functions.sql)}
    parts = [view.sql for view in behind((*ROLLED_UP, _RELEASES))]
    used: dict[str, str] = {}
    for part in parts:  # grows while it is gone through: a macro may use another
        new = {name: text for name, text in macros.items() if name not in used and f"{name}(" in part}
        used |= new
        parts += new.values()
    return _digest(parts)


class Releases:
    """Which releases a version can be inferred from, by day (`schemas/views/releases.sql`)."""

    def __init__(self, launches: Iterable[Mapping[str, Any]]) -> None:
        by_line: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        for launch in launches:
            steps = [step["at"] for step in launch["rollout"] or () if step["share"] >= _HALF]
            in_force_at = steps[0] if steps else None if launch["rollout"] else launch["launched_at"]
            if launch["version"] is not None and launch["kind"] in {"release", "fix"} and in_force_at is not None:
                by_line[launch["product"], launch["platform"] or ""].append((in_force_at, launch["version"]))
        self._by_line = {line: sorted(releases) for line, releases in by_line.items()}

    def in_force(self, day: date) -> Iterator[str]:
        """Of each product the release that the day begins with and those that come during it."""
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for line, releases in sorted(self._by_line.items()):
            first = bisect_left(releases, (begin, ""))
            last = bisect_left(releases, (begin + _ONE_DAY, ""))
            for in_force_at, version in releases[max(first - 1, 0) : last]:
                yield f"{line}{in_force_at.isoformat()}{version}"


def _latest_launches(snapshot: Snapshot) -> list[dict[str, Any]]:
    latest: dict[str, dict[str, Any]] = {}
    for row in _rows(snapshot, LAUNCHES):
        known = latest.get(row["launch_id"])
        if known is None or (row["recorded_at"], row["deleted"]) > (known["recorded_at"], known["deleted"]):
            latest[row["launch_id"]] = row
    return [row for row in latest.values() if not row["deleted"]]


def chosen_model(snapshot: Snapshot) -> str | None:
    """The model whose scores readers of the snapshot see; None for those stored with each row."""
    choices = _rows(snapshot, MODEL_CHOICES)
    return max(choices, key=lambda row: row["chosen_at"])["model_version"] if choices else None


def _rows(snapshot: Snapshot, spec: TableSpec) -> Sequence[dict[str, Any]]:
    tables = [pq.read_table(path, schema=spec.schema) for path in snapshot.files[spec.name]]
    rows: list[dict[str, Any]] = pa.concat_tables(tables).to_pylist() if tables else []
    return [row for row in rows if snapshot.as_of is None or row[spec.recorded] <= snapshot.as_of]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_LENGTH]
