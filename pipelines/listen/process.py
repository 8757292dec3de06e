"""The listener's side of one worker: start it, give it a job, learn what came of it or of itself."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

from pipelines.listen.jobs import Died, Done, Hung, Job, Outcome, Ready, Unavailable, Unusable
from pipelines.listen.log import say
from pipelines.listen.worker import WorkerSettings, work
from schemas.errors import TribometerError, UsageError

_START_SECONDS: Final = 120.0
"""Loading the model takes seconds; a machine that needs longer than this has another problem."""
_END_SECONDS: Final = 5.0
"""Between the end of a pipe and the end of its process."""
_LOOK_SECONDS: Final = 1.0
"""A wait that takes twice as long was no wait: the machine or this process was suspended."""

_WORN_BYTES: Final = 500_000_000
"""Resident memory from which a worker is replaced. It comes to 430 MB with the first few thousand messages and then
grows by some 2 MB a minute at 100 messages a second: what thousands of batches leave scattered in its heap."""
_WORN_MESSAGES: Final = 20_000
"""A worker does as many before it is worn, so that one with a large model of its own is not replaced all the time."""

# Not fork: this process has threads, and a child of one that holds a lock never gets it.
_processes: Final = multiprocessing.get_context("spawn")


class WorkerProcess:
    """One child process at a time, replaced when it dies. Used by one thread, except for `kill`."""

    def __init__(self, settings: WorkerSettings, on_start: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._process: SpawnProcess | None = None
        self._pipe: Connection
        self._on_start = on_start
        self._messages = 0

    @property
    def pid(self) -> int | None:
        """Of the process that is alive now."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process and wait until it can work.

        Raises `TribometerError` where it never could, saying why.
        """
        ours, theirs = _processes.Pipe()
        process = _processes.Process(target=work, args=(theirs, self._settings), daemon=True)
        process.start()
        theirs.close()  # else its end would not be seen when it dies
        self._process, self._pipe, self._messages = process, ours, 0
        self._on_start()
        first = self._receive(_START_SECONDS)
        if isinstance(first, Ready):
            return
        self.stop()
        if isinstance(first, Unusable):
            raise UsageError(first.reason) if first.is_usage else TribometerError(first.reason)
        if isinstance(first, Hung):
            raise TribometerError(f"a worker did not start within {_START_SECONDS:.0f} s; is memory short?")
        raise TribometerError(f"a worker ended while it started: {exit_words(first.exit_code)}")

    def do(self, job: Job, seconds: float) -> Outcome:
        """Have one job done; `Died` and `Hung` leave no process behind, the next job starts another."""
        if self._process is None:
            try:
                self.start()
            except TribometerError as error:
                return Unavailable(str(error))
        try:
            self._pipe.send(job)
        except OSError:
            return self._gone()
        answer: Outcome = self._receive(seconds)
        if isinstance(answer, Done):
            self._messages += answer.run.counts.messages
        if isinstance(answer, Hung) or self._is_worn():
            self.stop()
        return answer

    def kill(self) -> None:
        """Kill the process whatever it does; whoever waits for its answer learns that it died. Any thread may."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError):  # closed in the meantime
                process.kill()

    def stop(self) -> None:
        """End the process, now; what it had not committed is delivered again."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._pipe.close()
        self._process = None

    def _is_worn(self) -> bool:
        """Whether the process has grown so much that another should take its place; it holds nothing between jobs."""
        if self._process is None or self._messages < _WORN_MESSAGES:
            return False
        resident_bytes = _resident_bytes(self._process.pid)
        if resident_bytes < _WORN_BYTES:
            return False
        say("worker replaced", resident_bytes=resident_bytes, messages=self._messages)
        return True

    def _receive(self, seconds: float) -> Any:
        try:
            return self._pipe.recv() if self._answers(seconds) else Hung(seconds)
        except (EOFError, OSError):
            return self._gone()

    def _answers(self, within_seconds: float) -> bool:
        """Whether an answer comes in time; time in which this process was stopped as well does not count."""
        left = within_seconds
        while left > 0:
            began = time.monotonic()
            if self._pipe.poll(min(left, _LOOK_SECONDS)):
                return True
            left -= min(time.monotonic() - began, 2 * _LOOK_SECONDS)
        return False

    def _gone(self) -> Died:
        exit_code = None
        if self._process is not None:
            self._process.join(_END_SECONDS)
            exit_code = self._process.exitcode
        self.stop()
        return Died(exit_code)


def _resident_bytes(pid: int | None) -> int:
    """Resident memory of a process; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def exit_words(exit_code: int | None) -> str:
    """How a process ended, in words."""
    if exit_code is None:
        return "for an unknown reason"
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"
