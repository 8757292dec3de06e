"""The listener: receive -> buffer -> workers -> commit -> acknowledge, until it is told to stop."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pipelines.listen.attendant import Attendant, Patience
from pipelines.listen.buffer import Buffer, Limits
from pipelines.listen.health import HealthServer
from pipelines.listen.log import say
from pipelines.listen.metrics import Metrics
from pipelines.listen.process import WorkerProcess
from pipelines.listen.receiver import Receiver
from pipelines.listen.source import MessageSource
from pipelines.listen.worker import WorkerSettings
from schemas.author_key import key_file_to_make
from schemas.errors import TribometerError

_LOOK_SECONDS: Final = 0.2
"""How often the main thread looks around while nothing calls it."""

_DRAIN_IN_TROUBLE_SECONDS: Final = 5.0
"""A stop waits no longer for tables that cannot be written."""

_GIVE_UP_SECONDS: Final = 10.0
"""For handing back what could not be committed."""


@dataclass(frozen=True)
class ListenSettings:
    """How a listener listens; `exit_when_idle` ends it after so many seconds without a message."""

    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    drain_seconds: float = 60.0
    exit_when_idle: float | None = None
    http: tuple[str, int] | None = None


class Listener:
    """One source, one tables folder, `workers` processes. `listen` returns when all that was received is settled."""

    def __init__(
        self,
        source: MessageSource,
        worker: WorkerSettings,
        settings: ListenSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._settings = settings
        self._author_key_file = worker.author_key_file
        self._clock = clock
        self._metrics = Metrics()
        self._buffer = Buffer(settings.limits, settings.workers)
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self._receiver = Receiver(source, self._buffer, self._metrics, self._stop)
        self._workers = [WorkerProcess(worker, self._metrics.worker_starts.inc) for _ in range(settings.workers)]
        self._attendants = [
            Attendant(one, source, self._buffer, self._metrics, clock, self._give_up, settings.patience)
            for one in self._workers
        ]
        self._threads: list[threading.Thread] = []
        self._follow()

    def stop(self) -> None:
        """Receive nothing more, settle what is held, and return from `listen`. Safe in a signal handler."""
        self._stop.set()

    def trouble(self) -> list[str]:
        """Why no message can be received or committed now."""
        told = [self._receiver.trouble, *(attendant.trouble for attendant in self._attendants)]
        if not self._threads:
            told.append("starting")
        if self._stop.is_set():
            told.append("stopping")
        return [reason for reason in told if reason is not None]

    def stuck(self) -> list[str]:
        """Why only a restart would help: a thread that should run and does not."""
        return [f"the thread {thread.name} has ended" for thread in self._threads if not self._alive(thread)]

    def listen(self) -> None:
        """Work until `stop`, or until idle for long enough.

        Raises `TribometerError` when it cannot start, and when something that was held could not be settled before
        it had to end; that is delivered again.
        """
        with self._health(), contextlib.ExitStack() as stack:
            stack.callback(self._source.close)
            for worker in self._workers:
                stack.callback(worker.stop)
            self._source.check()
            self._start_workers()
            self._start_threads()
            say("listening", source=self._source.name, workers=len(self._workers))
            try:
                self._wait()
            finally:
                self._stop.set()
                self._drain()

    @contextlib.contextmanager
    def _health(self) -> Iterator[None]:
        if self._settings.http is None:
            yield
            return
        with HealthServer(self._settings.http, self, self._metrics) as server:
            say("serving /healthz, /readyz and /metrics", address=server.address)
            yield

    def _start_workers(self) -> None:
        """Start one, which makes the tables and says why it cannot, and then the others at once."""
        first, *others = self._workers
        new_key = key_file_to_make(self._author_key_file)
        first.start()
        if new_key is not None:
            say("author key made; back it up", logging.WARNING, file=str(new_key))
        if others:
            with ThreadPoolExecutor(len(others), "starting") as pool:
                list(pool.map(WorkerProcess.start, others))

    def _start_threads(self) -> None:
        self._threads = [
            threading.Thread(target=self._receiver.receive, name="receiver", daemon=True),
            *(
                threading.Thread(target=attendant.attend, name=f"attendant-{number}", daemon=True)
                for number, attendant in enumerate(self._attendants, start=1)
            ),
        ]
        for thread in self._threads:
            thread.start()

    def _wait(self) -> None:
        idle = self._settings.exit_when_idle
        while not self._stop.wait(_LOOK_SECONDS):
            if self.stuck():
                raise TribometerError(f"{', '.join(self.stuck())}; please report this")
            since = time.monotonic() - self._receiver.last_message
            if idle is not None and since >= idle and self._buffer.held == (0, 0):
                say("idle", seconds=idle)
                return

    def _drain(self) -> None:
        """Let what is held be committed and acknowledged, for as long as a drain may take."""
        held, _ = self._buffer.held
        say("stopping", held_messages=held)
        began = time.monotonic()
        receiver, *attendants = self._threads
        receiver.join(self._settings.drain_seconds)
        self._buffer.close()
        while any(thread.is_alive() for thread in attendants):
            in_trouble = any(attendant.trouble for attendant in self._attendants)
            allowed = min(self._settings.drain_seconds, _DRAIN_IN_TROUBLE_SECONDS if in_trouble else math.inf)
            if time.monotonic() - began >= allowed:
                break
            time.sleep(_LOOK_SECONDS)
        self._give_up.set()
        for worker, thread in zip(self._workers, attendants, strict=True):
            if thread.is_alive():
                worker.kill()
            thread.join(_GIVE_UP_SECONDS)
        left = self._buffer.held[0] + sum(attendant.released for attendant in self._attendants)
        if left:
            why = "; ".join(filter(None, (attendant.trouble for attendant in self._attendants)))
            raise TribometerError(
                f"stopped with {left:,} messages uncommitted ({why or 'out of time'}); "
                "they are delivered again, nothing is lost"
            )
        say("stopped")

    def _alive(self, thread: threading.Thread) -> bool:
        return thread.is_alive() or self._stop.is_set()

    def _follow(self) -> None:
        metrics = self._metrics
        metrics.follow(metrics.ready, lambda: not self.trouble())
        metrics.follow(metrics.held, lambda: self._buffer.held[0])
        metrics.follow(metrics.held_bytes, lambda: self._buffer.held[1])
        metrics.follow(metrics.batch_limit, lambda: self._buffer.limit)
        metrics.follow(metrics.workers, lambda: sum(worker.pid is not None for worker in self._workers))
        metrics.follow(metrics.oldest_seconds, self._oldest_seconds)

    def _oldest_seconds(self) -> float:
        oldest = self._buffer.oldest_published_at()
        return 0.0 if oldest is None else max((self._clock() - oldest).total_seconds(), 0.0)
