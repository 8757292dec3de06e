"""What lies on disk below a table, whether its log names it or not, and the file system's own clock."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.tables import TableSpec
from transforms.delta import LOG_FOLDER, table_path
from transforms.parquet import UNFINISHED

ASIDE: Final = "aside."
"""Before the name of a file that vacuum has put out of its place and not deleted yet."""


_ENDINGS: Final = (".parquet", f".parquet{UNFINISHED}")


@dataclass(frozen=True)
class StoredFile:
    """A Parquet file, or the beginning of one, below a table's folder.

    `path` is relative to the folder; `written_at` is its mtime, in seconds since 1970.
    """

    path: str
    size_bytes: int
    written_at: float

    @property
    def is_aside(self) -> bool:
        """Whether vacuum has put it out of its place."""
        return Path(self.path).name.startswith(ASIDE)

    @property
    def place(self) -> str:
        """Where its snapshot, if any, looks for it."""
        path = Path(self.path)
        return str(path.with_name(path.name.removeprefix(ASIDE)))


def stored_files(root: str, spec: TableSpec) -> Iterator[StoredFile]:
    """Every Parquet file below the table's folder: of the snapshot, removed, written and not committed yet."""
    folder = table_path(root, spec)
    yield from _below(folder, "")
    for place in (entry for entry in _entries(folder) if entry.is_dir(follow_symlinks=False)):
        if place.name != LOG_FOLDER:
            yield from _below(folder / place.name, f"{place.name}/")


def _below(folder: Path, prefix: str) -> Iterator[StoredFile]:
    for entry in _entries(folder):
        if entry.name.endswith(_ENDINGS) and entry.is_file(follow_symlinks=False):
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted meanwhile
                continue
            yield StoredFile(prefix + entry.name, status.st_size, status.st_mtime)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def file_system_now(root: str) -> float:
    """Seconds since 1970 by the clock that gives files their times.

    Ages of files are judged by it: the clock of this process, or of the one that wrote them, may be a day wrong.
    """
    probe = Path(root) / f".clock-{uuid.uuid4().hex}"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink()
