"""What a newer program adds is passed over or refused, and never lost."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from pipelines.clock import utc_now
from schemas.arrow import SCHEMA_VERSION
from schemas.tables import FEEDBACK
from tests.pipelines.events import line
from tests.upgrades.make import RELEASES, unpack
from transforms import parquet
from transforms.commit import commit
from transforms.delta import LOG_FOLDER, active_files, live_files, open_table
from transforms.parquet import read_file, write_file

DAY = "2024-03-05"
AUTHOR = "a" * 32
NEWER = replace(FEEDBACK, schema=FEEDBACK.schema.append(pa.field("mood", pa.string())))
"""The table as a program of the next schema version would know it."""


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Tables of the newest release there is."""
    unpack(max(RELEASES.glob("*.tar.xz")), tmp_path)
    return tmp_path / "tables"


@pytest.fixture
def with_mood(tables: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with rows of two people that the next program wrote."""
    root = str(tables)
    table = open_table(root, FEEDBACK)
    assert table is not None
    (file, *_) = [one for one in live_files(table) if one.partition == DAY]
    row = {**read_file(root, FEEDBACK, file).to_pylist()[0], "mood": "glad"}
    rows = [{**row, "event_id": uuid.uuid4().hex, "author_key": one} for one in (AUTHOR, "b" * 32)]
    with monkeypatch.context() as future:
        future.setattr(parquet, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        content = pa.Table.from_pylist(rows, schema=NEWER.schema)
        written = write_file(root, NEWER, content, partition=DAY, written_at=utc_now())
        commit(root, NEWER, [written], batch_id="newer")
    assert moods(tables) == ["glad", "glad"]
    return tables


def moods(tables: Path) -> list[str]:
    """What the newer program stored, wherever it stands now."""
    found: list[str] = []
    for path in active_files(open_table(str(tables), FEEDBACK)):  # type: ignore[arg-type]
        content = pq.ParquetFile(path).read()
        found += (
            [one for one in content.column("mood").to_pylist() if one] if "mood" in content.schema.names else []
        )
    return found


def run(capsys: pytest.CaptureFixture[str], tables: Path, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main([*words, "--tables", str(tables)])
    said = capsys.readouterr()
    return status, said.out, said.err


def replay(capsys: pytest.CaptureFixture[str], tables: Path) -> tuple[int, str, str]:
    file = tables.parent / "new.jsonl"
    file.write_bytes(line(1, occurred_at=f"{DAY}T10:00:00Z"))
    return run(capsys, tables, "replay", str(file), "--source", "feedback_event")


COUNT = ("sql", f"SELECT count(*) AS rows FROM feedback WHERE day = '{DAY}'", "--format", "csv")


def test_a_column_of_tomorrow_is_passed_over_and_kept(with_mood: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, before, _ = run(capsys, with_mood, *COUNT)
    assert replay(capsys, with_mood)[0] == 0
    _, after, _ = run(capsys, with_mood, *COUNT)
    assert int(after.split()[1]) == int(before.split()[1]) + 1
    status, said, _ = run(capsys, with_mood, "tables", "verify")
    assert (status, "which this Tribometer does not know" in said) == (0, True), said
    assert moods(with_mood) == ["glad", "glad"]


def test_a_file_of_tomorrow_is_not_merged(with_mood: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(capsys, with_mood)[0] == 0
    status, _, said = run(capsys, with_mood, "tables", "compact", "--min-files", "2")
    assert status == 1
    assert f"holds columns of schema version {SCHEMA_VERSION + 1} (mood)" in said
    assert "upgrade Tribometer" in said
    assert moods(with_mood) == ["glad", "glad"]


def test_an_author_is_not_cut_out_of_a_file_of_tomorrow(
    with_mood: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, said = run(capsys, with_mood, "tables", "erase", "--author-key", AUTHOR)
    assert (status, "upgrade Tribometer" in said) == (1, True), said
    assert moods(with_mood) == ["glad", "glad"]


def test_a_table_of_tomorrow_is_left_alone(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    future = shutil.copytree(tables / "launches", tables / "forecasts")
    before = {path: path.read_bytes() for path in future.rglob("*") if path.is_file()}
    assert replay(capsys, tables)[0] == 0
    for words in (COUNT, ("tables", "compact"), ("tables", "vacuum", "--retention", "0h", "--force")):
        assert run(capsys, tables, *words)[0] == 0
    assert {path: path.read_bytes() for path in future.rglob("*") if path.is_file()} == before


WRITERS = {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["rowTracking", "domainMetadata"]}
READERS = {
    "minReaderVersion": 3,
    "minWriterVersion": 7,
    "readerFeatures": ["deletionVectors"],
    "writerFeatures": ["deletionVectors"],
}
UNKNOWN = {**READERS, "readerFeatures": ["fortuneTelling"], "writerFeatures": ["fortuneTelling"]}


@pytest.mark.parametrize(
    ("protocol", "says", "readable"),
    [
        (
            WRITERS,
            "uses Delta features Tribometer does not write (writer version 7: domainMetadata, rowTracking)",
            True,
        ),
        (READERS, "uses Delta features Tribometer does not read (reader version 3)", False),
        (UNKNOWN, "fortuneTelling", False),
    ],
    ids=["writers", "readers", "unknown"],
)
def test_a_delta_feature_of_tomorrow_is_refused_before_anything_is_written(
    tables: Path, capsys: pytest.CaptureFixture[str], protocol: Mapping[str, Any], says: str, readable: bool
) -> None:
    log = tables / FEEDBACK.name / LOG_FOLDER
    version = max(int(path.stem) for path in log.glob("*.json")) + 1
    (log / f"{version:020}.json").write_text(json.dumps({"protocol": protocol}) + "\n")
    before = sorted(path for path in tables.rglob("*") if path.is_file())
    assert run(capsys, tables, *COUNT)[0] == (0 if readable else 1)
    status, _, said = replay(capsys, tables)
    assert (status, says in said) == (1, True), said
    status, _, said = run(capsys, tables, "tables", "compact", "--min-files", "2", "--table", "feedback")
    assert (status, says in said) == (1, True), said
    left = [path for path in tables.rglob("*") if path.is_file() and path not in before]
    assert [path for path in left if path.suffix != ".parquet"] == []
