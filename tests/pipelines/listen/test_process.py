"""How long a worker is waited for, by a clock of the test's own."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pipelines.listen import process as module
from pipelines.listen.jobs import Done, Hung, Ready, RunBatch
from pipelines.listen.process import WorkerProcess
from pipelines.listen.worker import WorkerSettings
from schemas.mapping import load_mapping
from tests.pipelines.listen.test_attendant import done


class ScriptedPipe:
    """Each look takes as long as the script says, whatever was asked; it answers when the script has ended."""

    def __init__(self, looks: Iterator[float]) -> None:
        self.looks = looks
        self.now = 0.0

    def poll(self, seconds: float) -> bool:
        took = next(self.looks, None)
        self.now += 0.0 if took is None else took
        return took is None

    def recv(self) -> Ready:
        return Ready()


@pytest.mark.parametrize(
    ("looks", "answered"),
    [([1.0] * 9, True), ([1.0] * 11, False), ([1.0, 300.0, 1.0], True), ([300.0] * 6, False)],
    ids=["in time", "too late", "suspended meanwhile", "suspended again and again"],
)
def test_time_in_which_the_listener_itself_was_stopped_does_not_count(
    looks: list[float], answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = ScriptedPipe(iter(looks))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: pipe.now))
    worker = WorkerProcess(WorkerSettings("tables", load_mapping("feedback_event"), Path("key")))
    worker._pipe = pipe  # type: ignore[assignment]
    assert worker._receive(10.0) == (Ready() if answered else Hung(10.0))


def _worker_with_a_child(
    messages: int, resident_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[WorkerProcess, Connection]:
    """A worker whose process answers one job of `messages`; it is another program, and so is how large it is."""
    worker = WorkerProcess(WorkerSettings("tables", load_mapping("feedback_event"), Path("key")))
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,), daemon=True)
    process.start()
    worker._process, worker._pipe = process, ours
    theirs.send(done(messages))
    monkeypatch.setattr(module, "_resident_bytes", lambda pid: resident_bytes if pid == process.pid else 0)
    return worker, theirs


@pytest.mark.parametrize(
    ("messages", "resident_bytes", "stays"),
    [(20_000, 499_999_999, True), (19_999, 600_000_000, True), (20_000, 500_000_000, False)],
    ids=["small", "young", "worn"],
)
def test_a_worker_that_has_grown_makes_room_for_another(
    messages: int, resident_bytes: int, stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _other_end = _worker_with_a_child(messages, resident_bytes, monkeypatch)
    pid = worker.pid
    assert isinstance(worker.do(RunBatch([]), 10.0), Done)
    assert worker.pid == (pid if stays else None)
    worker.stop()


def test_the_size_of_a_process_is_that_of_the_system() -> None:
    resident = module._resident_bytes(os.getpid())
    assert abs(resident - psutil.Process().memory_info().rss) < 50_000_000
    assert module._resident_bytes(2**22 + 1) == 0
