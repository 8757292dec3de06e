"""The memory of identities: exact answers, each file read once, bounded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import transforms.identities as module
from schemas.errors import StaleSnapshotError
from transforms.identities import IdentityMemory, known_identities


def ids(numbers: Iterable[int]) -> list[str]:
    return [f"{number:032x}" for number in numbers]


def write(path: Path, numbers: Iterable[int]) -> str:
    pq.write_table(pa.table({"event_id": pa.array(ids(numbers), pa.string())}), path)
    return str(path)


def known(files: list[str], numbers: Iterable[int]) -> list[str]:
    wanted = pa.table({"id": pa.array(ids(numbers), pa.string())})
    return sorted(known_identities(files, "event_id", wanted).to_pylist())


def suspects(memory: IdentityMemory, files: list[str], numbers: Iterable[int]) -> list[str]:
    with duckdb.connect() as connection:
        connection.register("w", pa.table({"id": pa.array(ids(numbers), pa.string())}))
        [hashes] = connection.execute("SELECT hash(id) FROM w").fetchnumpy().values()
        return memory.suspects(connection, files, "event_id", np.sort(hashes))


def test_what_files_hold_is_told_exactly(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{part}.parquet", range(10 * part, 10 * part + 10)) for part in range(5)]
    assert known(files, [3, 17, 49, 50, 999]) == ids([3, 17, 49])
    assert known(files[:1], [3, 17]) == ids([3]), "an answer is about the files asked for"
    assert known(files, []) == []
    assert known([write(tmp_path / "empty.parquet", [])], [1]) == []


def test_a_file_is_read_once(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{part}.parquet", range(10 * part, 10 * part + 10)) for part in range(3)]
    assert known(files, [100]) == []
    for path in files:
        Path(path).unlink()
    assert known(files, [100]) == []
    with pytest.raises(StaleSnapshotError, match=r"0\.parquet is gone"):
        known(files, [5])


def test_memory_is_bounded_and_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    memory = IdentityMemory(most=25)
    files = [write(tmp_path / f"{part}.parquet", range(10 * part, 10 * part + 10)) for part in range(4)]
    for path in (files[0], files[1], files[0], files[2]):
        assert suspects(memory, [path], [15]) == ([path] if path == files[1] else [])
        assert len(memory) <= 25
    for path in (files[0], files[2]):  # files[1] was used longest ago, and had to go
        Path(path).unlink()
        assert suspects(memory, [path], [999]) == []
    Path(files[1]).unlink()
    with pytest.raises(duckdb.IOException):
        suspects(memory, [files[1]], [999])


def test_a_partition_larger_than_the_memory_is_still_answered(tmp_path: Path) -> None:
    memory = IdentityMemory(most=15)
    files = [write(tmp_path / f"{part}.parquet", range(10 * part, 10 * part + 10)) for part in range(4)]
    for _ in range(2):
        assert suspects(memory, files, [5, 35]) == [files[0], files[3]]
        assert len(memory) == 10


def test_a_large_file_is_asked_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE_BYTES", 1)
    path = write(tmp_path / "large.parquet", range(10))
    assert known([path], [3, 30]) == ids([3])
    assert suspects(IdentityMemory(), [path], [30]) == [path]
