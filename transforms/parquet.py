"""One Parquet file of a table: written in its final place and forced to disk.

The name ends in a digest of the bytes, so that a file can be told from a damaged one without any other record. It is
given to the file when its bytes are complete: a file with such a name is never one that somebody still writes.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.arrow import ADDED, SCHEMA_VERSION
from schemas.errors import DamagedFileError, NewerFileError, StaleSnapshotError
from schemas.tables import TableSpec
from transforms.delta import DataFile, LiveFile, StagedFileTakenError, fsync, table_path
from transforms.failpoints import failpoint

_DIGEST: Final = re.compile(r"-([0-9a-f]{16})\.parquet$")
_VERSION: Final = re.compile(r"-v(\d{1,9})-[0-9a-f]{16}\.parquet$")
_FIRST_VERSION: Final = 1

UNFINISHED: Final = ".unfinished"
"""End of the hidden name that a file has while it is written; a killed writer leaves it behind."""

_DICTIONARY_ROWS: Final = 2_000
"""Below this many rows dictionaries cost more bytes and time than zstd alone: 6.3 against 11.7 ms, 30.1 against
32.3 kB for a day of 89 support questions."""


def write_file(
    root: str, spec: TableSpec, rows: pa.Table, *, partition: str | None, written_at: datetime
) -> DataFile:
    """Write `rows` (columns of the table's schema) as one file nobody sees before its commit.

    Raises `StagedFileTakenError` where an erasure took the unfinished file away.
    """
    columns = rows.select(spec.schema.names).cast(spec.schema)
    content = pa.BufferOutputStream()
    pq.write_table(
        columns,
        content,
        compression="zstd",
        write_statistics=_statistics(spec),
        use_dictionary=rows.num_rows >= _DICTIONARY_ROWS,
        store_schema=False,
    )
    data = content.getvalue()
    # A random part as well: two rivals may write the same rows, and the slower one deletes its own file.
    name = f"{uuid.uuid4().hex}-v{SCHEMA_VERSION}-{_digest(data)}.parquet"
    relative = f"{spec.partition}={partition}/{name}" if spec.partition else name
    path = table_path(root, spec) / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{name}{UNFINISHED}")
    unfinished.write_bytes(data)
    try:
        fsync(unfinished)
        unfinished.rename(path)
    except FileNotFoundError:
        raise StagedFileTakenError(path) from None
    failpoint("after_file_write")
    ids = tuple(columns.column(spec.identity).to_pylist()) if spec.identity else ()
    return DataFile(spec.name, relative, partition, rows.num_rows, data.size, written_at, ids)


def may_lack_columns(spec: TableSpec, path: str) -> bool:
    """Whether a file may lack columns of today, by the version in its name: older programs write none.

    They go on writing into tables that newer ones have made.
    """
    version = written_with(path)
    return any(version < added for (name, _), added in ADDED.items() if name == spec.name)


def written_with(path: str) -> int:
    """The schema version of the program that wrote a file, by the file's name."""
    found = _VERSION.search(path)
    return int(found[1]) if found else _FIRST_VERSION


def read_file(root: str, spec: TableSpec, file: LiveFile) -> pa.Table:
    """All rows of a file of a snapshot, in the table's columns without the partition.

    Columns that a younger version added are null. Raises `StaleSnapshotError` where the file is gone and
    `DamagedFileError` where it is not what the log and its name say.
    """
    path = table_path(root, spec) / file.path
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{path} is gone; a newer snapshot does not need it") from error
    reason = _damage(path.name, data) or (
        None if len(data) == file.size_bytes else f"has {len(data):,} bytes, the log says {file.size_bytes:,}"
    )
    if reason is None:
        try:
            rows = pq.read_table(pa.BufferReader(data), schema=spec.schema)
        except (pa.ArrowException, OSError) as error:
            reason = f"does not parse ({str(error).strip().splitlines()[0]})"
        else:
            if file.rows in (None, rows.num_rows):
                return rows
            reason = f"has {rows.num_rows:,} rows, the log says {file.rows:,}"
    raise DamagedFileError(f"{path} {reason}; `tribometer tables verify` says what to do")


def read_to_rewrite(root: str, spec: TableSpec, file: LiveFile) -> pa.Table:
    """As `read_file`, for whoever writes the rows again and takes the file out of the table.

    Raises `NewerFileError` for a file with columns that this program does not know: they would be lost.
    """
    rows = read_file(root, spec, file)
    if written_with(file.path) > SCHEMA_VERSION and (unknown := _unknown_columns(root, spec, file)):
        raise NewerFileError(
            f"{table_path(root, spec) / file.path} holds columns of schema version {written_with(file.path)} "
            f"({', '.join(unknown)}), this Tribometer knows version {SCHEMA_VERSION} and would lose them; "
            "upgrade Tribometer"
        )
    return rows


def _unknown_columns(root: str, spec: TableSpec, file: LiveFile) -> list[str]:
    try:
        found = pq.read_schema(table_path(root, spec) / file.path).names
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{file.path} is gone; a newer snapshot does not need it") from error
    return [name for name in found if name not in spec.schema.names]


def damaged(path: Path) -> bool:
    """Whether the file's bytes are not those its name was given for; False for a name without a digest."""
    return _damage(path.name, path.read_bytes()) is not None


def _damage(name: str, data: bytes) -> str | None:
    found = _DIGEST.search(name)
    return None if found is None or _digest(data) == found[1] else "has not the bytes its name was given for"


def _digest(data: object) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()  # type: ignore[arg-type]


def _statistics(spec: TableSpec) -> list[str]:
    """Columns whose range lets a reader skip a file; ranges of the others only make small files larger."""
    return [name for name in ("occurred_at", "received_at", "product") if name in spec.schema.names]
