"""Delta Lake, the plain part of it: open, create, commit files, list files.

Only features every reader understands are used (no deletion vectors, column mapping or v2 checkpoints), so a
list of the snapshot's files *is* the table. delta-rs does not fsync on local disk: `make_durable` does, and a
commit is only acknowledged after it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import Schema
from deltalake.transaction import AddAction, RemoveAction

from schemas.arrow import READER_VERSION, SCHEMA_VERSION
from schemas.errors import TribometerError, UsageError
from schemas.tables import TableSpec

SCHEMA_VERSION_KEY: Final = "tribometer.schemaVersion"
"""Table property: the oldest schema version whose programs may read and write the table."""

CREATED_VERSION_KEY: Final = "tribometer.createdSchemaVersion"
"""Table property: the schema version that made the table. Its files may lack the columns added since."""

AUTHOR_KEY_ID_KEY: Final = "tribometer.authorKeyId"
_UNDERSTOOD_READER_VERSION: Final = 1
_UNDERSTOOD_WRITER_VERSION: Final = 2

LOG_FOLDER: Final = "_delta_log"

ACTION_KEY: Final = "tribometerAction"
"""What a transaction was for, in its log entry: `append` where it says nothing, else `compact`, `retention`, …"""

_TRANSACTION_KEY: Final = "tribometerTransaction"
"""A mark by which a committer finds its own log entry among those of its rivals."""

_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
"""delta-rs takes this in a folder's name for an escaped character, and looks in another folder."""


class CommitConflictError(Exception):
    """Another committer was faster; open the table again and retry."""


class StagedFileTakenError(TribometerError):
    """A file was gone before its commit: an erasure took it, because of a row that must not be stored any more, or
    vacuum took it for a leftover, because the process had been stopped for longer than the retention.

    Nothing of its table was committed; run the batch again.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}: deleted by an erasure or by vacuum before it was committed; run the command again"
        )


@dataclass(frozen=True)
class LiveFile:
    """A Parquet file of a snapshot; `path` is relative to the table's folder, as the log spells it."""

    path: str
    partition: str | None
    rows: int
    size_bytes: int


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

    Raises `TribometerError` for a table that a newer, incompatible Tribometer, or another writer with features a
    plain file list would misread, has touched.
    """
    path = table_path(root, spec)
    if escape := _ESCAPE.search(str(path.absolute())):
        raise UsageError(f"{root}: delta-rs misreads {escape[0]!r} in a folder's name; rename the folder")
    if not (path / LOG_FOLDER).is_dir():
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


def open_to_write(root: str, spec: TableSpec) -> DeltaTable | None:
    """As `open_table`, for whoever will write: raises `TribometerError` too where a write would break the table.

    Such are tables with features that bind writers (constraints, change data feed, row tracking …). delta-rs refuses
    some of them only at the commit, in the words of a conflict, and others not at all.
    """
    table = open_table(root, spec)
    if table is not None:
        _refuse_unknown_writer_features(table, spec)
    return table


def _refuse_unknown_writer_features(table: DeltaTable, spec: TableSpec) -> None:
    protocol = table.protocol()
    if protocol.min_writer_version > _UNDERSTOOD_WRITER_VERSION:
        features = ", ".join(sorted(protocol.writer_features or ()))
        raise TribometerError(
            f"the table {spec.name} uses Delta features Tribometer does not write (writer version "
            f"{protocol.min_writer_version}{f': {features}' if features else ''}); a newer Tribometer or some other "
            "program has changed it: upgrade Tribometer, or restore the table"
        )


def open_or_create(root: str, spec: TableSpec, configuration: dict[str, str] | None = None) -> DeltaTable:
    """The table, ready to be written to: made where it does not exist, given the columns it lacks.

    Safe when several processes do so at once.
    """
    table = open_to_write(root, spec)
    if table is None:
        table = _create(root, spec, configuration)
    return _with_all_columns(root, spec, table)


def _create(root: str, spec: TableSpec, configuration: dict[str, str] | None) -> DeltaTable:
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
            configuration={
                SCHEMA_VERSION_KEY: str(READER_VERSION),
                CREATED_VERSION_KEY: str(SCHEMA_VERSION),
                **(configuration or {}),
            },
            raise_if_key_not_exists=False,
        )
    table = open_table(root, spec)
    if table is None:
        raise TribometerError(f"the table {path} could not be created")
    return table


def _with_all_columns(root: str, spec: TableSpec, table: DeltaTable) -> DeltaTable:
    """The table with the columns that later versions added; older programs go on reading and writing it."""
    wanted = {field.name: field for field in Schema.from_arrow(spec.table_schema).fields}
    missing = [wanted[name] for name in wanted if name not in column_names(table)]
    if not missing:
        return table
    with contextlib.suppress(DeltaError):  # another process was first; the check below tells
        table.alter.add_columns(missing)
    table = DeltaTable(table_path(root, spec))
    if lacking := wanted.keys() - column_names(table):
        raise TribometerError(f"the table {table_path(root, spec)} lacks the columns {', '.join(sorted(lacking))}")
    return table


def column_names(table: DeltaTable) -> set[str]:
    """Columns of the table, as its log has them."""
    return {field.name for field in table.schema().fields}


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


def require_version(root: str, spec: TableSpec, version: int) -> None:
    """Close a table to programs whose columns are older than `version`; does nothing where it is already.

    Raises `CommitConflictError` when another commit was faster.
    """
    table = open_table(root, spec)
    if table is None or int(table.metadata().configuration.get(SCHEMA_VERSION_KEY, "0")) >= version:
        return
    try:
        table.alter.set_table_properties({SCHEMA_VERSION_KEY: str(version)}, raise_if_not_exists=False)
    except DeltaError as error:
        raise CommitConflictError(_first_line(error)) from error
    make_durable(root, spec, [], table.version())


def live_files(table: DeltaTable) -> list[LiveFile]:
    """The snapshot's files with their sizes, in no order."""
    partitions = table.metadata().partition_columns
    added = pa.table(table.get_add_actions(flatten=True))
    names = ["path", *(f"partition.{column}" for column in partitions), "num_records", "size_bytes"]
    columns = [added.column(name).to_pylist() for name in names]
    if not partitions:
        columns.insert(1, [None] * added.num_rows)
    return [LiveFile(*values) for values in zip(*columns, strict=True)]


def add_files(table: DeltaTable, spec: TableSpec, files: Sequence[DataFile], metadata: dict[str, str]) -> int:
    """Make `files` visible in one transaction and return the table's new version; `table` stays where it was.

    The check and the commit use the same `table`: a committer that read an older snapshot fails with
    `CommitConflictError` instead of committing rows it has not compared with its rival's.
    """
    return _transact(table, spec, [], files, metadata, turns=[_appends(spec)])


def replace_files(
    table: DeltaTable,
    spec: TableSpec,
    removed: Sequence[LiveFile],
    added: Sequence[DataFile],
    metadata: dict[str, str],
    *,
    changes_rows: bool,
    bars_appends: bool = False,
) -> int:
    """Put `added` in the place of `removed` in one transaction and return the table's new version.

    `metadata` says under `ACTION_KEY` what for. Only one of several rewriters that read the same snapshot wins, the
    others get a `CommitConflictError`: delta-rs itself lets two remove the same file. Appends go on beside it,
    unless `bars_appends`: then every append that checked an older snapshot fails too and checks again. With neither
    files removed nor added it is a barrier only.
    """
    turns = [_rewrites(spec), _appends(spec)] if bars_appends else [_rewrites(spec)]
    return _transact(table, spec, removed, added, metadata, turns=turns, changes_rows=changes_rows)


def _appends(spec: TableSpec) -> str:
    return f"tribometer.{spec.name}"


def _rewrites(spec: TableSpec) -> str:
    return f"tribometer.{spec.name}.rewrite"


def _transact(
    table: DeltaTable,
    spec: TableSpec,
    removed: Sequence[LiveFile],
    added: Sequence[DataFile],
    metadata: dict[str, str],
    *,
    turns: Sequence[str],
    changes_rows: bool = True,
) -> int:
    """One Delta transaction that takes the next turn of each application in `turns`."""
    _refuse_unknown_writer_features(table, spec)
    label = {spec.partition: None} if spec.partition else {}
    actions: list[AddAction | RemoveAction] = [
        AddAction(
            path=file.path,
            size=file.size_bytes,
            partition_values=dict.fromkeys(label, file.partition),
            modification_time=int(file.written_at.timestamp() * 1000),
            data_change=changes_rows,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in added
    ]
    mark = uuid.uuid4().hex
    now = int(time.time() * 1000)
    actions += [
        RemoveAction(file.path, changes_rows, now, file.size_bytes, dict.fromkeys(label, file.partition))
        for file in removed
    ]
    try:
        table.create_write_transaction(
            actions,
            mode="append",
            schema=spec.table_schema,
            partition_by=[spec.partition] if spec.partition else None,
            commit_properties=CommitProperties(
                app_transactions=[
                    Transaction(application, (table.transaction_version(application) or 0) + 1)
                    for application in turns
                ],
                custom_metadata={**metadata, _TRANSACTION_KEY: mark},
            ),
            # An unsynced checkpoint must never be all there is: `tables compact` cleans the log once one is on disk.
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )
    except CommitFailedError as error:
        raise CommitConflictError(_first_line(error)) from error
    return _version_of(table, mark)


def _version_of(table: DeltaTable, mark: str) -> int:
    """Version of the entry with this mark: asking delta-rs would replay the log, 100 ms at 10,000 files."""
    version: int = table.version() + 1
    log = Path(unquote(table.table_uri.removeprefix("file://"))) / LOG_FOLDER
    while mark not in (log / f"{version:020}.json").read_text():
        version += 1
    return version


def make_durable(root: str, spec: TableSpec, files: Sequence[DataFile], version: int) -> None:
    """Force the directories of `files` and the log up to `version` to disk (the files are already)."""
    path = table_path(root, spec)
    log = path / LOG_FOLDER
    folders = {(path / file.path).parent for file in files}
    for folder in (*folders, path, path.parent):
        fsync(folder)
    for written in (f"{version:020}.json", f"{version:020}.checkpoint.parquet", "_last_checkpoint"):
        with contextlib.suppress(FileNotFoundError):
            fsync(log / written)
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
