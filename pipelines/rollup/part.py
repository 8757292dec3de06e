"""A part: the rollups of some days, in a folder below `rollups` that is written once and never changed.

`<first day>_<last day>_<digest>` holds a Parquet file for each rolled-up view and `days.json`, which says of every day
what its rows come from. Few files of many days: DuckDB takes a quarter of a millisecond for each file of a list, and a
year of daily ones would cost more than all the rows in them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from pipelines.quoting import literal
from schemas.errors import StaleSnapshotError
from schemas.views import ROLLED_UP
from transforms.delta import fsync
from transforms.parquet import UNFINISHED

FOLDER: Final = "rollups"

_DAYS: Final = "days.json"
_DIGEST_LENGTH: Final = 16

_ORDER: Final = ("product", "touchpoint", "day")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Stamp(NamedTuple):
    """What a day's rows were made from (`fingerprint`), and when the youngest row behind them was committed."""

    fingerprint: str
    latest_us: int


@dataclass(frozen=True)
class Part:
    """A stored part: its folder, and the stamp of each day it holds."""

    path: Path
    days: Mapping[str, Stamp]

    def file(self, view: str) -> str:
        """Where the rows of a rolled-up view are."""
        return str(_file(self.path, view))

    @property
    def bytes(self) -> int:
        """Size of its files; 0 where it was deleted meanwhile."""
        try:
            return sum(entry.stat().st_size for entry in os.scandir(self.path))
        except FileNotFoundError:
            return 0


def microseconds(instant: datetime) -> int:
    """Since 1970, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def stored_parts(root: Path) -> Iterator[Part]:
    """Every whole part below the tables' folder `root`."""
    try:
        folders = sorted(os.scandir(root / FOLDER), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for folder in folders:
        if not folder.name.startswith("."):
            try:
                days = json.loads(Path(folder.path, _DAYS).read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                continue
            yield Part(Path(folder.path), {day: Stamp(*stamp) for day, stamp in days.items()})


def write_part(
    root: Path, days: Mapping[str, Stamp], query: Callable[[str], str], to: duckdb.DuckDBPyConnection
) -> Part:
    """Store what `query` of each rolled-up view selects, the rows of `days` and no other.

    All of it is on the disk before it has its name, so a part is there whole or not at all. Two may write the same.
    """
    text = json.dumps(dict(sorted(days.items())))
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    path = root / FOLDER / f"{min(days)}_{max(days)}_{digest}"
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        unfinished.mkdir(parents=True)
        for view in ROLLED_UP:
            _copy(to, query(view), _file(unfinished, view))
        (unfinished / _DAYS).write_text(text)
        for file in unfinished.iterdir():
            fsync(file)
        fsync(unfinished)
        _name(unfinished, path)
        fsync(path.parent)
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{unfinished} was swept away; run the command again") from error
    return Part(path, days)


def delete_part(path: Path) -> None:
    """Take a part away, or what is left of one; nothing happens where it is gone."""
    (path / _DAYS).unlink(missing_ok=True)  # first: without it the rest is no part, whenever this is killed
    shutil.rmtree(path, ignore_errors=True)


def remains(root: Path) -> Iterator[Path]:
    """Folders that are no parts: of writers that were killed, or are at work."""
    for path in (root / FOLDER).glob("*"):
        if path.name.startswith(".") or not (path / _DAYS).exists():
            yield path


def _file(folder: Path, view: str) -> Path:
    return folder / f"{view}.parquet"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    columns = {row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()}
    order = ", ".join(name for name in _ORDER if name in columns)
    connection.execute(
        f"COPY (SELECT * FROM ({query}) WHERE day IS NOT NULL ORDER BY {order}) TO {literal(str(path))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )


def _name(unfinished: Path, path: Path) -> None:
    try:
        unfinished.rename(path)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        if (path / _DAYS).exists():  # somebody was faster, with the same
            shutil.rmtree(unfinished)
        else:
            delete_part(path)
            unfinished.rename(path)
