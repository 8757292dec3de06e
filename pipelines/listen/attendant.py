"""An attendant: one thread that has batches done by one worker process, whatever becomes of the process.

A batch that the process does not survive is done once more, since something else may have killed it, and then
halved until the message is found. That message becomes a dead letter; the others go through. While the tables
cannot be written the attendant waits and tries again: nothing is acknowledged, nothing is given up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipelines.listen.backoff import Backoff
from pipelines.listen.buffer import Buffer
from pipelines.listen.jobs import (
    Defect,
    Died,
    Done,
    Hung,
    Job,
    Refuse,
    RunBatch,
    Unavailable,
    Verdict,
    message_batches,
)
from pipelines.listen.log import say
from pipelines.listen.metrics import Metrics
from pipelines.listen.process import WorkerProcess, exit_words
from pipelines.listen.source import MessageSource, Received, SourceUnavailableError
from schemas.run import Run
from schemas.violations import Violation, ViolationKind

_TRIES: Final = 2
"""A message must have been alone with the process this often when it died or hung before it is blamed."""

_ACKNOWLEDGE_TRIES: Final = 5


@dataclass(frozen=True)
class Patience:
    """How long a worker may take: `seconds` for any batch, and a little more for each message of it."""

    seconds: float = 60.0
    seconds_a_message: float = 0.05

    def of(self, messages: int) -> float:
        """Seconds a batch of so many messages may take."""
        return self.seconds + messages * self.seconds_a_message


class Attendant:
    """Takes batches from the buffer until it is closed and empty; runs in the thread that calls `attend`."""

    def __init__(
        self,
        worker: WorkerProcess,
        source: MessageSource,
        buffer: Buffer,
        metrics: Metrics,
        clock: Callable[[], datetime],
        give_up: threading.Event,
        patience: Patience,
    ) -> None:
        self._worker = worker
        self._source = source
        self._buffer = buffer
        self._metrics = metrics
        self._clock = clock
        self._give_up = give_up
        self._patience = patience
        self.trouble: str | None = None
        """Why batches cannot be committed now."""
        self.released = 0
        """Messages handed back uncommitted."""

    def attend(self) -> None:
        """Settle batch after batch. Returns when the buffer is drained, or `give_up` is set."""
        while batch := self._buffer.take():
            started = time.monotonic()
            self._settle(batch)
            self._metrics.batch_seconds.observe(time.monotonic() - started)

    def _settle(self, batch: list[Received]) -> None:
        parts: list[tuple[list[Received], int]] = [(batch, 0)]  # messages, and deaths over just these
        while parts:
            part, deaths = parts.pop()
            outcome = self._attempt(RunBatch(message_batches(part, self._clock)), part)
            if outcome is None:
                self._release([message for rest, _ in [*parts, (part, 0)] for message in rest])
                return
            if isinstance(outcome, Done):
                self._committed(part, outcome.run)
            elif deaths + 1 < _tries(outcome, part, batch):
                parts.append((part, deaths + 1))
            elif len(part) > 1:
                middle = len(part) // 2
                parts += [(part[middle:], 0), (part[:middle], 0)]
            elif not self._refuse(part, _violation(outcome)):
                self._release([message for rest, _ in parts for message in rest])
                return

    def _attempt(self, job: Job, messages: Sequence[Received]) -> Verdict | None:
        """One outcome that says something of the messages; None when the listener gives up before."""
        backoff = Backoff()
        while not self._give_up.is_set():
            outcome = self._worker.do(job, self._patience.of(len(messages)))
            if isinstance(outcome, Done):
                self.trouble = None
                return outcome
            self._metrics.failures.labels(type(outcome).__name__.lower()).inc()
            if not isinstance(outcome, Unavailable):
                say("batch failed", logging.WARNING, messages=len(messages), why=_words(outcome))
                return outcome
            if self.trouble != outcome.reason:
                say("cannot commit, trying again", logging.ERROR, why=outcome.reason)
            self.trouble = outcome.reason
            self._give_up.wait(backoff.next_seconds())
        return None

    def _refuse(self, messages: list[Received], violation: Violation) -> bool:
        """Make one message a dead letter; False when the listener gives up before."""
        [batch] = message_batches(messages, self._clock)
        say("message refused", logging.ERROR, origin=messages[0].origin, violation=violation.kind.value)
        outcome = self._attempt(Refuse(batch, violation), messages)
        while isinstance(outcome, Died | Hung | Defect):  # killed from outside: nothing reads the message here
            outcome = self._attempt(Refuse(batch, violation), messages)
        if outcome is None:
            self._release(messages)
            return False
        self._committed(messages, outcome.run)
        return True

    def _committed(self, messages: list[Received], run: Run) -> None:
        for name in ("accepted", "duplicate", "dead", "suppressed"):
            self._metrics.messages.labels(name).inc(getattr(run.counts, name))
        self._metrics.batches.inc()
        self._metrics.batch_messages.observe(len(messages))
        self._metrics.conflicts.inc(run.conflicts)
        for message in messages:
            if message.published_at is not None:
                lag = (run.finished_at - message.published_at).total_seconds()
                self._metrics.lag_seconds.observe(max(lag, 0.0))
        say(
            "batch committed",
            batch_id=run.batch_id,
            messages=run.counts.messages,
            accepted=run.counts.accepted,
            duplicate=run.counts.duplicate,
            dead=run.counts.dead,
            suppressed=run.counts.suppressed,
            seconds=round((run.finished_at - run.started_at).total_seconds(), 3),
        )
        self._acknowledge(messages)

    def _acknowledge(self, messages: list[Received]) -> None:
        backoff = Backoff()
        for _ in range(_ACKNOWLEDGE_TRIES):
            try:
                self._source.acknowledge(messages)
            except SourceUnavailableError as error:
                self._metrics.source_errors.inc()
                say("cannot acknowledge, trying again", logging.WARNING, why=str(error))
                self._give_up.wait(backoff.next_seconds())
            else:
                self._metrics.acknowledged.inc(len(messages))
                break
        else:
            say(
                "not acknowledged; they will come again and be recognised", logging.WARNING, messages=len(messages)
            )
            self._source.release(messages)
        self._buffer.settled(messages)

    def _release(self, messages: list[Received]) -> None:
        self._source.release(messages)
        self._metrics.released.inc(len(messages))
        self.released += len(messages)
        self._buffer.settled(messages)


def _tries(outcome: Verdict, part: list[Received], batch: list[Received]) -> int:
    """How often these messages are tried before they are halved or blamed.

    Something else may kill a worker once, or stop it for a while. A whole batch that hung is halved at once: to wait
    as long again for all of it would help nobody.
    """
    if isinstance(outcome, Died):
        return _TRIES if part is batch or len(part) == 1 else 1
    return _TRIES if isinstance(outcome, Hung) and len(part) == 1 else 1


def _violation(outcome: Verdict) -> Violation:
    if isinstance(outcome, Died):
        return Violation(
            ViolationKind.PROCESS_DIED, f"the process ended on this message: {exit_words(outcome.exit_code)}"
        )
    if isinstance(outcome, Hung):
        return Violation(
            ViolationKind.PROCESS_HUNG,
            f"the process did not finish this message in {outcome.seconds:.0f} s",
            evidence={"maximum_seconds": outcome.seconds},
        )
    return Violation(ViolationKind.DEFECT, f"the program failed on this message: {_words(outcome)}")


def _words(outcome: Verdict) -> str:
    if isinstance(outcome, Died):
        return f"the worker ended: {exit_words(outcome.exit_code)}"
    if isinstance(outcome, Hung):
        return f"the worker did not answer in {outcome.seconds:.0f} s"
    return outcome.reason if isinstance(outcome, Defect) else "done"
