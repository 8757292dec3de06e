"""Processes that re-score days beside one another, each with the model loaded once.

They end with the process that began them, killed or not: what they had not committed is scored by the next run.
Beam, spaCy and the tables are imported where a process begins to score, after its log has been silenced.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.clock import utc_now
from schemas.errors import TribometerError

if TYPE_CHECKING:
    from pipelines.rescore import Each, Rescored


@contextmanager
def rescoring_workers(count: int, root: str, model: str | None) -> Iterator[Each]:
    """A way to call `Rescorer.batch` for many lists of days in `count` processes; `model` is a folder.

    Results come as they are ready. An error of one batch, or Ctrl-C, ends the others where they are.
    """
    # Spawned, not forked: a child of a process with threads may inherit a lock that nobody will release.
    context = multiprocessing.get_context("spawn")
    others = multiprocessing.active_children()
    executor = ProcessPoolExecutor(count, context, _prepare)

    def each(_: Callable[[Sequence[str]], Rescored], batches: Iterable[Sequence[str]]) -> Iterator[Rescored]:
        for future in as_completed([executor.submit(_rescore, root, model, days) for days in batches]):
            yield future.result()

    try:
        yield each
    except BrokenProcessPool as error:
        raise TribometerError(
            "a worker process died, perhaps for want of memory; run it again with fewer --workers to go on"
        ) from error
    finally:
        for child in multiprocessing.active_children():
            if child not in others:
                child.terminate()
        executor.shutdown(cancel_futures=True)


def _prepare() -> None:
    logging.basicConfig(level=logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears of Ctrl-C and ends this process
    threading.Thread(target=_end_with_the_parent, name="parent", daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _rescore(root: str, model: str | None, days: Sequence[str]) -> Rescored:
    from models.scorer import load_scorer
    from pipelines.rescore import Rescorer

    return Rescorer(root, load_scorer(model), utc_now).batch(days)
