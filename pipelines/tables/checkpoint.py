"""Checkpoint: one file says what the log's entries say together; entries that it replaces go after thirty days."""

from __future__ import annotations

from typing import Final

from schemas.tables import TableSpec
from transforms.delta import LOG_FOLDER, fsync, open_table, table_path
from transforms.delta_log import checkpoint_paths

_ENTRIES: Final = 10
"""Reading as many entries costs about what reading a checkpoint does."""


def checkpoint(root: str, spec: TableSpec) -> bool:
    """Write a checkpoint if entries have gathered since the last, and clean the log of what is old.

    The checkpoint is on disk before an entry goes: delta-rs forces neither to disk.
    """
    table = open_table(root, spec)
    if table is None or table.version() - max(checkpoint_paths(root, spec), default=-_ENTRIES) < _ENTRIES:
        return False
    table.create_checkpoint()
    log = table_path(root, spec) / LOG_FOLDER
    for path in (checkpoint_paths(root, spec)[table.version()], log / "_last_checkpoint", log):
        fsync(path)
    table.cleanup_metadata()
    return True
