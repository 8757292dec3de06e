"""The listener's memory over a long time at a steady rate, on the Pub/Sub emulator. Real support questions."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import psutil

from benchmarks.figure import Figure
from benchmarks.listener import payloads_of, world
from pipelines.connect import connect
from tests.emulator import missing

RATE: Final = 100.0
"""Messages a second, 8.6 million a day: what one worker keeps up with on a busy machine too."""

MAINTENANCE_MINUTES: Final = 10.0
"""Small files are merged this often meanwhile, as deploy/systemd/tribometer-maintenance.timer does."""

_SAMPLE_SECONDS: Final = 5.0


def memory(stream: Path, mapping_file: Path, minutes: float) -> Iterator[Figure]:
    """Memory of the listener and its worker; the stream is repeated with fresh ids."""
    if (reason := missing()) is not None:
        yield Figure("memory", f"not measured: {reason}")
        return
    with world(mapping_file, 1) as at_work:
        sampler = _Sampler(at_work.listener.pid)
        sampler.start()
        maintenance = _Maintenance(at_work.tables)
        maintenance.start()
        messages = itertools.islice(_endless(payloads_of(stream)), int(RATE * minutes * 60))
        while minute := list(itertools.islice(messages, int(RATE * 60))):
            at_work.publish(minute, RATE)
            click.echo(f"  … {sampler.resident_bytes[-1] / 1e6:,.0f} MB", err=True)
        sampler.stop()
        maintenance.stop()
        with connect(at_work.tables) as connection:
            [(rows,)] = connection.execute("SELECT count(*) FROM tables.feedback").fetchall()
    yield Figure("listened, 1 worker", f"{minutes:g} min at {RATE:,.0f} messages/s, {rows:,} rows")
    yield Figure("small files merged meanwhile", f"{maintenance.runs} times, every {MAINTENANCE_MINUTES:g} min")
    yield Figure(
        "resident memory, listener and worker, largest", f"{max(sampler.resident_bytes) / 1e6:,.0f} MB", "≤ 700 MB"
    )
    tenths = _means_of_tenths(sampler.resident_bytes)
    yield Figure(
        "same, mean of each tenth of the time", f"{' · '.join(f'{mean / 1e6:,.0f}' for mean in tenths)} MB", "flat"
    )
    yield Figure(
        "open files at the beginning and at the end", f"{sampler.open_files[1]} and {sampler.open_files[-1]}"
    )


def _means_of_tenths(samples: Sequence[int]) -> list[float]:
    size = max(len(samples) // 10, 1)
    return [
        statistics.mean(tenth) for start in range(0, 10 * size, size) if (tenth := samples[start : start + size])
    ]


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


class _Maintenance(threading.Thread):
    """`tribometer tables compact`, every few minutes, in a process of its own."""

    def __init__(self, tables: str) -> None:
        super().__init__(daemon=True)
        self._command = [sys.executable, "-m", "pipelines.cli", "tables", "compact", "--tables", tables]
        self._done = threading.Event()
        self.runs = 0

    def run(self) -> None:
        while not self._done.wait(MAINTENANCE_MINUTES * 60):
            subprocess.run(self._command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.runs += 1

    def stop(self) -> None:
        self._done.set()
        self.join()
