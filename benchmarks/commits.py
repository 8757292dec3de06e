"""What one committer can do: commits of many files, and commits to a table of many.

The inputs of docs/scale.md. The files that a measured commit adds are real. Those the table holds already are named in
its log and not there: a commit to other days opens none of them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure
from benchmarks.table_layer import day_named, feedback_rows
from pipelines.tables.checkpoint import checkpoint
from schemas.tables import FEEDBACK
from transforms.commit import commit
from transforms.delta import DataFile, add_files, open_or_create
from transforms.parquet import write_file

FILES_OF_A_COMMIT: Final = (1, 10, 100, 1_000)
FILES_OF_A_TABLE: Final = (1_000, 10_000, 100_000)
"""Files a table holds when one more commit of one file is made."""

ROUNDS: Final = 5
SINCE_CHECKPOINT: Final = 20
"""Log entries beside the checkpoint, in the last figure: each is read when the table is opened."""

ROWS_OF_A_FILE: Final = 20

_LONG_AGO: Final = 10_000
"""Days between what a table holds and what a measured commit adds."""

_DAYS: Final = 5_000
_WRITTEN: Final = datetime(2024, 1, 1, tzinfo=UTC)
_PORTION: Final = 10_000


def commits() -> Iterator[Figure]:
    """Seconds of a commit by the files it adds, and by the files, and the log entries, of the table it adds them to."""
    with tempfile.TemporaryDirectory() as folder:
        for count in FILES_OF_A_COMMIT:
            root = str(Path(folder) / f"commit-{count}")
            open_or_create(root, FEEDBACK)
            rounds = ROUNDS if count < FILES_OF_A_COMMIT[-1] else 3
            taken = [_commit(root, number * count, count) for number in range(rounds)]
            yield Figure(
                f"commit of {count:,} {'file' if count == 1 else 'files'}, each of another day", _ms(taken)
            )
        root = str(Path(folder) / "table")
        held = 0
        for size in FILES_OF_A_TABLE:
            while held < size:
                portion = min(_PORTION, size - held)
                add_files(open_or_create(root, FEEDBACK), FEEDBACK, _named(held, portion), {})
                held += portion
            checkpoint(root, FEEDBACK)
            yield Figure(f"opening the table, {size:,} files", _ms([_opening(root) for _ in range(ROUNDS)]))
            taken = [_commit(root, number, 1) for number in range(ROUNDS)]
            yield Figure(f"commit of 1 file, {size:,} files in the table", _ms(taken))
        for _ in range(SINCE_CHECKPOINT - ROUNDS):
            add_files(open_or_create(root, FEEDBACK), FEEDBACK, _named(held, 1), {})
            held += 1
        yield Figure(
            f"same, {SINCE_CHECKPOINT} commits after the last checkpoint", _ms([_commit(root, ROUNDS, 1)])
        )


def _named(first: int, count: int) -> Sequence[DataFile]:
    """Files for the log alone, over many days."""
    days = [day_named(number % _DAYS - _LONG_AGO) for number in range(first, first + count)]
    paths = [f"day={day}/{uuid.uuid4().hex}-v4-{number:016x}.parquet" for number, day in enumerate(days, first)]
    return [
        DataFile(FEEDBACK.name, path, day, ROWS_OF_A_FILE, 9_000, _WRITTEN)
        for path, day in zip(paths, days, strict=True)
    ]


def _commit(root: str, first: int, count: int) -> float:
    """Seconds to open the snapshot, look for duplicates, add `count` written files and have everything on disk."""
    files = [
        write_file(
            root, FEEDBACK, feedback_rows(number, ROWS_OF_A_FILE), partition=day_named(number), written_at=_WRITTEN
        )
        for number in range(first, first + count)
    ]
    started = time.perf_counter()
    commit(root, FEEDBACK, files, batch_id="bench")
    return time.perf_counter() - started


def _opening(root: str) -> float:
    started = time.perf_counter()
    open_or_create(root, FEEDBACK)
    return time.perf_counter() - started


def _ms(seconds: Sequence[float]) -> str:
    if len(seconds) == 1:
        return f"{seconds[0] * 1000:,.0f} ms"
    return (
        f"{statistics.median(seconds) * 1000:,.0f} ms (slowest of {len(seconds)}: {max(seconds) * 1000:,.0f} ms)"
    )
