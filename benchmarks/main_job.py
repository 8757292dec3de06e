"""The main job, end to end, against the bare model on the same texts in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.figure import Figure
from pipelines.clock import utc_now
from pipelines.connect import connect
from pipelines.embedded import EmbeddedHost
from pipelines.machine import one_core
from pipelines.records import Records, find_files
from pipelines.replay import replay
from schemas.mapping import load_mapping
from schemas.run import Counts
from schemas.tables import FEEDBACK, RAW, TableSpec
from transforms.delta import active_files, open_table
from transforms.score import load_scorer

ROUNDS: Final = 3

PEAK: Final = """
import resource, sys
from pipelines.cli import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
sys.exit(status)
"""


class _Silent:
    def scored(self, messages: int, position_bytes: int) -> None: ...

    def committed(self, counts: Counts) -> None: ...


def main_job(stream: Path, mapping_file: Path, rows: int) -> Iterator[Figure]:
    """Figures of replaying the first `rows` records of a stream."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.jsonl"
        _write_sample(stream, sample, rows)
        tables = [Path(folder) / f"tables{number}" for number in range(ROUNDS + 1)]
        host = _host(tables[0], mapping_file)
        with one_core():
            _replay(host, sample)  # warms the model and the caches, and gives the texts as the scorer met them
            texts = _texts(tables[0])
            bare, whole = [], []
            for number in range(1, ROUNDS + 1):
                bare.append(_seconds(lambda: _bare(texts)))
                fresh = _host(tables[number], mapping_file)
                whole.append(_seconds(lambda host=fresh: _replay(host, sample)))  # type: ignore[misc]
            again = _seconds(lambda: _replay(fresh, sample))
        yield Figure(
            "support questions replayed", f"{rows:,} ({sum(map(len, texts)) / rows:,.0f} characters each)"
        )
        yield Figure("bare nlp.pipe, one core", _rate(rows, bare))
        yield Figure("replay end to end, one core", _rate(rows, whole))
        ratio = statistics.median(b / w for b, w in zip(bare, whole, strict=True))
        yield Figure("replay ÷ bare nlp.pipe (median of 3 rounds)", f"{ratio:.2f}", "≥ 0.5")
        yield Figure("replay of what is there already, one core", _rate(rows, [again]))
        yield Figure("peak memory of the replaying process", f"{_peak_bytes(sample, mapping_file) / 1e6:,.0f} MB")
        for spec in (FEEDBACK, RAW):
            yield Figure(f"stored bytes per event, {spec.name}", f"{_stored_bytes(tables[1], spec) / rows:,.0f}")
        yield Figure(
            "stored bytes per event, feedback in one file", f"{_one_file_bytes(tables[1], folder) / rows:,.0f}"
        )
        yield Figure("bytes per event as read", f"{sample.stat().st_size / rows:,.0f}")
        with connect(str(tables[1])) as connection:
            query = "SELECT day, sum(friction_authors) FROM friction_daily GROUP BY day"
            connection.execute(query)
            seconds = min(_seconds(lambda: connection.execute(query).fetchall()) for _ in range(ROUNDS))
        files = len(_files(tables[1], FEEDBACK))
        yield Figure(f"friction_daily over all {files:,} files, two cores", f"{seconds * 1000:,.0f} ms")


def _write_sample(stream: Path, sample: Path, rows: int) -> None:
    records = Records(find_files([str(stream)], "jsonl"), "jsonl")
    with sample.open("wb") as file:
        for record in islice(records, rows):
            file.write(record.payload + b"\n")


def _host(tables: Path, mapping_file: Path) -> EmbeddedHost:
    host = EmbeddedHost("bench", str(tables), load_mapping(str(mapping_file)), utc_now)
    host.prepare()
    return host


def _replay(host: EmbeddedHost, sample: Path) -> None:
    replay(host, find_files([str(sample)], "jsonl"), _Silent())


def _texts(tables: Path) -> Sequence[str]:
    files = _files(tables, FEEDBACK)
    query = "SELECT text FROM read_parquet(?) ORDER BY occurred_at, event_id"
    return [row[0] for row in duckdb.execute(query, [files]).fetchall()]


def _bare(texts: Sequence[str]) -> None:
    for _ in load_scorer(None).nlp.pipe(texts, batch_size=256):
        pass


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _rate(rows: int, seconds: Sequence[float]) -> str:
    return f"{rows / statistics.median(seconds):,.0f} rows/s"


def _peak_bytes(sample: Path, mapping_file: Path) -> int:
    with tempfile.TemporaryDirectory() as tables:
        arguments = ["replay", str(sample), "--source", str(mapping_file), "--tables", tables]
        done = subprocess.run([sys.executable, "-c", PEAK, *arguments], check=True, capture_output=True, text=True)
    return int(done.stdout.splitlines()[-1])


def _stored_bytes(tables: Path, spec: TableSpec) -> int:
    return sum(Path(file).stat().st_size for file in _files(tables, spec))


def _files(tables: Path, spec: TableSpec) -> list[str]:
    table = open_table(str(tables), spec)
    return [] if table is None else active_files(table)


def _one_file_bytes(tables: Path, folder: str) -> int:
    """What the same rows take without the overhead of a file a day: the floor that compaction works towards."""
    target = Path(folder) / "one.parquet"
    files = _files(tables, FEEDBACK)
    duckdb.execute(
        f"COPY (SELECT * FROM read_parquet(?) ORDER BY occurred_at) TO '{target}' (COMPRESSION zstd)", [files]
    )
    return target.stat().st_size
