"""Days: what a day of the tables comes from, and a connection to some days alone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from pipelines.connect import bound_memory, unreadable
from pipelines.definitions import plain_views
from pipelines.rollup.fingerprint import chosen_model
from pipelines.snapshot import Snapshot, day_of
from pipelines.sql_files import SqlFiles
from schemas.event import INVALID_DAY
from schemas.tables import FEEDBACK, SCORES
from schemas.views import behind
from transforms.engine import open_engine

SQL: Final = SqlFiles("pipelines.watch")

_VIEW: Final = "events"
_DIGITS: Final = 16


def day_fingerprints(snapshot: Snapshot) -> dict[str, str]:
    """By UTC day with feedback, what its evidence is a function of: files, chosen model, and the SQL that reads them.

    Days of impossible dates are left out. The same evidence may have two fingerprints, as after a compaction; two
    evidences never have the same.
    """
    model = chosen_model(snapshot)
    names = defaultdict(list)
    for path in (*snapshot.files[FEEDBACK.name], *(snapshot.files[SCORES.name] if model is not None else ())):
        names[day_of(path)].append(Path(path).name)
    names.pop(INVALID_DAY, None)
    return {day: _digest("\0".join([_rules(), model or "", *sorted(names[day])])) for day in sorted(names)}


@contextmanager
def connected(snapshot: Snapshot, days: Collection[str]) -> Generator[duckdb.DuckDBPyConnection]:
    """The view `events` over these days of the snapshot alone, in bounded memory.

    Raises `StaleSnapshotError` where files were deleted meanwhile, `TribometerError` where they cannot be read.
    """
    wanted = frozenset(days)
    files = {
        spec.name: tuple(path for path in snapshot.files[spec.name] if day_of(path) in wanted)
        for spec in (FEEDBACK, SCORES)
    }
    try:
        with open_engine() as connection:
            connection.execute("SET enable_progress_bar = false")
            for statement in plain_views(replace(snapshot, files={**snapshot.files, **files}), (_VIEW,)):
                connection.execute(statement)
            bound_memory(connection)
            yield connection
    except duckdb.Error as error:
        raise unreadable(snapshot.root, error) from error


@cache
def _rules() -> str:
    return _digest("\0".join([SQL.text("said"), *(view.sql for view in behind((_VIEW,)))]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
