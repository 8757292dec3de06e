"""The table layer alone: what a commit, a plan and a duplicate cost on tables of few and many files."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from benchmarks.figure import Figure
from pipelines.connect import connect
from pipelines.tables.checkpoint import checkpoint
from pipelines.tables.compact import compact
from schemas.identity import ID_BYTES
from schemas.tables import FEEDBACK, RAW
from transforms.commit import commit
from transforms.delta import DataFile, active_files, add_files, live_files, open_or_create
from transforms.identities import known_identities
from transforms.parquet import write_file

SIZES: Final = (10, 1_000, 10_000)
"""Files of a table."""

DAYS: Final = 400
ROWS_A_FILE: Final = 20
ROWS_A_COMMIT: Final = 200
ROUNDS: Final = 7

_WRITERS: Final = 8

KNOWN: Final = (1_000_000, 10_000_000)
"""Rows that a batch is compared with."""

BATCH: Final = 10_000

_OPENINGS: Final = 30

_OPENING: Final = f"""
import sys, psutil
from schemas.tables import FEEDBACK
from transforms.delta import active_files, open_or_create
root, day = sys.argv[1:]
own = psutil.Process()
before = own.memory_info().rss
for _ in range({_OPENINGS}):
    active_files(open_or_create(root, FEEDBACK), [day])
print(own.memory_info().rss - before)
"""

_START: Final = date(2020, 1, 1)
_WRITTEN: Final = datetime(2024, 1, 1, tzinfo=UTC)
_ONE_DAY: Final = "SELECT avg(len(text)), count(*) FROM tables.feedback WHERE day = '{day}'"
_HISTORY: Final = "SELECT day, count(*), avg(len(text)) FROM tables.feedback GROUP BY day"


def table_layer() -> Iterator[Figure]:
    """Commit latency and one-day queries by number of files, compaction, and de-duplication by number of rows."""
    with tempfile.TemporaryDirectory() as folder:
        for files in SIZES:
            root = str(Path(folder) / str(files))
            _make(root, files)
            checkpoint(root, FEEDBACK)
            latency = [_commit_seconds(root, number % min(files, DAYS)) for number in range(ROUNDS)]
            yield Figure(
                f"commit of {ROWS_A_COMMIT} rows to one day, {files:,} files in the table",
                f"{_ms(latency)} (slowest of {ROUNDS}: {max(latency) * 1000:,.0f} ms)",
            )
            day = day_named(3)
            planned = [_seconds(lambda root=root, day=day: _plan(root, day)) for _ in range(ROUNDS)]  # type: ignore[misc]
            yield Figure(f"files of one day from the log, {files:,} files", _ms(planned))
            yield Figure(f"memory that opening the table {_OPENINGS} times takes, {files:,} files", _memory(root))
            asked = [_seconds(lambda root=root, day=day: _ask(root, _ONE_DAY.format(day=day))) for _ in range(3)]  # type: ignore[misc]
            yield Figure(f"snapshot, views and a one-day query, {files:,} files", _ms(asked))
        before = [_seconds(lambda: _ask(root, _HISTORY)) for _ in range(3)]
        merging = _seconds(lambda: compact(root, FEEDBACK))
        left = len(live_files(open_or_create(root, FEEDBACK)))
        after = [_seconds(lambda: _ask(root, _HISTORY)) for _ in range(3)]
        yield Figure(f"whole history by day, {SIZES[-1]:,} files", _ms(before))
        yield Figure(f"compaction to {left:,} files", f"{merging:,.1f} s")
        yield Figure("whole history by day, compacted", _ms(after))
    for rows in KNOWN:
        yield Figure(f"de-duplication of {BATCH:,} ids against {rows:,} rows", _ms(_deduplication(rows)))


def day_named(number: int) -> str:
    return (_START + timedelta(days=number)).isoformat()


def feedback_rows(number: int, rows: int) -> pa.Table:
    """Feedback of one day with fresh identities."""
    at = datetime.fromisoformat(day_named(number)).replace(tzinfo=UTC)
    row = {
        "source": "bench",
        "channel": "support",
        "native_id": "1",
        "revision": "1",
        "author_kind": "customer",
        "segment": {},
        "occurred_at": at,
        "revised_at": at,
        "received_at": at,
        "text": "The checkout is broken, I cannot pay. " * 5,
        "deleted": False,
        "redactions": {},
        "intents": [],
        "mentions": [],
        "committed_at": _WRITTEN,
        "batch_id": "bench",
    }
    fresh = [{**row, "event_id": uuid.uuid4().hex} for _ in range(rows)]
    return pa.Table.from_pylist(fresh, schema=FEEDBACK.schema)


def _make(root: str, files: int) -> None:
    """A table of so many files over the days, in commits of up to a thousand files."""
    days = [feedback_rows(number, ROWS_A_FILE) for number in range(min(files, DAYS))]

    def write(number: int) -> DataFile:
        ids = pa.array([os.urandom(ID_BYTES).hex() for _ in range(ROWS_A_FILE)])
        rows = days[number % len(days)].set_column(0, FEEDBACK.schema.field(0), ids)
        return write_file(root, FEEDBACK, rows, partition=day_named(number % len(days)), written_at=_WRITTEN)

    with ThreadPoolExecutor(_WRITERS) as writers:
        for start in range(0, files, 1000):
            batch = list(writers.map(write, range(start, min(start + 1000, files))))
            add_files(open_or_create(root, FEEDBACK), FEEDBACK, batch, {})


def _commit_seconds(root: str, number: int) -> float:
    rows = feedback_rows(number, ROWS_A_COMMIT)
    file = write_file(root, FEEDBACK, rows, partition=day_named(number), written_at=_WRITTEN)
    return _seconds(lambda: commit(root, FEEDBACK, [file], batch_id="bench"))


def _plan(root: str, day: str) -> list[str]:
    return active_files(open_or_create(root, FEEDBACK), [day])


def _memory(root: str) -> str:
    """What a process grows by that opens the newest snapshot again and again, as a listener does."""
    done = subprocess.run(
        [sys.executable, "-c", _OPENING, root, day_named(3)], capture_output=True, text=True, check=True
    )
    return f"{int(done.stdout) / 1e6:,.0f} MB"


def _ask(root: str, query: str) -> None:
    with connect(root) as connection:
        connection.execute(query).fetchall()


def _deduplication(rows: int) -> list[float]:
    """Seconds to find which of a batch's ids stand in so many rows; half of them do."""
    with tempfile.TemporaryDirectory() as folder:
        pattern = f"{folder}/{{i}}.parquet"
        files = []
        per_file = 500_000
        for start in range(0, rows, per_file):
            files.append(pattern.replace("{i}", str(start)))
            duckdb.execute(
                f"COPY (SELECT md5(i::VARCHAR) AS {RAW.identity}, 'payload' AS payload "
                f"FROM range({start}, {start + per_file}) t(i)) TO '{files[-1]}' (COMPRESSION zstd)"
            )
        half = BATCH // 2
        wanted = duckdb.execute(
            f"SELECT md5(i::VARCHAR) AS id FROM range({rows - half}, {rows + half}) t(i)"
        ).to_arrow_table()
        return [_seconds(lambda: known_identities(files, "event_id", wanted)) for _ in range(3)]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:,.0f} ms"
