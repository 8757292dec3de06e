"""Delta Lake, the plain part of it: open, create, commit files, list files.

Only features every reader understands are used (no deletion vectors, column mapping or v2 checkpoints), so a
list of the snapshot's files *is* the table. delta-rs does not fsync on local disk: `make_durable` does, and a
commit is only acknowledged after it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from schemas.arrow import SCHEMA_VERSION
from schemas.errors import TribometerError
from schemas.tables import TableSpec

SCHEMA_VERSION_KEY: Final = "tribometer.schemaVersion"
AUTHOR_KEY_ID_KEY: Final = "tribometer.authorKeyId"
_UNDERSTOOD_READER_VERSION: Final = 1


class CommitConflictError(Exception):
    """Another committer was faster; open the table again and retry."""


@dataclass(frozen=True)
class DataFile:
    """A written Parquet file that no reader sees yet.

    `path` is relative to the table's folder; `ids` are the identities of its rows, in file order, and empty for a
    table without identity; `repeated` counts rows left out because the same batch held them twice.
    """

    table: str
    path: str
    partition: str | None
    rows: int
    size_bytes: int
    written_at: datetime
    ids: tuple[str, ...] = ()
    repeated: int = 0


def table_path(root: str, spec: TableSpec) -> Path:
    """Folder of a table."""
    return Path(root) / spec.name


def open_table(root: str, spec: TableSpec) -> DeltaTable | None:
    """The table at its newest version, or None where nothing has been committed.

    Raises `TribometerError` for a table that a newer Tribometer, or another writer with features a plain file
    list would misread, has touched.
    """
    path = table_path(root, spec)
    if not (path / "_delta_log").is_dir():
        return None
    try:
        table = DeltaTable(path)
    except TableNotFoundError:
        return None  # a first commit that has not landed yet
    except (DeltaError, OSError) as error:
        raise TribometerError(f"the table {path} cannot be read: {_first_line(error)}") from error
    written = int(table.metadata().configuration.get(SCHEMA_VERSION_KEY, "0"))
    if written > SCHEMA_VERSION:
        raise TribometerError(
            f"the table {path} has schema version {written}, this Tribometer reads up to {SCHEMA_VERSION}; "
            "upgrade Tribometer"
        )
    if table.protocol().min_reader_version > _UNDERSTOOD_READER_VERSION:
        raise TribometerError(
            f"the table {path} uses Delta features Tribometer does not read (reader version "
            f"{table.protocol().min_reader_version}); some other program has changed it"
        )
    return table


def open_or_create(root: str, spec: TableSpec, configuration: dict[str, str] | None = None) -> DeltaTable:
    """The table, made first where it does not exist; safe when several processes do so at once."""
    table = open_table(root, spec)
    if table is not None:
        return table
    path = table_path(root, spec)
    path.mkdir(parents=True, exist_ok=True)
    if spec.restricted:
        path.chmod(0o700)
    # Another process may create it in the meantime; opening it below says if it was something else.
    with contextlib.suppress(DeltaError):
        DeltaTable.create(
            path,
            schema=spec.table_schema,
            mode="ignore",
            partition_by=[spec.partition] if spec.partition else None,
            configuration={SCHEMA_VERSION_KEY: str(SCHEMA_VERSION), **(configuration or {})},
            raise_if_key_not_exists=False,
        )
    table = open_table(root, spec)
    if table is None:
        raise TribometerError(f"the table {path} could not be created")
    return table


def active_files(table: DeltaTable, partitions: Iterable[str] | None = None) -> list[str]:
    """Absolute paths of the snapshot's files, of the named partitions or of all."""
    uris: list[str]
    if partitions is None:
        uris = table.file_uris()
    else:
        column = table.metadata().partition_columns[0]
        uris = table.file_uris(file_pruning_predicate=[(column, "in", sorted(set(partitions)))])
    # URIs, not paths: a space in a folder's name arrives as %20.
    return [unquote(uri.removeprefix("file://")) for uri in uris]


def add_files(table: DeltaTable, spec: TableSpec, files: Sequence[DataFile], metadata: dict[str, str]) -> int:
    """Make `files` visible in one transaction and return the table's new version.

    The check and the commit use the same `table`: a committer that read an older snapshot fails with
    `CommitConflictError` instead of committing rows it has not compared with its rival's.
    """
    application = f"tribometer.{spec.name}"
    turn = (table.transaction_version(application) or 0) + 1
    actions = [
        AddAction(
            path=file.path,
            size=file.size_bytes,
            partition_values={spec.partition: file.partition} if spec.partition else {},
            modification_time=int(file.written_at.timestamp() * 1000),
            data_change=True,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in files
    ]
    try:
        table.create_write_transaction(
            actions,
            mode="append",
            schema=spec.table_schema,
            partition_by=[spec.partition] if spec.partition else None,
            commit_properties=CommitProperties(
                app_transactions=[Transaction(application, turn)], custom_metadata=metadata
            ),
        )
    except CommitFailedError as error:
        raise CommitConflictError(_first_line(error)) from error
    table.update_incremental()
    version: int = table.version()
    return version


def make_durable(root: str, spec: TableSpec, files: Sequence[DataFile], version: int) -> None:
    """Force the directories of `files` and the log up to `version` to disk (the files are already)."""
    path = table_path(root, spec)
    log = path / "_delta_log"
    folders = {(path / file.path).parent for file in files}
    for folder in (*folders, path, path.parent):
        fsync(folder)
    entry = log / f"{version:020}.json"
    if entry.exists():
        fsync(entry)
    fsync(log)


def fsync(path: Path) -> None:
    """Force one file or directory to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(error: Any) -> str:
    return str(error).strip().split("\n", 1)[0]
