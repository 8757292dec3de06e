"""A worker: a process of its own that scores and commits batches, so that a message can kill it and not the listener.

It lives as long as the pipe to its listener: when the listener is gone it finishes what it has and ends. What it
then commits was never acknowledged, is delivered again, and recognised. Beam, spaCy and the tables are imported in
`work` only: the listener imports this module and needs none of them.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import signal
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.clock import utc_now
from pipelines.listen.jobs import Answer, Defect, Done, Job, Ready, RunBatch, Unavailable, Unusable
from schemas.errors import TribometerError, UsageError
from schemas.mapping import SourceMapping

if TYPE_CHECKING:
    from pipelines.embedded import EmbeddedHost

_M_ARENA_MAX: Final = -8
"""From glibc's malloc.h."""


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs to know before its first batch; crosses to its process."""

    tables: str
    mapping: SourceMapping
    author_key_file: Path | None = None
    model: str | None = None
    keep_raw: bool = True


def work(connection: Connection, settings: WorkerSettings) -> None:
    """Answer jobs until the connection closes."""
    # Signals are the listener's business: it drains, and the pipe tells when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.basicConfig(level=logging.CRITICAL)
    _offer_to_the_kernel()
    _share_one_heap()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            host = _host(settings)
        except TribometerError as error:
            connection.send(Unusable(str(error), isinstance(error, UsageError)))
            return
        connection.send(Ready())
        while True:
            connection.send(_answer(host, connection.recv()))
            _give_memory_back()


def _host(settings: WorkerSettings) -> EmbeddedHost:
    from pipelines.embedded import EmbeddedHost

    host = EmbeddedHost(
        command="listen",
        tables=settings.tables,
        mapping=settings.mapping,
        clock=utc_now,
        author_key_file=settings.author_key_file,
        model=settings.model,
        keep_raw=settings.keep_raw,
    )
    host.prepare()
    gc.collect()
    gc.freeze()  # what lives as long as the worker need not be looked through again after every batch
    return host


def _answer(host: EmbeddedHost, job: Job) -> Answer:
    try:
        if isinstance(job, RunBatch):
            return Done(host.run(job.batches))
        return Done(host.refuse(job.batch, job.violation))
    except Exception as error:  # noqa: BLE001 - whatever a step raises, the listener must hear of it
        causes: list[BaseException] = [error]
        while causes[-1].__context__ is not None:
            causes.append(causes[-1].__context__)
        for cause in causes:
            if _is_of_the_environment(cause):
                return Unavailable(" ".join(str(cause).split()) or type(cause).__name__)
        return Defect(_where(causes[-1]))


def _is_of_the_environment(error: BaseException) -> bool:
    """Errors that no message causes: the same batch may pass a minute later."""
    import duckdb
    from deltalake.exceptions import DeltaError

    return isinstance(error, TribometerError | OSError | DeltaError | duckdb.IOException)


def _where(error: BaseException) -> str:
    """Type and place of an error, without its text, which may quote a message."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _give_memory_back() -> None:
    """Return what the batch needed to the system: allocators keep it, and a worker lives for months.

    Costs some milliseconds a batch, while nobody waits for the worker.
    """
    import pyarrow as pa

    gc.collect()
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def _share_one_heap() -> None:
    """Beam starts threads for every batch; with a heap for each, what they leave behind is scattered."""
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _offer_to_the_kernel() -> None:
    """When memory runs out, let it be the worker that is killed: the listener starts another."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
