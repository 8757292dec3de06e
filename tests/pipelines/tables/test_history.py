"""History and status: what the log tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.tables.compact import compact
from pipelines.tables.history import history
from pipelines.tables.status import status
from schemas.tables import FEEDBACK


def test_every_version_is_told(root: str) -> None:
    compact(root, FEEDBACK)
    told = [(c.version, c.action, c.rows_added, c.rows_removed, c.batch_id) for c in history(root, FEEDBACK)]
    assert told == [
        (0, "create", 0, 0, None),
        *[(1 + batch, "append", 3, 0, f"batch-{batch}") for batch in range(5)],
        (6, "compact", 15, 15, None),
    ]


def test_the_command_shows_the_newest_first(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "history", "--tables", root, "--limit", "2", "--format", "json"]) == 0
    assert [row["version"] for row in json.loads(capsys.readouterr().out)] == [5, 4]


def test_status_counts_what_maintenance_would_bring(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = status(root, FEEDBACK)
    assert (before.rows, before.files, before.partitions, before.version) == (15, 15, 3, 5)
    assert (before.small_files, before.reclaimable_files) == (15, 0)
    compact(root, FEEDBACK)
    after = status(root, FEEDBACK)
    assert (after.rows, after.files, after.small_files, after.reclaimable_files) == (15, 3, 0, 15)
    assert after.reclaimable_bytes == before.size_bytes
    assert main(["tables", "status", "--tables", root]) == 0
    assert "dead_letters" in capsys.readouterr().out


@pytest.mark.parametrize(("place", "said"), [("nowhere", "no such folder"), (".", "holds no tables")])
def test_a_folder_without_tables_is_named(
    tmp_path: Path, place: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", "status", "--tables", str(tmp_path / place)]) == 2
    assert said in capsys.readouterr().err
