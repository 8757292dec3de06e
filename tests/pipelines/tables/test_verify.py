"""Verify: a healthy table is right, every damage is named with its file and a way out that works."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from pipelines.tables.finding import Finding
from pipelines.tables.verify import verify
from schemas.tables import FEEDBACK, TABLES
from tests.pipelines.feedback_table import RECEIVED, store
from tests.pipelines.tables.kept import DAYS, content, feedback_row, files
from transforms.delta import DataFile, add_files, open_or_create, open_table
from transforms.parquet import write_file

EVOLUTION = Path(__file__).resolve().parents[2] / "schemas" / "evolution" / "tables_v1"


def wrong(root: str) -> list[Finding]:
    return [finding for finding in verify(root, FEEDBACK).findings if not finding.harmless]


def log(root: str) -> Path:
    return Path(root, "feedback", "_delta_log")


def first_file(root: str) -> Path:
    return Path(root, "feedback", sorted(file.path for file in files(root, FEEDBACK))[0])


def test_a_healthy_table_is_right(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "verify", "--tables", root]) == 0
    assert "feedback: right; 15 files, 15 rows read, version 5" in capsys.readouterr().out


def test_tables_of_the_first_schema_version_are_right(tmp_path: Path) -> None:
    shutil.copytree(EVOLUTION, tmp_path / "tables")
    for name in ("feedback", "raw", "dead_letters", "runs", "launches"):
        found = verify(str(tmp_path / "tables"), TABLES[name])
        assert (found.findings, found.files > 0) == ((), True), name


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def rename_columns(path: Path) -> None:
    rows = pq.read_table(path, partitioning=None)
    pq.write_table(rows.rename_columns(["moved", *rows.schema.names[1:]]), path)


@pytest.mark.parametrize(
    "damage", [flip, truncate, rename_columns, Path.unlink], ids=lambda damage: damage.__name__
)
def test_a_file_that_cannot_be_read_is_named_and_taken_out(
    root: str, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = first_file(root)
    damage(path)
    assert main(["tables", "verify", "--tables", root]) == 1
    said = capsys.readouterr()
    assert f"{path.parent.name}/{path.name}: " in said.out
    assert "it had 1 rows" in said.out
    assert "1 findings in feedback" in said.err
    assert main(["tables", "verify", "--repair", "--tables", root]) == 1
    assert "--yes would take 1 files with 1 rows out" in capsys.readouterr().err
    assert len(files(root, FEEDBACK)) == 15
    assert main(["tables", "verify", "--repair", "--yes", "--tables", root]) == 0
    assert main(["tables", "verify", "--tables", root]) == 0
    assert len(files(root, FEEDBACK)) == 14
    assert main(["sql", "SELECT count(*) AS n FROM events", "--format", "csv", "--tables", root]) == 0
    assert capsys.readouterr().out.endswith("n\n14\n")


def test_rows_that_a_repair_lost_come_back_with_a_replay(root: str) -> None:
    before = content(root, FEEDBACK)
    first_file(root).unlink()
    assert main(["tables", "verify", "--repair", "--yes", "--tables", root]) == 0
    for batch in range(5):
        store(root, [feedback_row(batch, day) for day in DAYS], batch_id=f"batch-{batch}")
    assert content(root, FEEDBACK) == before


def put(root: str, day: str, **others: object) -> DataFile:
    """Commit a row into the partition `day` past every check."""
    row = {**feedback_row(0, DAYS[0]), "committed_at": RECEIVED, "batch_id": "b", **others}
    rows = pa.Table.from_pylist([row], schema=FEEDBACK.schema)
    file = write_file(root, FEEDBACK, rows, partition=day, written_at=RECEIVED)
    add_files(open_or_create(root, FEEDBACK), FEEDBACK, [file], {})
    return file


def test_an_identity_in_two_partitions_and_a_row_in_the_wrong_one(root: str) -> None:
    file = put(root, "2024-05-05")
    misplaced, twice = wrong(root)
    assert (misplaced.subject, misplaced.problem) == (file.path, "1 of 1 rows belong to another day")
    assert file.path in twice.subject
    assert "1 identities stand in more than one row" in twice.problem


@pytest.mark.parametrize("day", ["invalid", "2024-03-02"])
def test_a_row_in_the_wrong_partition(root: str, day: str) -> None:
    assert "1 of 1 rows belong to another day" in [f.problem for f in wrong(root) + _put_and_look(root, day)]


def _put_and_look(root: str, day: str) -> list[Finding]:
    put(root, day, event_id="0" * 32)
    return wrong(root)


def test_left_overs_are_harmless(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(root, "feedback", f"day={DAYS[0]}", "half-written.parquet").write_bytes(b"PAR1")
    assert main(["tables", "verify", "--tables", root]) == 0
    said = capsys.readouterr().out
    assert "half-written.parquet: named by no log entry; 4 bytes" in said
    assert "harmless" in said


def test_garbage_in_the_last_entry(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    newest = log(root) / f"{5:020}.json"
    newest.write_text("{ garbage")
    assert main(["sql", "SELECT 1", "--tables", root]) == 1
    assert main(["tables", "verify", "--tables", root]) == 1
    assert f"move {newest.name} out of the folder" in capsys.readouterr().out
    newest.rename(Path(root) / newest.name)
    assert main(["tables", "verify", "--tables", root]) == 0
    store(root, [feedback_row(4, day) for day in DAYS], batch_id="batch-4")
    assert len(files(root, FEEDBACK)) == 15


def test_a_gap_in_the_log(root: str) -> None:
    entry = log(root) / f"{3:020}.json"
    kept = entry.read_bytes()
    entry.unlink()
    assert [(f.subject, f.problem) for f in wrong(root)] == [
        (f"_delta_log/{entry.name}", "log entry 3 is missing")
    ]
    entry.write_bytes(kept)
    open_table(root, FEEDBACK).create_checkpoint()  # type: ignore[union-attr]
    entry.unlink()
    assert wrong(root) == []
    assert [f.way_out for f in verify(root, FEEDBACK).findings if f.problem == "log entry 3 is missing"] == [
        "nothing to do: a later checkpoint holds what it said"
    ]


def test_a_log_that_was_deleted(root: str) -> None:
    for entry in log(root).iterdir():
        entry.unlink()
    (finding,) = wrong(root)
    assert finding.problem == "the log is empty, 15 data files are there"
    assert "backup" in finding.way_out


def test_a_checkpoint_that_lost_its_bytes(root: str) -> None:
    open_table(root, FEEDBACK).create_checkpoint()  # type: ignore[union-attr]
    (broken,) = log(root).glob("*.checkpoint.parquet")
    broken.write_bytes(b"")
    (finding,) = wrong(root)
    assert finding.subject == f"_delta_log/{broken.name}"
    assert finding.way_out.startswith("delete it and _delta_log/_last_checkpoint")
    broken.unlink()
    (finding,) = wrong(root)
    assert finding.subject == "_delta_log/_last_checkpoint"
    (log(root) / "_last_checkpoint").unlink()
    assert wrong(root) == []


def test_findings_as_json(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    flip(first_file(root))
    assert main(["tables", "verify", "--tables", root, "--table", "feedback", "--format", "json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["table"], told["files"], told["rows"]) == ("feedback", 15, 14)
    assert [(f["subject"].split("/")[0], f["harmless"]) for f in told["findings"]] == [(f"day={DAYS[0]}", False)]


def test_yes_alone_is_a_mistake(root: str) -> None:
    assert main(["tables", "verify", "--yes", "--tables", root]) == 2
