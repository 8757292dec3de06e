"""Four writers, compaction, vacuum and a reader at once: nothing lost, doubled, half visible or seen backwards.

The long version, with kills and erasures, is the fault harness.
"""

from __future__ import annotations

import multiprocessing
import random
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from pipelines.connect import connect_stored, with_fresh_snapshot
from pipelines.tables.compact import compact
from pipelines.tables.vacuum import vacuum
from pipelines.tables.verify import verify
from schemas.errors import StaleSnapshotError
from schemas.tables import FEEDBACK
from tests.pipelines.feedback_table import store
from tests.pipelines.tables.kept import DAYS, feedback_row
from transforms.delta import StagedFileTakenError

WRITERS = 4
BATCHES = 6
SEED = 20


def write(root: str, writer: int) -> None:
    """Store batches, some of them twice and some that overlap with another writer's."""
    chance = random.Random(SEED + writer)
    for number in range(BATCHES):
        batch = writer * BATCHES + number
        rows = [feedback_row(batch, day) for day in DAYS]
        keep(root, rows, f"batch-{batch}")
        if chance.random() < 0.3:
            keep(root, rows, f"again-{batch}")


def keep(root: str, rows: list[dict[str, Any]], batch_id: str) -> None:
    """Store a batch, as a host does: again where vacuum took its files, because this machine was too slow."""
    while True:
        try:
            return store(root, rows, batch_id=batch_id)
        except StagedFileTakenError:
            continue


def maintain(root: str, done: Event) -> int:
    merged = 0
    while not done.is_set():
        merged += compact(root, FEEDBACK, min_files=3).files_before
        vacuum(root, FEEDBACK, timedelta(seconds=3))
    return merged


def read(root: str, done: Event) -> list[str]:
    """What a reader saw that must not be."""
    wrong = []
    seen = 0

    def count() -> list[tuple[str, int]]:
        with connect_stored(root) as connection:
            return connection.execute("SELECT batch_id, count(*) FROM tables.feedback GROUP BY ALL").fetchall()

    while not done.is_set():
        try:
            batches = with_fresh_snapshot(count)
        except StaleSnapshotError:  # so slow that both snapshots were vacuumed
            continue
        rows = sum(rows for _, rows in batches)
        wrong += [f"{rows} rows of {batch}" for batch, rows in batches if rows != len(DAYS)]
        if rows < seen:
            wrong.append(f"{seen} rows, then {rows}")
        seen = rows
    return wrong


def test_writers_maintenance_and_a_reader(tmp_path: Path) -> None:
    root = str(tmp_path)
    store(root, [feedback_row(999, day) for day in DAYS], batch_id="first")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imports once for all
    with context.Manager() as manager, context.Pool(WRITERS + 2) as pool:
        done = manager.Event()
        maintainer = pool.apply_async(maintain, (root, done))
        reader = pool.apply_async(read, (root, done))
        try:
            pool.starmap(write, [(root, writer) for writer in range(WRITERS)])
        finally:
            done.set()
        assert maintainer.get() > 0
        assert reader.get() == []
    found = verify(root, FEEDBACK)
    assert [finding for finding in found.findings if not finding.harmless] == []
    assert found.rows == (WRITERS * BATCHES + 1) * len(DAYS)
