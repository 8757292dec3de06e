"""The listener on the Pub/Sub emulator: how fast, and how soon visible. Real support questions."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.figure import Figure
from benchmarks.listener import payloads_of, world
from schemas.tables import FEEDBACK
from tests.emulator import missing
from transforms.delta import active_files, open_table

BACKLOG: Final = 12_000
"""Messages that wait when the listener starts: its sustained rate is measured on them."""

LATENCY_SECONDS: Final = 60
WARM_UP_SECONDS: Final = 10
_LOOK_SECONDS: Final = 0.1


def listening(stream: Path, mapping_file: Path) -> Iterator[Figure]:
    """Rows of the table; one that says why where the emulator is not here."""
    if (reason := missing()) is not None:
        yield Figure("listening", f"not measured: {reason}")
        return
    payloads = payloads_of(stream)
    rates = {}
    for workers in (1, 2):
        rates[workers] = _sustained(payloads, mapping_file, workers)
        yield Figure(
            f"listening with scoring, {workers} worker{'s' * (workers > 1)}", f"{rates[workers]:,.0f} messages/s"
        )
    latencies, publishing = _latencies(payloads, mapping_file, rates[2] / 2)
    cut = statistics.quantiles(latencies, n=100)
    yield Figure("published at half that rate, 2 workers", f"{publishing:,.0f} messages/s for {LATENCY_SECONDS} s")
    yield Figure("publish → visible in DuckDB, p50", f"{cut[49]:.1f} s")
    yield Figure("publish → visible in DuckDB, p99", f"{cut[98]:.1f} s", "≤ 5 s")


def _sustained(payloads: Sequence[bytes], mapping_file: Path, workers: int) -> float:
    """Messages a second over a backlog, from the listener's first pull to its last commit."""
    with world(mapping_file, workers, payloads[:BACKLOG]) as at_work:
        started = time.time()
        at_work.wait_until(BACKLOG)
        return BACKLOG / (time.time() - started)


def _latencies(payloads: Sequence[bytes], mapping_file: Path, rate: float) -> tuple[list[float], float]:
    """Seconds from publishing to being seen by a query, for each message published after the warm-up."""
    wanted = payloads[BACKLOG : BACKLOG + int(rate * (LATENCY_SECONDS + WARM_UP_SECONDS))]
    with world(mapping_file, 2) as at_work:
        seen: dict[str, float] = {}
        done = threading.Event()
        reader = threading.Thread(target=_look, args=(at_work.tables, seen, done))
        reader.start()
        started = time.time()
        at_work.publish(wanted, rate)
        publishing = len(wanted) / (time.time() - started)
        at_work.wait_until(len(wanted))
        done.set()
        reader.join()
    counted = [number for number, at in at_work.published.items() if at >= started + WARM_UP_SECONDS]
    return [seen[number] - at_work.published[number] for number in counted], publishing


def _look(tables: str, seen: dict[str, float], done: threading.Event) -> None:
    """Note when a query first finds each message. A file never changes, so each is asked once.

    It follows the log instead of opening it anew each time, so that looking takes little from what is measured.
    """
    known: set[str] = set()
    table = None
    last = False
    while not last:
        last = done.wait(_LOOK_SECONDS)
        if table is None:
            table = open_table(tables, FEEDBACK)
        else:
            table.update_incremental()
        files = sorted(set(active_files(table)) - known) if table is not None else []
        if files:
            found = duckdb.execute("SELECT native_id FROM read_parquet(?)", [files]).fetchall()
            now = time.time()
            for (native_id,) in found:
                seen.setdefault(native_id, now)
            known.update(files)
