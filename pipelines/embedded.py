"""The embedded host: one batch of messages through the graph, in this process.

pull -> run the bounded graph -> commit -> fsync -> (the caller acknowledges). No server, no JVM. When `run`
returns, every message of the batch is in a committed table and on disk; when it raises, run the batch again:
whatever it had committed is recognised.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Final

import apache_beam as beam
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

from pipelines.graph import GraphConfig, build, claim_tables
from pipelines.handoff import Desk, OnTaken, TakeMessages
from schemas import tables
from schemas.author_key import load_keyring
from schemas.dead_letter import DeadLetter, dead_letter_batch
from schemas.errors import TribometerError
from schemas.mapping import SourceMapping
from schemas.run import Counts, Run
from schemas.violations import Violation
from transforms.commit import append, commit
from transforms.delta import StagedFileTakenError
from transforms.elements import Clock, MessageBatch
from transforms.score import load_scorer
from transforms.write import write

_OVERTAKEN_ATTEMPTS: Final = 3
"""An erasure takes files of a batch once; more erasures may follow one another."""


@dataclass(frozen=True)
class EmbeddedHost:
    """Runs batches of one source into one tables folder; `command` is recorded with each run.

    The graph is built and translated once: that is two thirds of what a small batch would cost.
    """

    command: str
    tables: str
    mapping: SourceMapping
    clock: Clock
    author_key_file: Path | None = None
    model: str | None = None
    keep_raw: bool = True
    _desk: Desk = field(default_factory=Desk)

    def prepare(self) -> None:
        """Load the model and make the tables, so that the first batch finds what it needs.

        Raises `TribometerError` where the tables were written with another author key.
        """
        load_scorer(self.model)
        claim_tables(self.tables, self._author_key_id)

    def run(self, batches: Sequence[MessageBatch], on_taken: OnTaken = lambda _: None) -> Run:
        """Commit one batch and say what became of its messages.

        A batch that an erasure overtakes is run again: then it is read without the erased rows.
        """
        for _ in range(_OVERTAKEN_ATTEMPTS):
            with contextlib.suppress(StagedFileTakenError):
                return self._run(batches, on_taken)
            on_taken = _ignore  # the batch has been reported once
        return self._run(batches, on_taken)

    def _run(self, batches: Sequence[MessageBatch], on_taken: OnTaken) -> Run:
        started_at = self.clock()
        batch_id = uuid.uuid4().hex
        graph = beam_runner_api_pb2.Pipeline()
        graph.CopyFrom(self._graph)  # the runner changes what it is given
        with self._desk.lend(batch_id, batches, on_taken), _original_errors(self.tables):
            result = FnApiRunner().run_via_runner_api(graph, PipelineOptions([]))
            result.wait_until_finish()
        return self._record(batch_id, started_at, batches, _counted(result))

    def refuse(self, batch: MessageBatch, violation: Violation) -> Run:
        """Commit the messages of `batch` as dead letters, unread: no process survives reading them."""
        started_at = self.clock()
        batch_id = uuid.uuid4().hex
        letters = [
            DeadLetter(
                self.mapping.source, "worker", violation, origin, batch.received_at, payload, batch.attempts,
                batch.header,
            )
            for payload, origin in zip(batch.payloads, batch.origins, strict=True)
        ]  # fmt: skip
        rows = [dead_letter_batch(letters)]
        files = write(self.tables, tables.DEAD_LETTERS, rows, batch_id=batch_id, clock=self.clock)
        committed = commit(self.tables, tables.DEAD_LETTERS, files, batch_id=batch_id)
        counted = {
            "commit/dead_letters_added": committed.added,
            "commit/dead_letters_duplicate": committed.duplicate,
            "commit/dead_letters_suppressed": committed.suppressed,
            "commit/conflicts": committed.conflicts,
        }
        return self._record(batch_id, started_at, [batch], counted)

    def _record(
        self, batch_id: str, started_at: datetime, batches: Sequence[MessageBatch], counted: Mapping[str, int]
    ) -> Run:
        """Check that every message is accounted for, and say so in `runs`."""
        counts = _counts(batches, counted)
        if not counts.conserved:
            raise TribometerError(f"batch {batch_id}: messages do not add up: {counts}; please report this")
        run = Run(
            batch_id=batch_id,
            command=self.command,
            source=self.mapping.source,
            started_at=started_at,
            finished_at=self.clock(),
            counts=counts,
            model_version=load_scorer(self.model).version,
            tribometer_version=version("tribometer"),
            conflicts=counted.get("commit/conflicts", 0),
        )
        append(self.tables, tables.RUNS, run.row(), batch_id=batch_id, written_at=run.finished_at)
        return run

    @cached_property
    def _author_key_id(self) -> str:
        return load_keyring(self.author_key_file).key_id

    @cached_property
    def _graph(self) -> beam_runner_api_pb2.Pipeline:
        config = GraphConfig(
            tables=self.tables,
            mapping=self.mapping,
            author_key_file=self.author_key_file,
            author_key_id=self._author_key_id,
            batch_id=self._desk.batch_id,
            clock=self.clock,
            model=self.model,
            keep_raw=self.keep_raw,
        )
        pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
        build(pipeline | "TakeMessages" >> TakeMessages(self._desk), config)
        shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)  # Beam removes it after a run of its own only
        return pipeline.to_runner_api(default_environment=EmbeddedPythonEnvironment.default())


def _ignore(batch: MessageBatch) -> None:
    """An `OnTaken` that tells nobody."""


@contextlib.contextmanager
def _original_errors(tables_folder: str) -> Iterator[None]:
    """Give back the error a step raised: the runner raises another in its place, for an interrupt too."""
    try:
        yield
    except Exception as raised:
        chain: list[BaseException] = [raised]
        while chain[-1].__context__ is not None:
            chain.append(chain[-1].__context__)
        cause = next((one for one in reversed(chain) if isinstance(one, TribometerError)), chain[-1])
        if isinstance(cause, KeyboardInterrupt | TribometerError):
            raise cause from None
        if isinstance(cause, OSError):
            raise TribometerError(
                f"{cause.filename or tables_folder}: {_reason(cause)}; mend it and run the command again, "
                "what was committed stays"
            ) from cause
        raise


def _reason(error: OSError) -> str:
    """Why, in one line; delta-rs reports a chain of causes in colour, the last of which is the system's."""
    if error.strerror:
        return error.strerror
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split("↳")[-1].strip()


def _counted(result: object) -> dict[str, int]:
    """What the commits and the suppression counted, by step and name."""
    query = result.metrics().query(MetricsFilter().with_namespace("commit").with_namespace("suppress"))  # type: ignore[attr-defined]
    counted: Counter[str] = Counter()
    for counter in query["counters"]:  # a step that has several places counts in each
        counted[f"{counter.key.metric.namespace}/{counter.key.metric.name}"] += counter.committed
    return counted


def _counts(batches: Sequence[MessageBatch], counted: Mapping[str, int]) -> Counts:
    """Messages as handed in, outcomes as counted by the commits: two independent sides of the law."""
    return Counts(
        messages=sum(len(batch) for batch in batches),
        message_bytes=sum(len(payload) for batch in batches for payload in batch.payloads),
        accepted=counted.get("commit/feedback_added", 0),
        duplicate=counted.get("commit/feedback_duplicate", 0) + counted.get("commit/dead_letters_duplicate", 0),
        dead=counted.get("commit/dead_letters_added", 0),
        suppressed=counted.get("suppress/suppressed", 0)
        + counted.get("commit/feedback_suppressed", 0)
        + counted.get("commit/dead_letters_suppressed", 0),
    )
