"""The launch ledger: read launches from a person's file, record what is new or edited, read what counts."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipelines.connect import with_fresh_snapshot
from schemas import arrow
from schemas.errors import UsageError
from schemas.launch import InvalidLaunch, Launch
from schemas.tables import LAUNCHES
from transforms.commit import append
from transforms.delta import live_files, open_table
from transforms.parquet import read_file

_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Recorded:
    """What a file of launches did to the ledger, in launches."""

    added: int
    edited: int
    unchanged: int


def read_launches(path: str) -> list[Launch]:
    """Every launch of a CSV (with header) or JSON lines file, gzipped or not, `-` for standard input.

    Raises `UsageError` naming file and line when any row is not a launch, or two rows state one launch
    differently.
    """
    launches: dict[str, tuple[int, Launch]] = {}
    for line, fields in _rows(path, _content(path)):
        try:
            launch = Launch.parse(fields)
        except InvalidLaunch as error:
            raise UsageError(f"{path}:{line}: {error}; nothing was imported") from error
        earlier, same = launches.setdefault(launch.launch_id, (line, launch))
        if same != launch:
            raise UsageError(
                f"{path}:{line}: states the launch of line {earlier} differently; keep one of them, "
                "or tell them apart by version, title or kind; nothing was imported"
            )
    if not launches:
        raise UsageError(f"{path}: holds no launches; write a CSV with the columns product, version, launched_at")
    return [launch for _, launch in launches.values()]


def ledger(root: str) -> dict[str, dict[str, Any]]:
    """The latest row of each launch, deleted ones too, by `launch_id`."""
    return with_fresh_snapshot(lambda: _ledger(root))


def _ledger(root: str) -> dict[str, dict[str, Any]]:
    table = open_table(root, LAUNCHES)
    files = [] if table is None else live_files(table)
    latest: dict[str, dict[str, Any]] = {}
    for file in files:
        for row in read_file(root, LAUNCHES, file).to_pylist():
            known = latest.get(row["launch_id"])
            if known is None or (row["recorded_at"], row["deleted"]) > (known["recorded_at"], known["deleted"]):
                latest[row["launch_id"]] = row
    return latest


def record(root: str, launches: Iterable[Launch], *, now: datetime, dry_run: bool = False) -> Recorded:
    """Append those launches the ledger does not state yet, in one transaction; `dry_run` only counts them."""
    known = ledger(root)
    rows: list[dict[str, Any]] = []
    added = unchanged = 0
    for launch in launches:
        row = known.get(launch.launch_id)
        if row is not None and not row["deleted"] and Launch.of_row(row) == launch:
            unchanged += 1
            continue
        added += row is None or row["deleted"]
        rows.append(launch.row(_after(row, now)))
    if rows and not dry_run:
        _append(root, rows, now)
    return Recorded(added=added, edited=len(rows) - added, unchanged=unchanged)


def remove(root: str, launch_id: str, *, now: datetime) -> Launch:
    """Mark a launch as deleted; the ledger keeps what it was. `launch_id` may be shortened while it is unique."""
    matches = [
        row for key, row in ledger(root).items() if launch_id and key.startswith(launch_id) and not row["deleted"]
    ]
    if len(matches) != 1:
        found = "no launch" if not matches else f"{len(matches)} launches"
        raise UsageError(f"{found} with an identity starting {launch_id!r}; `tribometer launches list` shows them")
    launch = Launch.of_row(matches[0])
    _append(root, [launch.row(_after(matches[0], now), deleted=True)], now)
    return launch


def _append(root: str, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    table = pa.Table.from_pylist(list(rows), schema=arrow.LAUNCHES)
    append(root, LAUNCHES, table, batch_id=uuid.uuid4().hex, written_at=now)


def _after(row: Mapping[str, Any] | None, now: datetime) -> datetime:
    """Time of an edit: later than what it edits, even where the clock was set back."""
    return now if row is None else max(now, row["recorded_at"] + timedelta(microseconds=1))


def _content(path: str) -> str:
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _rows(path: str, content: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line number and fields of each row; the first character tells JSON lines from CSV."""
    return _json_rows(path, content) if content.lstrip().startswith("{") else _csv_rows(path, content)


def _json_rows(path: str, content: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # Not splitlines(): it also breaks at characters that may stand inside a JSON text.
    for line, text in enumerate(content.split("\n"), start=1):
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}:{line}: is not JSON; nothing was imported") from error
        if not isinstance(fields, dict):
            raise UsageError(f"{path}:{line}: is not a JSON object; nothing was imported")
        yield line, fields


def _csv_rows(path: str, content: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if header is None:
                header = [value.strip() for value in values]
                continue
            if len(values) != len(header):
                raise UsageError(
                    f"{path}:{reader.line_num}: has {len(values)} values for {len(header)} columns; "
                    "nothing was imported"
                )
            yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: {error}; nothing was imported") from error
