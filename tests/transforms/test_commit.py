"""The commit protocol: once, whoever else commits, whatever is delivered again."""

from __future__ import annotations

import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from schemas import tables
from schemas.errors import TribometerError, UsageError
from transforms import commit as module
from transforms.commit import append, commit
from transforms.delta import (
    SCHEMA_VERSION_KEY,
    active_files,
    add_files,
    live_files,
    open_or_create,
    open_table,
    replace_files,
)
from transforms.parquet import read_file, write_file
from transforms.write import write

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def clock() -> datetime:
    return NOON


def raw_rows(numbers: range, months: int = 3) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(
        [
            {
                "event_id": f"{number:032x}",
                "source": "test",
                "received_at": NOON + timedelta(seconds=number),
                "payload": str(number).encode(),
                "month": f"2024-{1 + number % months:02}",
            }
            for number in numbers
        ],
        schema=tables.RAW.table_schema,
    )


def write_raw(root: Path, *batches: pa.RecordBatch) -> list:
    return write(str(root), tables.RAW, batches, batch_id="b", clock=clock)


def commit_raw(root: Path, files: list) -> tuple[int, int]:
    outcome = commit(str(root), tables.RAW, files, batch_id="b")
    return outcome.added, outcome.duplicate


def read_ids(root: Path) -> list[str]:
    table = open_table(str(root), tables.RAW)
    assert table is not None
    return sorted(
        row[0] for row in duckdb.execute("SELECT event_id FROM read_parquet(?)", [active_files(table)]).fetchall()
    )


def test_written_files_are_invisible_until_committed(tmp_path: Path) -> None:
    open_or_create(str(tmp_path), tables.RAW)
    files = write_raw(tmp_path, raw_rows(range(9)))
    assert [file.rows for file in files] == [3, 3, 3]
    assert active_files(open_table(str(tmp_path), tables.RAW)) == []  # type: ignore[arg-type]
    assert commit_raw(tmp_path, files) == (9, 0)
    assert len(read_ids(tmp_path)) == 9


def test_a_batch_delivered_again_adds_nothing_and_leaves_no_file(tmp_path: Path) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9))))
    before = sorted(tmp_path.rglob("*.parquet"))
    assert commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9)))) == (0, 9)
    assert sorted(tmp_path.rglob("*.parquet")) == before


def test_a_batch_that_overlaps_adds_only_what_is_new(tmp_path: Path) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9))))
    assert commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(5, 14)))) == (5, 4)
    assert read_ids(tmp_path) == [f"{number:032x}" for number in range(14)]


def test_an_identity_twice_in_a_batch_is_one_row_and_one_duplicate(tmp_path: Path) -> None:
    files = write_raw(tmp_path, raw_rows(range(4)), raw_rows(range(2, 6)))
    assert commit_raw(tmp_path, files) == (6, 2)


def test_a_partition_whose_every_row_is_known_counts_its_repeats(tmp_path: Path) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(4))))
    assert commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(4)), raw_rows(range(4)))) == (0, 8)


def test_a_file_that_vanishes_while_its_identities_are_read_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9), months=1)))
    known = module.known_identities

    def rewrite_first(*arguments: object) -> pa.Array:
        monkeypatch.setattr(module, "known_identities", known)
        table = open_or_create(str(tmp_path), tables.RAW)
        (old,) = live_files(table)
        rows = read_file(str(tmp_path), tables.RAW, old)
        new = write_file(str(tmp_path), tables.RAW, rows, partition=old.partition, written_at=NOON)
        replace_files(table, tables.RAW, [old], [new], {}, changes_rows=False)
        (tmp_path / "raw" / old.path).unlink()
        return known(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "known_identities", rewrite_first)
    assert commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(5, 14), months=1))) == (5, 4)
    assert read_ids(tmp_path) == [f"{number:032x}" for number in range(14)]


def test_a_damaged_file_in_the_way_is_named(tmp_path: Path) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9), months=1)))
    (path,) = tmp_path.rglob("month=*/*.parquet")
    path.write_bytes(b"no Parquet")
    with pytest.raises(TribometerError, match=f"{path.name}.*tables verify"):
        commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9), months=1)))


def test_the_version_is_that_of_the_own_entry(tmp_path: Path) -> None:
    files = write_raw(tmp_path, raw_rows(range(9)))
    table = open_or_create(str(tmp_path), tables.RAW)
    for _ in range(2):
        replace_files(open_or_create(str(tmp_path), tables.RAW), tables.RAW, [], [], {}, changes_rows=False)
    assert add_files(table, tables.RAW, files, {}) == 3


@pytest.mark.parametrize("name", ["with space", "50%", "ümlaut", "a+b#c"])
def test_a_folder_may_have_an_unusual_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    commit_raw(folder, write_raw(folder, raw_rows(range(9))))
    assert commit_raw(folder, write_raw(folder, raw_rows(range(9)))) == (0, 9)
    assert len(read_ids(folder)) == 9


def test_a_folder_that_looks_escaped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="misreads '%20' in a folder's name; rename"):
        open_or_create(str(tmp_path / "my%20tables"), tables.RAW)


def _rival(root: str) -> int:
    added = 0
    for start in range(0, 200, 20):
        files = write(root, tables.RAW, [raw_rows(range(start, start + 20))], batch_id="b", clock=clock)
        added += commit(root, tables.RAW, files, batch_id="b").added
    return added


def test_four_processes_committing_the_same_rows_commit_each_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imports once for all
    with context.Pool(4) as pool:
        added = pool.map(_rival, [str(tmp_path)] * 4)
    assert sum(added) == 200
    assert read_ids(tmp_path) == [f"{number:032x}" for number in range(200)]


def test_the_log_uses_only_what_a_list_of_files_can_express(tmp_path: Path) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(9))))
    protocol = DeltaTable(tmp_path / "raw").protocol()
    assert (protocol.min_reader_version, protocol.reader_features) == (1, None)


def test_restricted_tables_are_closed_to_other_users(tmp_path: Path) -> None:
    for spec in tables.TABLES.values():
        open_or_create(str(tmp_path), spec)
        mode = stat.S_IMODE((tmp_path / spec.name).stat().st_mode)
        assert (mode == 0o700) == spec.restricted, spec.name


def test_a_table_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    DeltaTable.create(
        tmp_path / "raw",
        schema=tables.RAW.table_schema,
        configuration={SCHEMA_VERSION_KEY: "99"},
        raise_if_key_not_exists=False,
    )
    with pytest.raises(TribometerError, match=r"schema version 99, this Tribometer reads up to \d+; upgrade"):
        open_table(str(tmp_path), tables.RAW)


def test_a_damaged_log_is_named(tmp_path: Path) -> None:
    commit_raw(tmp_path, write_raw(tmp_path, raw_rows(range(3))))
    for entry in (tmp_path / "raw" / "_delta_log").glob("*.json"):
        entry.write_text("garbage")
    with pytest.raises(TribometerError, match=r"raw cannot be read"):
        open_table(str(tmp_path), tables.RAW)


def test_append_makes_rows_of_a_small_table_visible(tmp_path: Path) -> None:
    row = {
        "product": "p",
        "day": NOON.date(),
        "version": None,
        "measure": "sessions",
        "count": 3.0,
        "recorded_at": NOON,
    }
    rows = pa.Table.from_pylist([row], schema=tables.EXPOSURE.schema)
    append(str(tmp_path), tables.EXPOSURE, rows, batch_id="b", written_at=NOON)
    append(str(tmp_path), tables.EXPOSURE, rows, batch_id="b", written_at=NOON)
    files = active_files(open_table(str(tmp_path), tables.EXPOSURE))  # type: ignore[arg-type]
    assert duckdb.execute("SELECT count(*), sum(count) FROM read_parquet(?)", [files]).fetchone() == (2, 6.0)
