"""How long a worker is waited for, by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.listen import process as module
from pipelines.listen.jobs import Hung, Ready
from pipelines.listen.process import WorkerProcess
from pipelines.listen.worker import WorkerSettings
from schemas.mapping import load_mapping


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
