"""Export: one snapshot as plain Parquet, for whoever reads no Delta log."""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import TribometerError, UsageError
from schemas.tables import COMMIT_ORDER, TableSpec
from transforms.delta import LiveFile, fsync, live_files, open_table
from transforms.parquet import read_file

SNAPSHOT_FILE = "_snapshot.json"
"""Beside the tables of an export: their versions and rows. Readers of Parquet pass over names that begin so."""


@dataclass(frozen=True)
class Exported:
    """Rows of one table, the log version they come from, and the files they are in."""

    table: str
    version: int
    rows: int
    files: int


def export(
    root: str,
    specs: Sequence[TableSpec],
    target: Path,
    *,
    as_of: datetime | None = None,
    one_file: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Exported]:
    """Write the newest snapshot of `specs`, or what of it was there `as_of`, to the new folder `target`.

    A table becomes a folder of its name, with one file a partition below `<partition>=<label>/`, or one file in all
    that has the partition as its last column. `target` appears when everything in it is on disk; a failed export
    leaves nothing. Raises `UsageError` where it exists already, `StaleSnapshotError` where vacuum was faster.
    """
    if target.exists():
        raise UsageError(f"{target}: exists already; name a new folder")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: the folder {target.parent} does not exist; make it first")
    unfinished = target.with_name(f".{target.name}.unfinished-{uuid.uuid4().hex[:8]}")
    # Feedback is opened before raw, as readers do: what it refers to is in the others then.
    order = [*(spec for spec in specs if spec not in COMMIT_ORDER), *reversed(COMMIT_ORDER)]
    try:
        unfinished.mkdir()
        opened = [(spec, open_table(root, spec)) for spec in order if spec in specs]
        found = [(spec, table.version(), live_files(table)) for spec, table in opened if table is not None]
        total = sum(len(files) for _, _, files in found)
        seen = 0
        done = []
        for spec, version, files in found:
            writer = _Writer(root, spec, unfinished / spec.name, as_of, one_file)
            for file in sorted(files, key=lambda file: (file.partition or "", file.path)):
                writer.add(file)
                seen += 1
                progress(seen, total)
            done.append(Exported(spec.name, version, writer.rows, writer.close()))
        about = {
            "as_of": None if as_of is None else as_of.isoformat(),
            "tables": [asdict(table) for table in done],
        }
        (unfinished / SNAPSHOT_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        for path in (*unfinished.rglob("*"), unfinished):
            fsync(path)
        unfinished.rename(target)
        fsync(target.parent)
    except OSError as error:
        place = str(error.filename or target).replace(str(unfinished), str(target))
        raise TribometerError(f"{place}: {error.strerror}; nothing was exported") from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(unfinished)
    return done


class _Writer:
    """Files of one exported table; one is open at a time, while rows of its partition come in."""

    def __init__(self, root: str, spec: TableSpec, folder: Path, as_of: datetime | None, one_file: bool) -> None:
        self._root = root
        self._spec = spec
        self._folder = folder
        self._as_of = as_of
        self._one_file = one_file or spec.partition is None
        self._open: dict[str | None, pq.ParquetWriter] = {}
        self._files = 0
        self.rows = 0
        folder.mkdir(mode=0o700 if spec.restricted else 0o777)
        if self._one_file:
            self._writer(None)

    def add(self, file: LiveFile) -> None:
        """Write the rows of a file; files of one partition follow each other."""
        rows = read_file(self._root, self._spec, file)
        if self._as_of is not None:
            rows = rows.filter(pc.less_equal(rows.column(self._spec.recorded), pa.scalar(self._as_of)))
            rows = _in_force(rows, self._spec, self._as_of)
        if not rows.num_rows:
            return
        if self._one_file and self._spec.partition is not None:
            label = pa.repeat(pa.scalar(file.partition, pa.string()), rows.num_rows)
            rows = rows.append_column(self._spec.table_schema.field(self._spec.partition), label)
        self._writer(None if self._one_file else file.partition).write_table(rows)
        self.rows += rows.num_rows

    def close(self) -> int:
        """Finish the last file and return how many there are."""
        for writer in self._open.values():
            writer.close()
        self._open.clear()
        return self._files

    def _writer(self, label: str | None) -> pq.ParquetWriter:
        if label not in self._open:
            self.close()
            folder = self._folder if self._one_file else self._folder / f"{self._spec.partition}={label}"
            folder.mkdir(exist_ok=True)
            schema = self._spec.table_schema if self._one_file else self._spec.schema
            self._open[label] = pq.ParquetWriter(folder / "part-0.parquet", schema, compression="zstd")
            self._files += 1
        return self._open[label]


def _in_force(rows: pa.Table, spec: TableSpec, as_of: datetime) -> pa.Table:
    """The rows without what was superseded only later: at that instant it was in force."""
    if spec.superseded is None:
        return rows
    place = rows.schema.get_field_index(spec.superseded)
    at = rows.column(place)
    known = pc.if_else(pc.less_equal(at, pa.scalar(as_of)), at, pa.scalar(None, at.type))
    return rows.set_column(place, rows.schema.field(place), known)
