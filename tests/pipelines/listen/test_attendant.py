"""Whatever becomes of a worker, every message is acknowledged after a commit, refused alone, or handed back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from pipelines.listen import attendant as module
from pipelines.listen.attendant import Attendant, Patience
from pipelines.listen.buffer import Buffer, Limits
from pipelines.listen.jobs import Defect, Died, Done, Hung, Job, Outcome, Refuse, RunBatch, Unavailable
from pipelines.listen.metrics import Metrics
from pipelines.listen.process import WorkerProcess
from schemas.run import Counts, Run
from schemas.violations import ViolationKind
from tests.pipelines.listen.messages import NOON, ScriptedSource, received


class ScriptedWorker(WorkerProcess):
    """Does jobs by a script, and keeps what it committed and refused."""

    def __init__(self, verdict: Callable[[list[bytes]], Outcome | None]) -> None:
        self.verdict = verdict
        self.jobs = 0
        self.committed: list[bytes] = []
        self.refused: list[tuple[bytes, ViolationKind, str]] = []

    def do(self, job: Job, seconds: float) -> Outcome:
        self.jobs += 1
        if isinstance(job, Refuse):
            self.refused.append((job.batch.payloads[0], job.violation.kind, job.violation.reason))
            return done(1, dead=1)
        assert isinstance(job, RunBatch)
        payloads = [payload for batch in job.batches for payload in batch.payloads]
        outcome = self.verdict(payloads)
        if outcome is not None:
            return outcome
        self.committed += payloads
        return done(len(payloads))


def done(messages: int, dead: int = 0) -> Done:
    counts = Counts(messages=messages, accepted=messages - dead, dead=dead)
    finished_at = NOON + timedelta(seconds=3)
    return Done(Run("b", "listen", "s", NOON, finished_at, counts, "m", "0", conflicts=2))


def attend(
    source: ScriptedSource, worker: WorkerProcess, messages: Iterable[int], give_up: threading.Event | None = None
) -> tuple[Buffer, Metrics]:
    buffer, metrics = Buffer(Limits(linger_seconds=0)), Metrics()
    buffer.put([received(number, published_at=NOON) for number in messages])
    buffer.close()
    Attendant(worker, source, buffer, metrics, lambda: NOON, give_up or threading.Event(), Patience()).attend()
    return buffer, metrics


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.Backoff, "next_seconds", lambda self: 0.0)


def test_a_committed_batch_is_acknowledged_and_counted() -> None:
    source, worker = ScriptedSource(), ScriptedWorker(lambda payloads: None)
    buffer, metrics = attend(source, worker, range(10))
    assert len(source.acknowledged) == 10
    assert buffer.held == (0, 0)
    text = metrics.exposition().decode()
    assert 'tribometer_messages_total{outcome="accepted"} 10.0' in text
    assert "tribometer_commit_conflicts_total 2.0" in text
    assert "tribometer_lag_seconds_sum 30.0" in text


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Died(-9), ViolationKind.PROCESS_DIED),
        (Hung(60.0), ViolationKind.PROCESS_HUNG),
        (Defect("ValueError at redact.py:7"), ViolationKind.DEFECT),
    ],
)
def test_the_message_that_no_worker_survives_is_found_and_refused_alone(
    outcome: Outcome, kind: ViolationKind
) -> None:
    source = ScriptedSource()
    worker = ScriptedWorker(lambda payloads: outcome if any(b'"id": "37"' in one for one in payloads) else None)
    buffer, _ = attend(source, worker, range(100))
    assert [kind for _, kind, _ in worker.refused] == [kind]
    assert b'"id": "37"' in worker.refused[0][0]
    assert len(worker.committed) == 99
    assert len(source.acknowledged) == 100
    assert buffer.held == (0, 0)
    assert worker.jobs < 25, "halving, not one by one"


def test_two_bad_messages_are_both_found() -> None:
    source = ScriptedSource()
    bad = (b'"id": "3"', b'"id": "64"')
    worker = ScriptedWorker(
        lambda payloads: Died(-11) if any(mark in one for mark in bad for one in payloads) else None
    )
    attend(source, worker, range(100))
    assert len(worker.refused) == 2
    assert "signal 11" in worker.refused[0][2]
    assert len(worker.committed) == 98


def test_a_worker_killed_from_outside_costs_no_message() -> None:
    deaths = iter([Died(-9)])
    source, worker = ScriptedSource(), ScriptedWorker(lambda payloads: next(deaths, None))
    attend(source, worker, range(100))
    assert worker.refused == []
    assert worker.jobs == 2
    assert len(source.acknowledged) == 100


@pytest.mark.parametrize("once", [Died(-9), Hung(60.0)])
def test_one_message_is_not_blamed_for_what_happened_once(once: Outcome) -> None:
    outcomes = iter([once])
    source, worker = ScriptedSource(), ScriptedWorker(lambda payloads: next(outcomes, None))
    attend(source, worker, range(1))
    assert worker.refused == []
    assert len(worker.committed) == 1
    assert len(source.acknowledged) == 1


def test_while_the_tables_cannot_be_written_nothing_is_acknowledged_nor_refused() -> None:
    source = ScriptedSource()
    seen: list[int] = []

    def verdict(payloads: list[bytes]) -> Outcome | None:
        seen.append(len(source.acknowledged))
        return Unavailable("disk full") if len(seen) < 5 else None

    worker = ScriptedWorker(verdict)
    attend(source, worker, range(10))
    assert seen == [0] * 5
    assert worker.refused == []
    assert len(source.acknowledged) == 10


def test_giving_up_hands_back_what_is_not_committed() -> None:
    source, give_up = ScriptedSource(), threading.Event()

    def verdict(payloads: list[bytes]) -> Outcome | None:
        if len(payloads) > 1:
            return Defect("KeyError")
        give_up.set()
        return Unavailable("disk full")

    worker = ScriptedWorker(verdict)
    buffer, metrics = attend(source, worker, range(8), give_up)
    assert source.acknowledged == []
    assert sorted(int(message.lease) for message in source.released) == list(range(8))
    assert buffer.held == (0, 0)
    assert "tribometer_released_messages_total 8.0" in metrics.exposition().decode()


def test_an_acknowledgement_is_tried_again_and_then_left_to_redelivery() -> None:
    source, worker = ScriptedSource(), ScriptedWorker(lambda payloads: None)
    source.refusals = 2
    attend(source, worker, range(3))
    assert len(source.acknowledged) == 3
    source.refusals = 99
    buffer, _ = attend(source, worker, range(3))
    assert len(source.acknowledged) == 3
    assert len(source.released) == 3
    assert buffer.held == (0, 0)
