"""The listener on the Pub/Sub emulator: how fast, how soon visible, how large it grows. Real support questions."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import psutil
from google.cloud import pubsub_v1

from benchmarks.figure import Figure
from pipelines.connect import connect
from pipelines.records import Records, find_files
from schemas.tables import FEEDBACK
from tests.emulator import Emulator, missing
from transforms.delta import active_files, open_table

BACKLOG: Final = 12_000
"""Messages that wait when the listener starts: its sustained rate is measured on them."""

LATENCY_SECONDS: Final = 60
WARM_UP_SECONDS: Final = 10
_LOOK_SECONDS: Final = 0.1
_SAMPLE_SECONDS: Final = 5.0


def listening(stream: Path, mapping_file: Path, soak_minutes: float) -> Iterator[Figure]:
    """Rows of the table; one that says why where the emulator is not here."""
    if (reason := missing()) is not None:
        yield Figure("listening", f"not measured: {reason}")
        return
    payloads = [record.payload for record in Records(find_files([str(stream)], "jsonl"), "jsonl")]
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
    yield from _soaked(payloads, mapping_file, rates[1] / 2, soak_minutes)


@dataclass
class _World:
    """An emulator, a topic with one subscription, and a listener on it."""

    folder: Path
    emulator: Emulator
    topic: str
    publisher: pubsub_v1.PublisherClient
    listener: subprocess.Popen[bytes]
    log: Path
    published: dict[str, float] = field(default_factory=dict)

    @property
    def tables(self) -> str:
        return str(self.folder / "tables")

    def committed(self) -> int:
        return sum(entry["messages"] for entry in self.entries("batch committed"))

    def entries(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
        return [entry for entry in lines if entry["event"] == event]

    def publish(self, payloads: Sequence[bytes], rate: float | None = None) -> None:
        """Publish in order, as fast as the emulator takes it or at `rate` a second, and wait for the last answer."""
        started = time.monotonic()
        answers = []
        for number, payload in enumerate(payloads):
            if rate is not None:
                time.sleep(max(0.0, started + number / rate - time.monotonic()))
                self.published[str(json.loads(payload)["id"])] = time.time()
            answers.append(self.publisher.publish(self.topic, payload))
        for answer in answers:
            answer.result(60)

    def wait_until(self, committed: int) -> None:
        while self.committed() < committed:
            if self.listener.poll() is not None:
                raise RuntimeError(f"the listener ended: {self.log.read_text()[-500:]}")
            time.sleep(0.2)


@contextmanager
def _world(mapping_file: Path, workers: int, backlog: Sequence[bytes] = ()) -> Iterator[_World]:
    with tempfile.TemporaryDirectory() as name, Emulator(Path(name) / "emulator") as emulator:
        folder = Path(name)
        topic, subscription = emulator.create("bench", ack_deadline_seconds=60)
        environment = {**os.environ, **emulator.environment, "TRIBOMETER_AUTHOR_KEY": "b" * 64}
        command = [
            sys.executable, "-m", "pipelines.cli", "listen", "--subscription", subscription,
            "--source", str(mapping_file), "--tables", str(folder / "tables"), "--workers", str(workers),
            "--http", "none", "--log-format", "json",
        ]  # fmt: skip
        log = folder / "log"
        world = _World(folder, emulator, topic, emulator.publisher(), None, log)  # type: ignore[arg-type]
        world.publish(backlog)
        with log.open("wb") as stderr:
            world.listener = subprocess.Popen(command, env=environment, stderr=stderr)
        try:
            while not world.entries("listening"):
                time.sleep(0.1)
            yield world
        finally:
            world.listener.terminate()
            world.listener.wait(120)


def _sustained(payloads: Sequence[bytes], mapping_file: Path, workers: int) -> float:
    """Messages a second over a backlog, from the listener's first pull to its last commit."""
    with _world(mapping_file, workers, payloads[:BACKLOG]) as world:
        started = time.time()
        world.wait_until(BACKLOG)
        return BACKLOG / (time.time() - started)


def _latencies(payloads: Sequence[bytes], mapping_file: Path, rate: float) -> tuple[list[float], float]:
    """Seconds from publishing to being seen by a query, for each message published after the warm-up."""
    wanted = payloads[BACKLOG : BACKLOG + int(rate * (LATENCY_SECONDS + WARM_UP_SECONDS))]
    with _world(mapping_file, 2) as world:
        seen: dict[str, float] = {}
        done = threading.Event()
        reader = threading.Thread(target=_look, args=(world.tables, seen, done))
        reader.start()
        started = time.time()
        world.publish(wanted, rate)
        publishing = len(wanted) / (time.time() - started)
        world.wait_until(len(wanted))
        done.set()
        reader.join()
    counted = [number for number, at in world.published.items() if at >= started + WARM_UP_SECONDS]
    return [seen[number] - world.published[number] for number in counted], publishing


def _look(tables: str, seen: dict[str, float], done: threading.Event) -> None:
    """Note when a query first finds each message. A file never changes, so each is asked once."""
    known: set[str] = set()
    last = False
    while not last:
        last = done.wait(_LOOK_SECONDS)
        table = open_table(tables, FEEDBACK)
        files = sorted(set(active_files(table)) - known) if table is not None else []
        if files:
            found = duckdb.execute("SELECT native_id FROM read_parquet(?)", [files]).fetchall()
            now = time.time()
            for (native_id,) in found:
                seen.setdefault(native_id, now)
            known.update(files)


def _soaked(payloads: Sequence[bytes], mapping_file: Path, rate: float, minutes: float) -> Iterator[Figure]:
    """Memory of the listener and its worker at a steady rate; the stream is repeated with fresh ids."""
    with _world(mapping_file, 1) as world:
        sampler = _Sampler(world.listener.pid)
        sampler.start()
        world.publish(list(itertools.islice(_endless(payloads), int(rate * minutes * 60))), rate)
        sampler.stop()
        with connect(world.tables) as connection:
            [(rows,)] = connection.execute("SELECT count(*) FROM tables.feedback").fetchall()
    samples = sampler.resident_bytes[len(sampler.resident_bytes) // 10 :]  # the first tenth warms up
    tenth = max(len(samples) // 10, 1)
    early, late = statistics.mean(samples[:tenth]), statistics.mean(samples[-tenth:])
    what = f"over {minutes:g} min at {rate:,.0f} messages/s ({rows:,} rows), 1 worker"
    yield Figure(
        f"resident memory, listener and worker, largest, {what}", f"{max(samples) / 1e6:,.0f} MB", "≤ 700 MB"
    )
    yield Figure("same, mean of the last tenth ÷ mean of the first", f"{late / early:.2f}", "flat")
    yield Figure(
        "same, open files at the end ÷ at the beginning", f"{sampler.open_files[-1]} ÷ {sampler.open_files[1]}"
    )


def _endless(payloads: Sequence[bytes]) -> Iterator[bytes]:
    for turn in itertools.count():
        for payload in payloads:
            if turn == 0:
                yield payload
            else:
                message = json.loads(payload)
                message["id"] = f"{message['id']}-{turn}"
                yield json.dumps(message).encode()


class _Sampler(threading.Thread):
    """Resident bytes and open files of a process and its children, every few seconds."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self.resident_bytes: list[int] = []
        self.open_files: list[int] = []

    def run(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            family = [self._process, *self._process.children(recursive=True)]
            self.resident_bytes.append(sum(one.memory_info().rss for one in family))
            self.open_files.append(sum(one.num_fds() for one in family))

    def stop(self) -> None:
        self._done.set()
        self.join()
