"""Erase: an author's or an event's rows leave every table, every file and every later replay.

1. The suppression is committed: batches that begin from now on drop what must not be stored (`transforms/suppress.py`).
2. Each table is rewritten without the rows, then barred once: a batch that read the suppressions before step 1 has
   either committed, and its rows are found here, or it fails to commit, reads them again and drops the rows
   (`transforms/commit.py`). Dead letters, raw, theme mentions and scores come before feedback, whose rows say what to
   look for in them.
3. Files that hold such rows and that no snapshot names are deleted: those just replaced, those compaction replaced
   before, those a killed writer left, and the rollups of the days that changed. A writer in flight may still mean to
   commit one of them. After the barrier it has to look into the file for suppressed rows first, finds it gone, and
   runs its batch again.
4. The log of erasures gets a signed row.

Killed anywhere and run again it ends in the same state: each step looks for what is left to do.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from pipelines.rollup.tidy import sweep
from pipelines.snapshot import open_snapshot
from pipelines.tables.erasures import erasure_log, suppressions
from pipelines.tables.stored_rows import place_of, read_columns, stored_paths
from pipelines.tables.subjects import Subject, Subjects
from schemas.erasure import Erasure
from schemas.errors import StaleSnapshotError, TribometerError
from schemas.identity import AuthorKeyring, suppression_id
from schemas.tables import DEAD_LETTERS, ERASURES, FEEDBACK, RAW, SCORES, SUPPRESSIONS, THEME_MENTIONS, TableSpec
from transforms.commit import append
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    DataFile,
    LiveFile,
    active_files,
    fsync,
    live_files,
    make_durable,
    open_or_create,
    open_table,
    replace_files,
    require_version,
    table_path,
)
from transforms.elements import Clock
from transforms.failpoints import failpoint
from transforms.identities import known_identities
from transforms.parquet import UNFINISHED, read_to_rewrite, write_file
from transforms.suppressions import SUBJECT_COLUMNS, Scope

ORDER: Final = (DEAD_LETTERS, RAW, THEME_MENTIONS, SCORES, FEEDBACK)
"""Tables in the order in which they are rewritten and their files deleted. Feedback is last: its rows are how an
interrupted erasure finds again what belongs to them in the others."""

SUPPRESSING_VERSION: Final = 2
"""The first schema version whose programs look at the suppressions. Older ones would store erased rows again, so the
first erasure closes the tables to them."""

_ATTEMPTS: Final = 100

OnProgress = Callable[[str, int, int], None]
"""Told of a table, how many of its files have been looked into, and how many there are."""


@dataclass(frozen=True)
class Found:
    """What there is of one subject: distinct rows by table, and the files that hold them."""

    feedback_rows: int = 0
    raw_rows: int = 0
    score_rows: int = 0
    theme_rows: int = 0
    dead_letters: int = 0
    files: int = 0


@dataclass
class Eraser:
    """Erases `subjects` from the tables below `root`.

    Files never change, so each is looked into once, however often a snapshot has to be taken again.
    """

    root: str
    subjects: Subjects
    clock: Clock
    on_progress: OnProgress = lambda *_: None
    _seen: dict[str, dict[Path, dict[str, Subject]]] = field(default_factory=dict)
    _deleted: dict[Subject, int] = field(default_factory=dict)

    def find(self) -> dict[Subject, Found]:
        """What there is of each subject, in the tables and left over on the disk; changes nothing."""
        for spec in (FEEDBACK, SCORES, THEME_MENTIONS, RAW, DEAD_LETTERS):
            _retry(spec, partial(self._find_in, spec))
        return self._found()

    def erase(self, keyring: AuthorKeyring, reason: str | None = None) -> dict[Subject, Erasure | None]:
        """Carry the erasure out; None for a subject whose erasure is in the log already and of whom nothing was left.

        Raises `TribometerError` where a file of a snapshot cannot be read; run it again once that is mended.
        """
        started_at = self.clock()
        self.suppress(reason)
        failpoint("after_suppression")
        self.find()
        for spec in ORDER:
            if open_table(self.root, spec) is not None:
                self.take_out(spec)
        for spec in ORDER:
            if open_table(self.root, spec) is not None:
                self.delete_files(spec)
        sweep(open_snapshot(self.root))
        return self.record(started_at, keyring)

    def suppress(self, reason: str | None = None) -> None:
        """Step 1: from now on nothing of the subjects is stored."""
        for spec in ORDER:
            _retry(spec, partial(require_version, self.root, spec, SUPPRESSING_VERSION))
        self._suppress(((subject.scope, subject.key, subject.event_id) for subject in self.subjects), reason)

    def take_out(self, spec: TableSpec) -> None:
        """Step 2 for one table: rewrite beside whoever commits, then bar the commits that did not see step 1."""
        _retry(spec, partial(self._rewrite, spec, bar=False))
        _retry(spec, partial(self._rewrite, spec, bar=True))
        failpoint("after_erasure_rewrite")

    def delete_files(self, spec: TableSpec) -> None:
        """Step 3 for one table. Also deleted are files that cannot be read, for nobody can say what they hold: of a
        snapshot they are not, and nobody still writes them."""
        table = open_table(self.root, spec)
        live = {place_of(self.root, spec, file) for file in live_files(table)} if table is not None else set()
        left_over = [path for path in stored_paths(self.root, spec) if path not in live]
        unreadable = self._look_into(spec, left_over, live=False)
        holding = [path for path in left_over if self._matches(spec).get(path)]
        unfinished = list(table_path(self.root, spec).rglob(f".*{UNFINISHED}"))
        for path in (*holding, *unreadable, *unfinished):
            path.unlink(missing_ok=True)
            for subject in set(self._matches(spec).get(path, {}).values()):
                self._deleted[subject] = self._deleted.get(subject, 0) + 1
            failpoint("after_erasure_delete")
        for folder in {path.parent for path in (*holding, *unreadable, *unfinished)}:
            fsync(folder)

    def record(self, started_at: datetime, keyring: AuthorKeyring) -> dict[Subject, Erasure | None]:
        """Step 4: a signed row for each subject, unless there is one and nothing new was found."""
        logged = {row["suppression_id"] for row in erasure_log(self.root)}
        found = self._found()
        erasures: dict[Subject, Erasure | None] = {}
        for subject in self.subjects:
            what, deleted = found[subject], self._deleted.get(subject, 0)
            done = subject.suppression_id in logged and not (deleted or what.files)
            erasures[subject] = (
                None
                if done
                else Erasure(
                    erasure_id=uuid.uuid4().hex,
                    suppression_id=subject.suppression_id,
                    started_at=started_at,
                    finished_at=self.clock(),
                    feedback_rows=what.feedback_rows,
                    raw_rows=what.raw_rows,
                    score_rows=what.score_rows,
                    dead_letters=what.dead_letters,
                    deleted_files=deleted,
                    theme_rows=what.theme_rows,
                )
            )
        rows = [erasure.row(keyring) for erasure in erasures.values() if erasure is not None]
        if rows:
            self._append(ERASURES, rows)
        return erasures

    def _find_in(self, spec: TableSpec) -> None:
        table = open_table(self.root, spec)
        if table is not None:
            self._look_into_snapshot(spec, table)
            self._look_into(spec, stored_paths(self.root, spec), live=False)

    def _suppress(self, what: Iterable[tuple[Scope, str, str | None]], reason: str | None = None) -> None:
        known = {row["suppression_id"] for row in suppressions(self.root)}
        rows: list[dict[str, Any]] = [
            {
                "suppression_id": suppression_id(scope, key),
                "scope": scope.value,
                "key": key,
                "reason": reason,
                "recorded_at": self.clock(),
                "event_id": event_id,
            }
            for scope, key, event_id in what
        ]
        if new := [row for row in rows if row["suppression_id"] not in known]:
            self._append(SUPPRESSIONS, new)

    def _append(self, spec: TableSpec, rows: Sequence[dict[str, Any]]) -> None:
        open_or_create(self.root, spec)
        content = pa.Table.from_pylist(list(rows), schema=spec.schema)
        append(self.root, spec, content, batch_id=uuid.uuid4().hex, written_at=self.clock())

    def _rewrite(self, spec: TableSpec, *, bar: bool) -> None:
        table = open_or_create(self.root, spec)
        live = self._look_into_snapshot(spec, table)
        matches = self._matches(spec)
        affected = {path: file for path, file in live.items() if matches.get(path)}
        if not affected and not bar:
            return
        if spec is DEAD_LETTERS:  # their bytes are recognised by nobody who does not know the name
            self._suppress((Scope.DEAD_LETTER, identity, None) for path in affected for identity in matches[path])
        added = [new for path, file in affected.items() if (new := self._without(spec, path, file)) is not None]
        rows = sum(len(matches[path]) for path in affected)
        try:
            version = replace_files(
                table, spec, list(affected.values()), added, {ACTION_KEY: "erase", "rows": str(rows)},
                changes_rows=True, bars_appends=bar,
            )  # fmt: skip
        except CommitConflictError:
            for file in added:
                (table_path(self.root, spec) / file.path).unlink(missing_ok=True)
            raise
        make_durable(self.root, spec, added, version)

    def _without(self, spec: TableSpec, path: Path, file: LiveFile) -> DataFile | None:
        """The file's rows but those of the subjects, as another file; None where no row is left."""
        rows = read_to_rewrite(self.root, spec, file)
        erased = pa.array(list(self._matches(spec)[path]), pa.string())
        kept = rows.filter(pc.invert(pc.is_in(rows.column(spec.identity), erased)))
        if not kept.num_rows:
            return None
        return write_file(self.root, spec, kept, partition=file.partition, written_at=self.clock())

    def _matches(self, spec: TableSpec) -> dict[Path, dict[str, Subject]]:
        """By file that was looked into, the identities of the rows to erase and whose they are."""
        return self._seen.setdefault(spec.name, {})

    def _look_into_snapshot(self, spec: TableSpec, table: DeltaTable) -> dict[Path, LiveFile]:
        """A snapshot's files, each looked into."""
        live = {place_of(self.root, spec, file): file for file in live_files(table)}
        self._look_into(spec, live, live=True)
        return live

    def _look_into(self, spec: TableSpec, paths: Iterable[Path], *, live: bool) -> list[Path]:
        """Look into files not seen before; the unreadable ones are returned, or named by an error if `live`."""
        seen = self._matches(spec)
        new = [path for path in paths if path not in seen]
        unreadable = []
        for number, path in enumerate(new):
            self.on_progress(spec.name, number, len(new))
            try:
                seen[path] = self._subjects_in(spec, path)
            except FileNotFoundError:
                if live:  # compacted and cleaned away since the snapshot was taken
                    raise StaleSnapshotError(f"{path} is gone") from None
            except (pa.ArrowInvalid, OSError) as error:
                if live:
                    raise TribometerError(
                        f"{path}: cannot be read ({str(error).splitlines()[0]}); "
                        "restore it from a backup, then erase again"
                    ) from error
                unreadable.append(path)
        return unreadable

    def _subjects_in(self, spec: TableSpec, path: Path) -> dict[str, Subject]:
        """The rows of a file that are to be erased, by identity."""
        identity = str(spec.identity)
        wanted = {*SUBJECT_COLUMNS[spec.name], identity}
        if spec is DEAD_LETTERS:
            wanted |= {"source", "payload"}
        rows = read_columns(path, spec, wanted)
        ids = rows.column(identity).to_pylist()
        owners = self.subjects.of_rows(rows)
        if spec is DEAD_LETTERS:
            payloads = zip(rows.column("payload").to_pylist(), rows.column("source").to_pylist(), strict=True)
            owners = [
                owner or self.subjects.of_payload(payload, source)
                for owner, (payload, source) in zip(owners, payloads, strict=True)
            ]
        elif spec is RAW and rows.column("native_id").null_count:
            owners = self._older_owners(path, spec, rows, owners)
        return {identity: owner for identity, owner in zip(ids, owners, strict=True) if owner is not None}

    def _older_owners(
        self, path: Path, spec: TableSpec, rows: pa.Table, owners: list[Subject | None]
    ) -> list[Subject | None]:
        """Of rows of `raw` that do not say whose they are: version 1 wrote them. Their events do; of the rare ones that
        never became a row of feedback the bytes are searched."""
        erased = {key: owner for seen in self._matches(FEEDBACK).values() for key, owner in seen.items()}
        older = rows.column("native_id").is_null().to_pylist()
        ids = rows.column("event_id").to_pylist()
        strays = {key for key, old in zip(ids, older, strict=True) if old} - self._events_of_feedback(ids)
        bytes_of: dict[str, tuple[bytes, str]] = {}
        if strays:
            whole = read_columns(path, spec, {"event_id", "payload", "source"}).to_pylist()
            bytes_of = {
                row["event_id"]: (row["payload"], row["source"]) for row in whole if row["event_id"] in strays
            }
        return [
            owner
            or (erased.get(key) if old else None)
            or (self.subjects.of_payload(*bytes_of[key]) if key in bytes_of else None)
            for key, old, owner in zip(ids, older, owners, strict=True)
        ]

    def _events_of_feedback(self, ids: list[str]) -> set[str]:
        """Those of the events that feedback's newest snapshot has."""
        table = open_table(self.root, FEEDBACK)
        files = [] if table is None else active_files(table)
        wanted = pa.table({"id": pa.array(ids, pa.string())})
        return set(known_identities(files, "event_id", wanted).to_pylist()) if files else set()

    def _found(self) -> dict[Subject, Found]:
        rows: dict[tuple[Subject, str], set[str]] = {}
        files: dict[Subject, int] = dict.fromkeys(self.subjects, 0)
        for table, seen in self._seen.items():
            for matches in seen.values():
                for identity, subject in matches.items():
                    rows.setdefault((subject, table), set()).add(identity)
                for subject in set(matches.values()):
                    files[subject] += 1
        return {
            subject: Found(
                feedback_rows=len(rows.get((subject, FEEDBACK.name), ())),
                raw_rows=len(rows.get((subject, RAW.name), ())),
                score_rows=len(rows.get((subject, SCORES.name), ())),
                theme_rows=len(rows.get((subject, THEME_MENTIONS.name), ())),
                dead_letters=len(rows.get((subject, DEAD_LETTERS.name), ())),
                files=files[subject],
            )
            for subject in self.subjects
        }


def _retry(spec: TableSpec, work: Callable[[], None]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            work()
        except (CommitConflictError, StaleSnapshotError):
            time.sleep(random.uniform(0, 0.01 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
        else:
            return
    raise TribometerError(f"the table {spec.name} changed {_ATTEMPTS} times while erasing; run the command again")
