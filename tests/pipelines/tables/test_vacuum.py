"""Vacuum: what nobody needs goes, and nothing else, whatever the clocks say."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.tables import vacuum as module
from pipelines.tables.compact import compact
from pipelines.tables.disk import ASIDE
from pipelines.tables.vacuum import vacuum
from schemas.errors import UsageError
from schemas.tables import FEEDBACK, RUNS
from tests.pipelines.feedback_table import RECEIVED
from tests.pipelines.tables.kept import DAYS, content, feedback_row, files, on_disk
from transforms.commit import commit
from transforms.delta import (
    LOG_FOLDER,
    DataFile,
    StagedFileTakenError,
    add_files,
    open_or_create,
    open_table,
    table_path,
)
from transforms.parquet import write_file

DAY = timedelta(hours=24)


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def age_all(root: str, hours: float) -> None:
    for path in Path(root).rglob("*"):
        if path.is_file():
            age(path, hours)


def orphan(root: str, hours: float) -> DataFile:
    """A file that a stopped committer has written and not committed."""
    import pyarrow as pa

    row = {**feedback_row(99, DAYS[0]), "committed_at": RECEIVED, "batch_id": "late"}
    rows = pa.Table.from_pylist([row], schema=FEEDBACK.schema)
    file = write_file(root, FEEDBACK, rows, partition=DAYS[0], written_at=RECEIVED)
    age(table_path(root, FEEDBACK) / file.path, hours)
    return file


def live(root: str) -> set[str]:
    return {file.path for file in files(root, FEEDBACK)}


def test_files_replaced_long_ago_go_and_the_rows_stay(root: str) -> None:
    before = content(root, FEEDBACK)
    compact(root, FEEDBACK)
    age_all(root, 30)
    done = vacuum(root, FEEDBACK)
    assert (done.files, done.kept) == (15, 0)
    assert on_disk(root, FEEDBACK) == live(root)
    assert content(root, FEEDBACK) == before


def test_files_replaced_just_now_stay_however_old_they_are(root: str) -> None:
    age_all(root, 100)
    compact(root, FEEDBACK)
    assert vacuum(root, FEEDBACK).files == 0
    assert vacuum(root, FEEDBACK).kept == 15


def test_the_deletion_time_in_the_log_is_not_believed(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.delta.time.time", lambda: 86_400.0)  # a rewriter that lives in 1970
    compact(root, FEEDBACK)
    assert vacuum(root, FEEDBACK, timedelta(hours=1)).files == 0


def test_a_young_orphan_stays_and_an_old_one_goes(root: str) -> None:
    young, old = orphan(root, 23), orphan(root, 25)
    assert (vacuum(root, FEEDBACK, dry_run=True).files, vacuum(root, FEEDBACK).files) == (1, 1)
    assert young.path in on_disk(root, FEEDBACK)
    assert old.path not in on_disk(root, FEEDBACK)


def test_what_a_killed_writer_did_not_finish_goes(root: str) -> None:
    unfinished = Path(root, "feedback", f"day={DAYS[0]}", ".name.parquet.unfinished")
    unfinished.write_bytes(b"PAR1")
    assert vacuum(root, FEEDBACK).kept == 1
    age(unfinished, 25)
    assert vacuum(root, FEEDBACK).files == 1
    assert not unfinished.exists()


def test_a_committer_that_comes_back_too_late_commits_nothing(root: str) -> None:
    before = content(root, FEEDBACK)
    file = orphan(root, 25)
    vacuum(root, FEEDBACK)
    with pytest.raises(StagedFileTakenError, match="run the command again"):
        commit(root, FEEDBACK, [file], batch_id="late")
    assert content(root, FEEDBACK) == before


def test_a_committer_stopped_right_before_its_transaction_is_barred(root: str) -> None:
    from transforms.delta import CommitConflictError

    file = orphan(root, 25)
    table = open_or_create(root, FEEDBACK)
    vacuum(root, FEEDBACK)
    with pytest.raises(CommitConflictError):
        add_files(table, FEEDBACK, [file], {})


def test_a_file_committed_while_it_lay_aside_is_put_back(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = orphan(root, 25)
    table = open_or_create(root, FEEDBACK)
    bar = module._bar_older_snapshots

    def commit_first(*arguments: object) -> None:
        assert file.path not in on_disk(root, FEEDBACK)
        add_files(table, FEEDBACK, [file], {})
        bar(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_bar_older_snapshots", commit_first)
    done = vacuum(root, FEEDBACK)
    assert (done.files, done.restored) == (0, 1)
    assert on_disk(root, FEEDBACK) == live(root) >= {file.path}


@pytest.mark.parametrize("committed", [True, False])
def test_the_next_vacuum_finishes_one_that_was_killed(root: str, *, committed: bool) -> None:
    file = orphan(root, 25)
    path = table_path(root, FEEDBACK) / file.path
    path.rename(path.with_name(ASIDE + path.name))
    if committed:
        add_files(open_or_create(root, FEEDBACK), FEEDBACK, [file], {})
    vacuum(root, FEEDBACK)
    assert path.exists() == committed
    assert on_disk(root, FEEDBACK) == live(root)


def test_a_log_that_does_not_reach_back_is_not_guessed_about(root: str) -> None:
    open_table(root, FEEDBACK).create_checkpoint()  # type: ignore[union-attr]
    Path(root, "feedback", LOG_FOLDER, f"{0:020}.json").unlink()
    orphan(root, 25)
    with pytest.raises(UsageError, match="shorter --retention"):
        vacuum(root, FEEDBACK)
    age_all(root, 26)
    assert vacuum(root, FEEDBACK).files == 1


def test_a_short_retention_wants_to_be_forced(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    compact(root, FEEDBACK)
    assert main(["tables", "vacuum", "--tables", root, "--retention", "59m"]) == 2
    assert main(["tables", "vacuum", "--tables", root, "--retention", "soon"]) == 2
    assert "write 30d, 24h or 90m" in capsys.readouterr().err
    assert len(on_disk(root, FEEDBACK)) == 18
    assert main(["tables", "vacuum", "--tables", root, "--retention", "0m", "--force"]) == 0
    assert len(on_disk(root, FEEDBACK)) == 3


def test_the_probe_of_the_clock_leaves_nothing(root: str) -> None:
    vacuum(root, FEEDBACK, DAY)
    assert sorted(path.name for path in Path(root).iterdir()) == ["dead_letters", "feedback", "launches"]


def test_a_table_that_is_not_there_is_named(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "vacuum", "--tables", root, "--table", RUNS.name]) == 2
    assert "has no table runs" in capsys.readouterr().err
