"""Repair: what cannot be read leaves the snapshot, so that the rest can be read again."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.tables.finding import Finding
from schemas.errors import TribometerError
from schemas.tables import TableSpec
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    live_files,
    make_durable,
    open_table,
    replace_files,
)


def repair(root: str, spec: TableSpec, findings: Sequence[Finding]) -> int:
    """Take the files of `findings` that cannot be read out of the snapshot, and return how many rows they had.

    The files stay on disk until vacuum. Raises `TribometerError` where another rewriter was faster.
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
    try:
        version = replace_files(table, spec, removed, [], about, changes_rows=True, bars_appends=True)
    except CommitConflictError as error:
        raise TribometerError(f"the table {spec.name} changed meanwhile; verify it again") from error
    make_durable(root, spec, [], version)
    return rows
