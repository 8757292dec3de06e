"""Snapshot: one consistent set of files for a reader, resolved from the tables' logs.

Readers never glob: a listing of the folder shows files that are not committed yet. Tables are opened in reverse
commit order, so that whatever `feedback` refers to is already in the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError
from schemas.tables import COMMIT_ORDER, EXPOSURE, LAUNCHES, RUNS
from transforms.delta import active_files, open_table


@dataclass(frozen=True)
class Snapshot:
    """`files[table]` are absolute paths of Parquet files, `versions[table]` the log version they come from.

    A table that nothing has been committed to has no files and no version.
    """

    root: Path
    files: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, int]


def open_snapshot(root: str) -> Snapshot:
    """The newest committed state of every table below `root`.

    Raises `UsageError` where there are no tables, `TribometerError` where one cannot be read.
    """
    folder = Path(root)
    if not folder.exists():
        raise UsageError(f"{root}: no such folder; name the one given to `tribometer replay --tables`")
    if not folder.is_dir():
        raise UsageError(f"{root}: is a file; name the folder given to `tribometer replay --tables`")
    files: dict[str, tuple[str, ...]] = {}
    versions: dict[str, int] = {}
    for spec in (*reversed(COMMIT_ORDER), LAUNCHES, EXPOSURE, RUNS):
        table = open_table(str(folder.resolve()), spec)
        files[spec.name] = () if table is None else tuple(active_files(table))
        if table is not None:
            versions[spec.name] = table.version()
    if not versions:
        raise UsageError(
            f"{root}: holds no tables; `tribometer replay FILE --source NAME --tables {root}` makes them"
        )
    return Snapshot(folder.resolve(), files, versions)
