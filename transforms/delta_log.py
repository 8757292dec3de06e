"""The log of a Delta table as it lies on disk: what every version added and removed, and when.

delta-rs answers what is in the newest snapshot; this answers how it came to be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from schemas.errors import TribometerError
from schemas.tables import TableSpec
from transforms.delta import ACTION_KEY, LOG_FOLDER, LiveFile, table_path

_ENTRY: Final = re.compile(r"(\d{20})\.json")
_CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint\.parquet")

_ACTIONS: Final = {"CREATE TABLE": "create", "ADD COLUMN": "add columns"}
"""Delta's names of what this program does by other means than its own transactions."""


class LogEntryError(TribometerError):
    """An entry of the log is not what an entry looks like; `version` says which, `reason` why."""

    def __init__(self, version: int, reason: str) -> None:
        super().__init__(f"log entry {version} {reason}")
        self.version = version
        self.reason = reason


@dataclass(frozen=True)
class LogEntry:
    """One version of a table.

    `committed_at` is by the clock of the process that committed it and may be wrong; `written_at` is by the clock
    of the file system, seconds since 1970. `batch_id` is there for appends only.
    """

    version: int
    committed_at: datetime | None
    written_at: float
    action: str
    batch_id: str | None
    added: tuple[LiveFile, ...]
    removed: tuple[str, ...]


def entry_paths(root: str, spec: TableSpec) -> dict[int, Path]:
    """The log's entries by version, in order; older ones may have been cleaned away behind a checkpoint."""
    return _numbered(table_path(root, spec) / LOG_FOLDER, _ENTRY)


def checkpoint_paths(root: str, spec: TableSpec) -> dict[int, Path]:
    """The log's checkpoints by version, in order."""
    return _numbered(table_path(root, spec) / LOG_FOLDER, _CHECKPOINT)


def entries(root: str, spec: TableSpec) -> Iterator[LogEntry]:
    """What the log still tells, the oldest first. Raises `LogEntryError` for an entry that is damaged."""
    for version, path in entry_paths(root, spec).items():
        yield read_entry(version, path)


def read_entry(version: int, path: Path) -> LogEntry:
    """One entry. Raises `LogEntryError` where it is damaged."""
    info: dict[str, Any] = {}
    added: list[LiveFile] = []
    removed: list[str] = []
    try:
        written_at = path.stat().st_mtime
        lines = path.read_bytes().decode().splitlines()
        for line in lines:
            entry = json.loads(line)
            info |= entry.get("commitInfo", {})
            if "add" in entry:
                added.append(_added(entry["add"]))
            if "remove" in entry:
                removed.append(unquote(entry["remove"]["path"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LogEntryError(version, f"is damaged ({type(error).__name__} in {path.name})") from error
    if not lines:
        raise LogEntryError(version, f"is empty ({path.name})")
    stamp = info.get("timestamp")
    return LogEntry(
        version=version,
        committed_at=None if stamp is None else datetime.fromtimestamp(stamp / 1000, UTC),
        written_at=written_at,
        action=info.get(ACTION_KEY) or _action(info, added, removed),
        batch_id=info.get("batchId"),
        added=tuple(added),
        removed=tuple(removed),
    )


def _action(info: dict[str, Any], added: list[LiveFile], removed: list[str]) -> str:
    if removed:
        return "replace"
    if added:
        return "append"
    operation = str(info.get("operation", "WRITE"))
    return _ACTIONS.get(operation, "barrier" if operation == "WRITE" else operation.lower())


def _added(action: dict[str, Any]) -> LiveFile:
    statistics = json.loads(action["stats"]) if action.get("stats") else {}
    partition = next(iter(action["partitionValues"].values()), None)
    return LiveFile(unquote(action["path"]), partition, statistics.get("numRecords", 0), action["size"])


def _numbered(folder: Path, pattern: re.Pattern[str]) -> dict[int, Path]:
    found = {int(name[1]): path for path in folder.glob("*") if (name := pattern.fullmatch(path.name))}
    return dict(sorted(found.items()))
