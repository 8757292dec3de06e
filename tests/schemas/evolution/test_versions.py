"""Tables of another schema version: read, written, replayed, erased from; and refused where that would be wrong."""

from __future__ import annotations

import functools
import json
import operator
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipelines.cli import main
from pipelines.connect import connect, connect_stored
from pipelines.dead_letters import stored_letters
from pipelines.graph import claim_tables
from pipelines.tables.compact import compact
from pipelines.tables.stored_rows import read_columns, stored_paths
from schemas.arrow import ADDED, SCHEMA_VERSION
from schemas.errors import TribometerError
from schemas.tables import COMMIT_ORDER, FEEDBACK, RAW, RUNS, TABLES, TableSpec
from schemas.views import FUNCTIONS, load_views
from tests.pipelines.events import line
from transforms.commit import commit
from transforms.delta import (
    CREATED_VERSION_KEY,
    SCHEMA_VERSION_KEY,
    active_files,
    column_names,
    live_files,
    open_table,
)
from transforms.write import write

ROOT = Path(__file__).resolve().parents[3]
KETTLE = ROOT / "tests" / "golden" / "kettle.jsonl"
OLD_PROGRAM = "8a59dc0"
"""Commit of version 0.1, the last of schema version 1."""

pytestmark = pytest.mark.usefixtures("_author_key")


@pytest.fixture
def _author_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "a key for tests, long enough to be accepted")
    monkeypatch.delenv("TRIBOMETER_TABLES", raising=False)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of tables that version 0.1 wrote from the golden input."""
    return Path(shutil.copytree(Path(__file__).parent / "tables_v1", tmp_path / "t"))


def replay(tables: Path, *lines: bytes) -> int:
    file = KETTLE
    if lines:
        file = tables.parent / "new.jsonl"
        file.write_bytes(b"\n".join(lines))
    return main(["replay", str(file), "--source", "feedback_event", "--tables", str(tables)])


def ask(tables: Path, query: str) -> list[tuple[Any, ...]]:
    """Of the stored tables, not of the views."""
    with connect_stored(str(tables)) as connection:
        return connection.execute(query).fetchall()


def has_columns(tables: Path, spec: TableSpec) -> bool:
    table = open_table(str(tables), spec)
    assert table is not None
    return set(spec.table_schema.names) <= column_names(table)


def test_every_view_reads_what_the_older_version_wrote(tables: Path) -> None:
    with connect(str(tables)) as connection:
        for view in load_views():
            if view.name != FUNCTIONS:
                connection.execute(f"SELECT * FROM {view.relation}").fetchall()
        assert connection.execute("SELECT count(*) FROM events").fetchall() == [(10,)]
    assert {row[0] for row in ask(tables, "SELECT conflicts FROM tables.runs")} == {None}
    assert {row[0] for row in ask(tables, "SELECT author_key FROM tables.dead_letters")} == {None}
    assert not has_columns(tables, RUNS)


def test_the_same_input_adds_nothing_and_the_columns_come_with_the_first_write(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ask(tables, "SELECT * FROM tables.feedback ORDER BY event_id")
    assert replay(tables) == 0
    assert "0 accepted + 21 duplicate + 0 dead" in capsys.readouterr().out
    assert ask(tables, "SELECT * FROM tables.feedback ORDER BY event_id") == before
    assert all(has_columns(tables, spec) for spec in (*COMMIT_ORDER, RUNS))


def test_new_rows_stand_beside_old_files(tables: Path) -> None:
    before = ask(tables, "SELECT count(*) FROM tables.feedback")[0][0]
    old = ask(tables, "SELECT count(*) FROM tables.dead_letters")[0][0]
    replay(tables, line(1), line(2), b"{", b'{"schema":"feedback_event/1","id":"x","channel":"review"}')
    assert ask(tables, "SELECT count(*) FROM tables.feedback") == [(before + 2,)]
    assert ask(tables, "SELECT count(*), count(event_key) FROM tables.dead_letters") == [(old + 2, 1)]
    assert ask(tables, "SELECT conflicts FROM tables.runs ORDER BY finished_at") == [(None,), (None,), (0,)]
    raw = [
        read_columns(path, RAW, ["native_id"])["native_id"].to_pylist() for path in stored_paths(str(tables), RAW)
    ]
    assert sorted(map(str, functools.reduce(operator.iadd, raw, [])))[:2] == ["1", "2"]
    assert None in functools.reduce(operator.iadd, raw, [])


def test_compaction_merges_files_of_both_versions(tables: Path) -> None:
    replay(tables, line(1), line(2), b"{")
    before = {spec.name: ask(tables, f"SELECT * FROM tables.{spec.name} ORDER BY 1") for spec in (FEEDBACK, RUNS)}
    for spec in TABLES.values():
        compact(str(tables), spec, min_files=2)
    assert {
        spec.name: ask(tables, f"SELECT * FROM tables.{spec.name} ORDER BY 1") for spec in (FEEDBACK, RUNS)
    } == before
    assert len(live_files(open_table(str(tables), RUNS))) == 1  # type: ignore[arg-type]


def test_dead_letters_of_both_versions_are_replayed(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay(tables, b"{", line(1))
    found = len(stored_letters(str(tables)))
    capsys.readouterr()
    assert main(["dead-letters", "replay", "--source", "feedback_event", "--tables", str(tables)]) == 0
    assert f"{found} dead letters = 0 accepted" in capsys.readouterr().out
    assert {row["attempts"] for row in stored_letters(str(tables))} == {2}


def test_rows_of_both_versions_are_erased(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of raw that version 1 wrote do not say whose they are; their events do."""
    author = "jane.roe@example.com"
    replay(tables, line(1, author={"id": author}), line(2))
    arguments = ["--author", author, "--source", "feedback_event", "--tables", str(tables)]
    capsys.readouterr()
    assert main(["tables", "erase", *arguments]) == 0
    said = capsys.readouterr().out
    held = ask(tables, "SELECT count(*) FROM tables.feedback")[0][0]
    raw = [
        path for path in stored_paths(str(tables), RAW) if str(path) in active_files(open_table(str(tables), RAW))
    ]  # type: ignore[arg-type]
    payloads = [one for path in raw for one in read_columns(path, RAW, ["payload"])["payload"].to_pylist()]
    assert len(payloads) == held
    assert [one for one in payloads if json.loads(one).get("author", {}).get("id") == author] == []
    assert "erased 2 rows of feedback, 2 of raw" in said
    assert replay(tables) == 0
    assert ask(tables, "SELECT count(*) FROM tables.feedback") == [(held,)]


def _as_version_1(root: str, spec: TableSpec, number: int) -> None:
    """Commit a row as version 1 does: without the columns that version 2 added."""
    names = [name for name in spec.table_schema.names if (spec.name, name) not in ADDED]
    old = TableSpec(spec.name, pa.schema([spec.schema.field(name) for name in spec.schema.names if name in names]),
                    spec.recorded, spec.partition, spec.identity, spec.restricted)  # fmt: skip
    row = {"event_id": f"{number:032x}", "source": "s", "received_at": 0, "payload": b"{}", "month": "2024-03"}
    batch = pa.RecordBatch.from_pylist([row], schema=old.table_schema)
    commit(root, old, write(root, old, [batch], batch_id="old", clock=_now), batch_id="old")


def _now() -> Any:
    from pipelines.clock import utc_now

    return utc_now()


def test_two_writers_of_both_versions_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    root, numbers = str(tmp_path / "t"), range(8)
    for number in numbers:
        if number % 2:
            _as_version_1(root, RAW, number)
        else:
            row = {"event_id": f"{number:032x}", "source": "s", "received_at": 0, "payload": b"{}", "month": "2024-03",
                   "native_id": str(number)}  # fmt: skip
            batch = pa.RecordBatch.from_pylist([row], schema=RAW.table_schema)
            commit(root, RAW, write(root, RAW, [batch], batch_id="new", clock=_now), batch_id="new")
        _as_version_1(root, RAW, number)  # delivered to the other once more
    rows = [
        row
        for path in active_files(open_table(root, RAW))  # type: ignore[arg-type]
        for row in read_columns(Path(path), RAW, ["event_id", "native_id"]).to_pylist()
    ]
    assert sorted(row["event_id"] for row in rows) == [f"{number:032x}" for number in numbers]
    assert {row["native_id"] for row in rows} == {None, "0", "2", "4", "6"}


@pytest.mark.parametrize("spec", COMMIT_ORDER, ids=lambda spec: spec.name)
def test_a_version_of_the_future_is_refused_before_anything_is_written(
    tables: Path, spec: TableSpec, capsys: pytest.CaptureFixture[str]
) -> None:
    table = DeltaTable(tables / spec.name)
    table.alter.set_table_properties({SCHEMA_VERSION_KEY: str(SCHEMA_VERSION + 1)}, raise_if_not_exists=False)
    before = sorted(path for path in tables.rglob("*") if path.is_file())
    says = f"has schema version {SCHEMA_VERSION + 1}, this Tribometer reads up to {SCHEMA_VERSION}; upgrade Tribometer"
    assert replay(tables, line(1)) == 1
    assert says in capsys.readouterr().err
    if spec is not RAW:  # no reader opens it
        assert main(["sql", "SELECT 1", "--tables", str(tables)]) == 1
        assert says in capsys.readouterr().err
    with pytest.raises(TribometerError, match="upgrade Tribometer"):
        claim_tables(str(tables), "12345678")
    assert sorted(path for path in tables.rglob("*") if path.is_file()) == before


def test_what_was_added_is_last_and_nullable() -> None:
    for (name, column), version in ADDED.items():
        schema = TABLES[name].schema
        assert 1 < version <= SCHEMA_VERSION
        assert schema.field(column).nullable
        later = schema.names[schema.names.index(column) :]
        assert all((name, other) in ADDED for other in later)


def test_new_tables_remember_which_version_made_them(tmp_path: Path) -> None:
    claim_tables(str(tmp_path), "12345678")
    table = open_table(str(tmp_path), FEEDBACK)
    assert table is not None
    assert table.metadata().configuration[CREATED_VERSION_KEY] == str(SCHEMA_VERSION)


@pytest.fixture(scope="module")
def old_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `tribometer` of version 0.1, installed from its own wheel."""
    there = subprocess.run(["git", "cat-file", "-e", OLD_PROGRAM], cwd=ROOT, capture_output=True, check=False)
    if there.returncode:
        pytest.skip(f"the history with version 0.1 is not here: git fetch --unshallow brings {OLD_PROGRAM}")
    folder = tmp_path_factory.mktemp("old")
    archive = subprocess.run(["git", "archive", OLD_PROGRAM], cwd=ROOT, capture_output=True, check=True).stdout
    (folder / "source").mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder / "source")], input=archive, check=True)
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(folder / "source")]
    subprocess.run(build, check=True, capture_output=True)
    python, uv = str(folder / "venv" / "bin" / "python"), Path(sys.executable).with_name("uv")
    venv.create(folder / "venv", with_pip=not uv.exists())
    install = [str(uv), "pip", "install", "--python", python] if uv.exists() else [python, "-m", "pip", "install"]
    wheel = next(folder.glob("*.whl"))
    subprocess.run([*install, "--quiet", f"tribometer @ {wheel.as_uri()}"], check=True, capture_output=True)
    return folder / "venv" / "bin" / "tribometer"


def run_old(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(program), *arguments],
        cwd=program.parent,
        env=dict(os.environ),
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.wheel
def test_the_older_program_reads_and_writes_todays_tables(old_program: Path, tmp_path: Path) -> None:
    tables = tmp_path / "t"
    replay(tables, line(1), line(2), b"{")
    count = "SELECT count(*) AS rows FROM events"
    read = run_old(old_program, "sql", count, "--tables", str(tables), "--format", "csv")
    assert read.stdout.split() == ["rows", "2"], read.stderr
    (tmp_path / "old.jsonl").write_bytes(b"\n".join([line(2), line(3), b"{", b"["]))
    wrote = run_old(
        old_program, "replay", str(tmp_path / "old.jsonl"), "--source", "feedback_event", "--tables", str(tables)
    )
    assert "4 messages = 1 accepted + 2 duplicate + 1 dead" in wrote.stdout, wrote.stderr
    assert replay(tables, line(2), line(3), line(4)) == 0
    assert ask(tables, "SELECT native_id FROM tables.feedback ORDER BY 1") == [("1",), ("2",), ("3",), ("4",)]
    assert len(stored_letters(str(tables))) == 2


@pytest.mark.wheel
def test_after_an_erasure_the_older_program_is_shut_out(old_program: Path, tmp_path: Path) -> None:
    tables = tmp_path / "t"
    replay(tables, line(1), line(2))
    author = ["--author", "author 1", "--source", "feedback_event"]
    assert main(["tables", "erase", *author, "--tables", str(tables)]) == 0
    (tmp_path / "old.jsonl").write_bytes(line(1))
    refused = run_old(
        old_program, "replay", str(tmp_path / "old.jsonl"), "--source", "feedback_event", "--tables", str(tables)
    )
    assert refused.returncode == 1
    assert "has schema version 2, this Tribometer reads up to 1; upgrade Tribometer" in refused.stderr
    assert ask(tables, "SELECT native_id FROM tables.feedback") == [("2",)]
