"""Rescore: stored events get the scores of another model, beside those they have.

Day by day: what lacks scores of the model is read from a snapshot of `feedback`, scored in chunks, written to `scores`,
and committed in one transaction, so that readers see all of a day's new scores or none. Sparse days share a
transaction. A score's identity is that of its revision and model, and a commit drops what is there already
(`transforms.commit`): killed anywhere and run again, or run twice at once, it ends in the same rows.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from models.scorer import Scorer
from pipelines.tables.stored_rows import place_of, read_chunks
from schemas.errors import DamagedFileError, StaleSnapshotError, TribometerError, UsageError
from schemas.event import INVALID_DAY
from schemas.identity import score_id
from schemas.run import Counts, Run
from schemas.tables import FEEDBACK, RUNS, SCORES
from transforms.commit import append, commit
from transforms.delta import (
    DataFile,
    LiveFile,
    StagedFileTakenError,
    active_files,
    live_files,
    open_or_create,
    open_table,
)
from transforms.elements import Clock
from transforms.failpoints import failpoint
from transforms.identities import known_identities
from transforms.rescore import RESCORED_BY, rescore
from transforms.write import write

COMMAND: Final = "rescore"
"""As `runs` names it."""

_DAY: Final = str(SCORES.partition)

BATCH_ROWS: Final = 10_000
"""Rows of one file, and of days that share a transaction; a day of more rows is several files of one transaction."""

_CHUNK_ROWS: Final = 500
_CHUNK_BYTES: Final = 16 << 20
"""Rows read and scored at a time, and what they may take in memory by the mean size of the file's rows."""

_PASSES: Final = 3
"""Times the table is gone through: rows that came in during a pass are scored by the next."""

_ATTEMPTS: Final = 5
"""Compaction or an erasure takes files of a batch away once; more of them may follow one another."""

OnProgress = Callable[[int, int], None]
"""Told of rows that are done, and of rows there are."""

Each = Callable[[Callable[[Sequence[str]], "Rescored"], Iterable[Sequence[str]]], Iterable["Rescored"]]
"""A way to call a function for several lists of days, such as `map`."""


@dataclass(frozen=True)
class Rescored:
    """Rows of `feedback` by what became of them: given scores now, or before, or left out because of an erasure."""

    scored: int = 0
    before: int = 0
    suppressed: int = 0

    @property
    def rows(self) -> int:
        """All that were looked at."""
        return self.scored + self.before + self.suppressed

    def __add__(self, other: Rescored) -> Rescored:
        return Rescored(self.scored + other.scored, self.before + other.before, self.suppressed + other.suppressed)


@dataclass(frozen=True)
class Days:
    """Days from `since` to `until`, both included, either open. An impossible date is in the open range only."""

    since: date | None = None
    until: date | None = None

    def __contains__(self, label: object) -> bool:
        if label == INVALID_DAY:
            return self.since is None and self.until is None
        day = date.fromisoformat(str(label))
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


@dataclass
class Rescorer:
    """Gives rows of `feedback` below `root` scores of `scorer`; `on_progress` is told of rows while they are scored."""

    root: str
    scorer: Scorer
    clock: Clock
    days: Days = field(default_factory=Days)
    on_progress: OnProgress = lambda done, total: None
    _before_batch: int = field(default=0, init=False)
    _in_all: int = field(default=0, init=False)

    def run(self, each: Each = map) -> Rescored:
        """Score every row of `days` that lacks scores of this model, rows included that come in meanwhile.

        `each` calls `batch` for several lists of days, in any order, here or in other processes. Raises
        `UsageError` where there is no feedback, `TribometerError` where a file of the snapshot cannot be read; what was
        committed before stays.
        """
        if open_table(self.root, FEEDBACK) is None:
            raise UsageError(
                f"{self.root}: holds no feedback; name the folder given to `tribometer replay --tables`"
            )
        # Before any file is written: an erasure looks into a table that has a log.
        open_or_create(self.root, SCORES)
        total = Rescored()
        looked_at: dict[str, frozenset[LiveFile]] = {}
        for number in range(_PASSES):
            there = _files_by_day(self.root, self.days)
            changed = {day: files for day, files in there.items() if files != looked_at.get(day)}
            self._in_all = sum(file.rows for files in changed.values() for file in files)
            self._before_batch = 0
            done = Rescored()
            for one in each(self.batch, list(_batches(changed))):
                done += one
                self._before_batch = done.rows
                self.on_progress(done.rows, self._in_all)
            total += done if number == 0 else replace(done, before=0)  # counted by the first pass
            if not done.scored:
                break
            looked_at |= changed
        return total

    def batch(self, days: Sequence[str]) -> Rescored:
        """Score the rows of a few days and commit them in one transaction, with a row in `runs`.

        A batch that compaction or an erasure overtakes is run again.
        """
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(StaleSnapshotError, StagedFileTakenError):
                return self._batch(days)
        return self._batch(days)

    def _batch(self, days: Sequence[str]) -> Rescored:
        started_at, batch_id = self.clock(), uuid.uuid4().hex
        table = open_table(self.root, FEEDBACK)
        wanted = frozenset(days)
        files = [] if table is None else [file for file in live_files(table) if file.partition in wanted]
        rows, missing = self._without_scores(files, days)
        if not missing:
            return Rescored(before=rows)
        staged, text_bytes = self._stage(files, missing, batch_id)
        failpoint("after_stage")
        committed = commit(self.root, SCORES, staged, batch_id=batch_id)
        counts = Counts(
            messages=rows,
            message_bytes=text_bytes,
            accepted=committed.added,
            duplicate=rows - len(missing) + committed.duplicate,
            suppressed=committed.suppressed,
        )
        if not counts.conserved:
            raise TribometerError(f"batch {batch_id}: rows do not add up: {counts}; please report this")
        run = Run(
            batch_id=batch_id,
            command=COMMAND,
            source=FEEDBACK.name,
            started_at=started_at,
            finished_at=self.clock(),
            counts=counts,
            model_version=self.scorer.version,
            tribometer_version=version("tribometer"),
            conflicts=committed.conflicts,
        )
        append(self.root, RUNS, run.row(), batch_id=batch_id, written_at=run.finished_at)
        return Rescored(counts.accepted, counts.duplicate, counts.suppressed)

    def _without_scores(self, files: Sequence[LiveFile], days: Sequence[str]) -> tuple[int, frozenset[str]]:
        """How many rows the files have, and the event_id of those that no score of this model is of."""
        rows = 0
        candidates: list[str] = []
        for file in files:
            for chunk in self._read(file, ("event_id", "model_version")):
                rows += chunk.num_rows
                other = pc.not_equal(chunk.column("model_version"), self.scorer.version).fill_null(True)
                candidates += chunk.column("event_id").filter(other).to_pylist()
        ids = {score_id(event_id, self.scorer.version): event_id for event_id in candidates}
        present = active_files(open_or_create(self.root, SCORES), days)
        if present and ids:
            for known in known_identities(present, str(SCORES.identity), pa.table({"id": list(ids)})).to_pylist():
                del ids[known]
        return rows, frozenset(ids.values())

    def _stage(
        self, files: Sequence[LiveFile], missing: frozenset[str], batch_id: str
    ) -> tuple[list[DataFile], int]:
        """Score the `missing` rows and write them, all with one stamp; the files, and how long the texts were."""
        written_at = self.clock()
        staged: list[DataFile] = []
        waiting: list[pa.RecordBatch] = []
        rows_scored = text_bytes = 0

        def put_down() -> None:
            staged.extend(write(self.root, SCORES, waiting, batch_id=batch_id, clock=lambda: written_at))
            waiting.clear()

        for rows in self._gathered(files, missing):
            text_bytes += pc.sum(pc.binary_length(rows.column("text"))).as_py()
            scored = rescore(rows, self.scorer)
            rows_scored += scored.num_rows
            self.on_progress(self._before_batch + rows_scored, self._in_all)
            waiting.append(scored.append_column(_DAY, rows.column(_DAY)))
            if sum(one.num_rows for one in waiting) >= BATCH_ROWS:
                put_down()
        if waiting:
            put_down()
        return staged, text_bytes

    def _gathered(self, files: Sequence[LiveFile], missing: frozenset[str]) -> Iterator[pa.RecordBatch]:
        """The `missing` rows with their day, some hundreds at a time however small the files: a call of the scorer has
        a cost of its own."""
        held: list[pa.RecordBatch] = []
        for file in files:
            day = pa.scalar(file.partition, pa.string())
            for chunk in self._read(file, RESCORED_BY):
                rows = chunk.filter(
                    pa.array([one in missing for one in chunk.column("event_id").to_pylist()], pa.bool_())
                )
                held.append(rows.append_column(_DAY, pa.repeat(day, rows.num_rows)))
                full = sum(one.num_rows for one in held) >= _CHUNK_ROWS
                if full or sum(one.nbytes for one in held) >= _CHUNK_BYTES:
                    yield pa.concat_batches(held)
                    held = []
        if any(one.num_rows for one in held):
            yield pa.concat_batches(held)

    def _read(self, file: LiveFile, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        path = place_of(self.root, FEEDBACK, file)
        try:
            yield from read_chunks(path, names, rows=_CHUNK_ROWS, size_bytes=_CHUNK_BYTES)
        except FileNotFoundError as error:
            raise StaleSnapshotError(f"{path} is gone; a newer snapshot does not need it") from error
        except (pa.ArrowException, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise DamagedFileError(
                f"{path} cannot be read ({reason}); `tribometer tables verify` says what to do"
            ) from error


def _files_by_day(root: str, days: Days) -> dict[str, frozenset[LiveFile]]:
    table = open_table(root, FEEDBACK)
    found = defaultdict(set)
    for file in [] if table is None else live_files(table):
        if file.partition in days:
            found[str(file.partition)].add(file)
    return {day: frozenset(files) for day, files in sorted(found.items())}


def _batches(days: Mapping[str, Iterable[LiveFile]]) -> Iterator[list[str]]:
    """Days that follow one another, up to `BATCH_ROWS` rows; a larger day stands alone."""
    batch: list[str] = []
    rows = 0
    for day, files in days.items():
        more = sum(file.rows for file in files)
        if batch and rows + more > BATCH_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(day)
        rows += more
    if batch:
        yield batch
