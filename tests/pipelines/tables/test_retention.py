"""Retention: old rows leave, younger ones stay, and a dry run only counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.cli import main
from pipelines.tables import retention as module
from pipelines.tables.retention import cutoff_of, retain
from schemas.tables import DEAD_LETTERS, FEEDBACK
from tests.pipelines.feedback_table import RECEIVED, dead_letter, store, store_small
from tests.pipelines.tables.kept import DAYS, content, feedback_row, files
from transforms.delta import open_table, replace_files
from transforms.parquet import read_file


def test_whole_days_go(root: str) -> None:
    done = retain(root, FEEDBACK, datetime(2024, 3, 3, tzinfo=UTC))
    assert (done.rows, done.dropped_files, done.rewritten_files) == (10, 10, 0)
    assert {file.partition for file in files(root, FEEDBACK)} == {DAYS[2]}


def test_a_dry_run_changes_nothing(root: str) -> None:
    before = content(root, FEEDBACK)
    assert retain(root, FEEDBACK, datetime(2024, 3, 3, tzinfo=UTC), dry_run=True).rows == 10
    assert content(root, FEEDBACK) == before


def test_a_file_of_both_is_written_again(root: str) -> None:
    store_small(
        root,
        DEAD_LETTERS,
        [dead_letter("old", b"old", received_at=RECEIVED - timedelta(days=9)), dead_letter("new", b"new")],
    )
    done = retain(root, DEAD_LETTERS, RECEIVED - timedelta(days=1))
    assert (done.rows, done.dropped_files, done.rewritten_files) == (1, 0, 1)
    kept = [row for file in files(root, DEAD_LETTERS) for row in read_file(root, DEAD_LETTERS, file).to_pylist()]
    assert sorted(row["source"] for row in kept) == ["new", *["tickets"] * 5]


def test_an_impossible_date_goes_by_the_time_of_receipt(root: str) -> None:
    store(root, [feedback_row(7, "1970-01-01", text="then"), feedback_row(8, "2500-01-01", text="some day")])
    assert retain(root, FEEDBACK, datetime(2024, 3, 1, tzinfo=UTC)).rows == 0
    assert retain(root, FEEDBACK, RECEIVED + timedelta(days=1)).rows == 17


def test_a_rival_makes_it_look_again(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = module.replace_files

    def late(*arguments: object, **options: object) -> int:
        monkeypatch.setattr(module, "replace_files", replace)
        replace_files(open_table(root, FEEDBACK), FEEDBACK, [], [], {}, changes_rows=False)  # type: ignore[arg-type]
        return replace(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "replace_files", late)
    assert retain(root, FEEDBACK, datetime(2024, 3, 2, tzinfo=UTC)).rows == 5
    assert len(files(root, FEEDBACK)) == 10


def test_ages_end_at_midnight() -> None:
    now = datetime(2024, 3, 5, 14, 30, tzinfo=UTC)
    assert cutoff_of(timedelta(days=2), now) == datetime(2024, 3, 3, tzinfo=UTC)


def test_the_command_wants_an_age_and_keeps_what_it_is_not_asked_about(
    root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", "retention", "--tables", root]) == 2
    assert main(["tables", "retention", "--feedback", "1d", "--raw", "1d", "--tables", root]) == 0
    assert "feedback: dropped 15 rows from before" in capsys.readouterr().out
    assert len(files(root, DEAD_LETTERS)) == 5
