"""A listener at work on the Pub/Sub emulator, for measurements: what it was given, what it says it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.cloud import pubsub_v1

from pipelines.records import Records, find_files
from tests.emulator import Emulator


def payloads_of(stream: Path) -> list[bytes]:
    """The records of a stream of JSON lines, as they would be published."""
    return [record.payload for record in Records(find_files([str(stream)], "jsonl"), "jsonl")]


@dataclass
class World:
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
def world(mapping_file: Path, workers: int, backlog: Sequence[bytes] = ()) -> Iterator[World]:
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
        listening = World(folder, emulator, topic, emulator.publisher(), None, log)  # type: ignore[arg-type]
        listening.publish(backlog)
        with log.open("wb") as stderr:
            listening.listener = subprocess.Popen(command, env=environment, stderr=stderr)
        try:
            while not listening.entries("listening"):
                time.sleep(0.1)
            yield listening
        finally:
            listening.listener.terminate()
            listening.listener.wait(120)
