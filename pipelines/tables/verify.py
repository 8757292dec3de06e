"""Verify: is every table what its log says, row by row? Names what is not, and the way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.tables.disk import file_system_now, stored_files
from schemas.errors import DamagedFileError, StaleSnapshotError, TribometerError
from schemas.event import INVALID_DAY, PLAUSIBLE_YEARS
from schemas.tables import DEAD_LETTERS, FEEDBACK, RAW, RUNS, TableSpec
from transforms.delta import (
    ACTION_KEY,
    LOG_FOLDER,
    LiveFile,
    live_files,
    make_durable,
    open_table,
    replace_files,
    table_path,
)
from transforms.delta_log import LogEntryError, checkpoint_paths, entry_paths, read_entry
from transforms.parquet import read_file

_READERS: Final = 4
"""Files read at a time: waiting for the disk and decompressing release the interpreter."""

_NAMED: Final = 5
"""Identities named for each finding; the count says how many there are."""

_BROUGHT_BACK_BY: Final = {
    FEEDBACK.name: "replay the files they came from, or seek the subscription back: what is there is recognised",
    RAW.name: "replay the files they came from, or seek the subscription back: what is there is recognised",
    DEAD_LETTERS.name: "replay the files they came from: those refused again are stored again",
    RUNS.name: "nothing does: they are a record of runs, no other table needs them",
}


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: `subject` is a file or log entry below the table's folder.

    `harmless` findings take disk space at most. `file` is set where taking that file out of the snapshot makes the
    rest readable again.
    """

    table: str
    subject: str
    problem: str
    way_out: str
    harmless: bool = False
    file: LiveFile | None = None


@dataclass(frozen=True)
class Verified:
    """What was looked at in one table, and what was found."""

    table: str
    version: int | None
    files: int
    rows: int
    findings: tuple[Finding, ...]


def verify(
    root: str, spec: TableSpec, progress: Callable[[int, int], None] = lambda done, total: None
) -> Verified:
    """Check one table: its log, every file of the newest snapshot, every identity; `progress` counts files.

    The table may be in use: what changes meanwhile is no finding.
    """
    try:
        return _verify(root, spec, progress)
    except StaleSnapshotError:  # rewritten and vacuumed meanwhile, or deleted by hand: a second look tells
        return _verify(root, spec, progress, patient=False)


def _verify(root: str, spec: TableSpec, progress: Callable[[int, int], None], *, patient: bool = True) -> Verified:
    findings = list(_check_log(root, spec))
    try:
        table = open_table(root, spec)
    except TribometerError as error:
        if not findings:
            findings.append(Finding(spec.name, LOG_FOLDER, str(error), "restore the folder from a backup"))
        return Verified(spec.name, None, 0, 0, tuple(findings))
    if table is None:
        return Verified(spec.name, None, 0, 0, tuple(findings))
    files = live_files(table)
    good: list[LiveFile] = []
    with ThreadPoolExecutor(_READERS) as readers:
        checked = readers.map(lambda file: _check_file(root, spec, file, patient=patient), files)
        for number, (file, finding) in enumerate(zip(files, checked, strict=True), 1):
            progress(number, len(files))
            if finding is None:
                good.append(file)
            else:
                findings.append(finding)
    findings += _check_identities(root, spec, good)
    findings += _check_leftovers(root, spec)
    return Verified(spec.name, table.version(), len(files), sum(file.rows for file in good), tuple(findings))


def repair(root: str, spec: TableSpec, findings: Sequence[Finding]) -> int:
    """Take the files of `findings` that cannot be read out of the snapshot, and return how many rows they had.

    The files stay on disk until vacuum. Raises `CommitConflictError` where another rewriter was faster.
    """
    table = open_table(root, spec)
    if table is None:
        return 0
    live = set(live_files(table))
    removed = [finding.file for finding in findings if finding.file is not None and finding.file in live]
    if not removed:
        return 0
    rows = sum(file.rows for file in removed)
    about = {ACTION_KEY: "repair", "rows": str(-rows)}
    version = replace_files(table, spec, removed, [], about, changes_rows=True, bars_appends=True)
    make_durable(root, spec, [], version)
    return rows


def _check_log(root: str, spec: TableSpec) -> Iterator[Finding]:
    folder = table_path(root, spec)
    paths = entry_paths(root, spec)
    checkpoints = checkpoint_paths(root, spec)
    for version, path in checkpoints.items():
        try:
            pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            yield Finding(
                spec.name,
                f"{LOG_FOLDER}/{path.name}",
                f"checkpoint {version} does not parse ({str(error).strip().splitlines()[0]})",
                f"delete it and {LOG_FOLDER}/_last_checkpoint; the entries say the same"
                if 0 in paths
                else "restore it from a backup",
            )
    yield from _check_pointer(spec, folder / LOG_FOLDER / "_last_checkpoint", checkpoints)
    if not paths and not checkpoints:
        files = sum(1 for _ in stored_files(root, spec))
        yield Finding(
            spec.name,
            LOG_FOLDER,
            f"the log is empty, {files:,} data files are there",
            "restore the folder from a backup; without the log nothing says which files count, and a new table is "
            "made by moving this folder away and replaying",
        )
        return
    versions = sorted(paths)
    newest = max([*versions, *checkpoints])
    first = min(versions, default=newest)
    needed_from = max(checkpoints, default=-1) + 1
    for version in range(min(first, needed_from), newest + 1):
        if version not in paths and version not in checkpoints:
            needed = version >= needed_from
            yield Finding(
                spec.name,
                f"{LOG_FOLDER}/{version:020}.json",
                f"log entry {version} is missing",
                "restore it from a backup; entries after it cannot be trusted without it"
                if needed
                else "nothing to do: a later checkpoint holds what it said",
                harmless=not needed,
            )
    for version, path in paths.items():
        try:
            read_entry(version, path)
        except LogEntryError as error:
            yield Finding(spec.name, f"{LOG_FOLDER}/{path.name}", str(error), _way_out(version, newest, path))


def _check_pointer(spec: TableSpec, pointer: Path, checkpoints: dict[int, Path]) -> Iterator[Finding]:
    if not pointer.exists():
        return
    try:
        there = json.loads(pointer.read_bytes())["version"] in checkpoints
    except (ValueError, KeyError, TypeError):
        there = False
    if not there:
        yield Finding(
            spec.name,
            f"{LOG_FOLDER}/{pointer.name}",
            "names no checkpoint that is there",
            "delete it; the entries say the same",
        )


def _way_out(version: int, newest: int, path: Path) -> str:
    if version < newest:
        return "restore it from a backup; what came after it cannot be read without it"
    return (
        f"restore it from a backup, or move {path.name} out of the folder: the table is then what it was before that "
        "commit; replay what came after, or seek the subscription back"
    )


def _check_file(root: str, spec: TableSpec, file: LiveFile, *, patient: bool) -> Finding | None:
    brought_back = _BROUGHT_BACK_BY.get(spec.name, "record them again")
    way_out = (
        "restore it from a backup, or take it out of the table with `tribometer tables verify --repair --yes`; "
        f"what brings its rows back: {brought_back}"
    )
    try:
        rows = read_file(root, spec, file)
        _check_columns(root, spec, file)
    except StaleSnapshotError:
        if patient:
            raise
        return Finding(spec.name, file.path, f"is gone; it had {file.rows:,} rows", way_out, file=file)
    except DamagedFileError as error:
        problem = str(error).split(".parquet ", 1)[-1].split("; `", 1)[0]
        return Finding(spec.name, file.path, f"{problem}; it had {file.rows:,} rows", way_out, file=file)
    misplaced = _misplaced(spec, file, rows)
    if misplaced:
        return Finding(
            spec.name,
            file.path,
            f"{misplaced:,} of {file.rows:,} rows belong to another {spec.partition}",
            "their duplicates are not recognised; please report this",
        )
    return None


def _check_columns(root: str, spec: TableSpec, file: LiveFile) -> None:
    """Raise `DamagedFileError` for a file whose columns are of other types than the table's, or foreign to it."""
    path = table_path(root, spec) / file.path
    try:
        found = pq.read_schema(path)
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{path} is gone") from error
    for column in found:
        if column.name not in spec.schema.names:
            raise DamagedFileError(f"{path} has a column {column.name} that the table has not")
        wanted = spec.schema.field(column.name).type
        if column.type != wanted:
            raise DamagedFileError(f"{path} has the column {column.name} as {column.type}, the table as {wanted}")
    lacking = [field.name for field in spec.schema if field.name not in found.names and not field.nullable]
    if lacking:
        raise DamagedFileError(f"{path} lacks the column {', '.join(lacking)}")


def _misplaced(spec: TableSpec, file: LiveFile, rows: pa.Table) -> int:
    """Rows of `feedback` whose time of occurrence names another day than their folder."""
    if spec != FEEDBACK:
        return 0
    instants = rows.column("occurred_at")
    years = pc.year(instants)
    plausible = pc.and_(pc.greater_equal(years, PLAUSIBLE_YEARS.start), pc.less(years, PLAUSIBLE_YEARS.stop))
    if file.partition == INVALID_DAY:
        return int(pc.sum(plausible).as_py() or 0)
    day = pa.scalar(date.fromisoformat(str(file.partition)), pa.date32())
    right = pc.and_(plausible, pc.equal(instants.cast(pa.timestamp("us")).cast(pa.date32(), safe=False), day))
    return rows.num_rows - int(pc.sum(right).as_py() or 0)


def _check_identities(root: str, spec: TableSpec, files: Sequence[LiveFile]) -> Iterator[Finding]:
    if spec.identity is None or not files:
        return
    folder = table_path(root, spec)
    query = f"""
        SELECT "{spec.identity}", count(*), min(filename), max(filename)
        FROM read_parquet($files, filename = true, hive_partitioning = false)
        GROUP BY ALL HAVING count(*) > 1 ORDER BY 1
    """.replace("GROUP BY ALL", f'GROUP BY "{spec.identity}"')
    with duckdb.connect() as connection:
        try:
            found = connection.execute(query, {"files": [str(folder / file.path) for file in files]}).fetchall()
        except duckdb.IOException as error:
            raise StaleSnapshotError(f"{folder}: {error}") from error
    if found:
        named = ", ".join(identity for identity, *_ in found[:_NAMED])
        first, last = (str(Path(name).relative_to(folder)) for name in found[0][2:])
        yield Finding(
            spec.name,
            first if first == last else f"{first} and {last}",
            f"{len(found):,} identities stand in more than one row: {named}{', …' if len(found) > _NAMED else ''}",
            "please report this; `tribometer tables history` says which commits added the files",
        )


def _check_leftovers(root: str, spec: TableSpec) -> Iterator[Finding]:
    """Files that no log entry names: what a killed writer leaves behind, or a commit is about to name."""
    stored = list(stored_files(root, spec))
    known: set[str] = set()
    for version, path in entry_paths(root, spec).items():
        try:
            entry = read_entry(version, path)
        except (LogEntryError, FileNotFoundError):
            return
        known.update(file.path for file in entry.added)
        known.update(entry.removed)
    table = open_table(root, spec)
    known.update(file.path for file in live_files(table) if table is not None)
    left = [file for file in stored if file.path not in known]
    if left:
        hours = (file_system_now(root) - min(file.written_at for file in left)) / 3600
        yield Finding(
            spec.name,
            left[0].path if len(left) == 1 else f"{len(left):,} files",
            f"no log entry names {'it' if len(left) == 1 else 'them'}; {sum(file.size_bytes for file in left):,} bytes, "
            f"the oldest {hours:.1f} h",
            "harmless: left by a killed process, or just being written; `tribometer tables vacuum` deletes the old",
            harmless=True,
        )
