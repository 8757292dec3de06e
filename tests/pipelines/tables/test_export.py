"""Export: exactly the snapshot's rows, all or nothing."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from pipelines.tables import export as module
from schemas.tables import FEEDBACK
from tests.pipelines.feedback_table import RECEIVED
from tests.pipelines.tables.kept import DAYS, files


def test_any_reader_finds_the_rows_of_the_snapshot(root: str, tmp_path: Path) -> None:
    assert main(["tables", "export", str(tmp_path / "out"), "--tables", root]) == 0
    stored = [str(Path(root, "feedback", file.path)) for file in files(root, FEEDBACK)]
    for pattern, options in (
        (stored, "hive_partitioning = true, hive_types = {day: VARCHAR}"),
        (str(tmp_path / "out" / "feedback" / "*" / "*"), "hive_types = {day: VARCHAR}"),
    ):
        rows = duckdb.execute(f"FROM read_parquet(?, {options}) ORDER BY event_id", [pattern]).fetchall()
        assert len(rows) == 15
        assert rows == duckdb.execute(f"FROM read_parquet(?, {options}) ORDER BY event_id", [stored]).fetchall()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["_snapshot.json", "feedback", "launches"]
    assert pq.read_table(tmp_path / "out" / "launches").num_rows == 5


def test_one_file_has_the_partition_as_a_column(root: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["tables", "export", str(out), "--tables", root, "--table", "feedback", "--one-file"]) == 0
    rows = pq.read_table(out / "feedback" / "part-0.parquet")
    assert sorted(rows["day"].to_pylist()) == sorted(DAYS * 5)
    assert rows.schema.equals(FEEDBACK.table_schema)


def test_restricted_tables_are_exported_when_asked_for_and_stay_closed(root: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["tables", "export", str(out), "--tables", root, "--table", "dead_letters"]) == 0
    assert stat.S_IMODE((out / "dead_letters").stat().st_mode) == 0o700
    assert pq.read_table(out / "dead_letters").num_rows == 5


def test_as_of_leaves_out_what_came_later(root: str, tmp_path: Path) -> None:
    before = (RECEIVED - timedelta(seconds=1)).isoformat()
    assert main(["tables", "export", str(tmp_path / "out"), "--tables", root, "--as-of", before]) == 0
    told = json.loads((tmp_path / "out" / "_snapshot.json").read_text())
    assert {table["table"]: table["rows"] for table in told["tables"]} == {"feedback": 0, "launches": 0}
    assert told["as_of"] == before


@pytest.mark.parametrize("place", ["tables", "nowhere/out"])
def test_a_place_that_cannot_be_is_refused(root: str, tmp_path: Path, place: str) -> None:
    assert main(["tables", "export", str(tmp_path / place), "--tables", root]) == 2


def test_a_failed_export_leaves_nothing(root: str, tmp_path: Path) -> None:
    path = Path(root, "feedback", files(root, FEEDBACK)[7].path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert main(["tables", "export", str(tmp_path / "out"), "--tables", root]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_a_snapshot_that_was_vacuumed_meanwhile_is_taken_again(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = module.read_file

    def vacuum_first(*arguments: object) -> object:
        monkeypatch.setattr(module, "read_file", read)
        assert main(["tables", "compact", "--tables", root]) == 0
        assert main(["tables", "vacuum", "--retention", "0m", "--force", "--tables", root]) == 0
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read_file", vacuum_first)
    assert main(["tables", "export", str(tmp_path / "out"), "--table", "feedback", "--tables", root]) == 0
    assert pq.read_table(tmp_path / "out" / "feedback").num_rows == 15
