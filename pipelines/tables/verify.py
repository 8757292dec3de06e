"""Verify: is every table what its log says, row by row? Names what is not, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from pipelines.tables.check_file import check_file
from pipelines.tables.check_log import check_log
from pipelines.tables.check_rows import check_identities, check_leftovers
from pipelines.tables.finding import Finding
from schemas.errors import StaleSnapshotError, TribometerError
from schemas.tables import TableSpec
from transforms.delta import (
    LOG_FOLDER,
    LiveFile,
    live_files,
    open_table,
)

_READERS: Final = 4
"""Files read at a time: waiting for the disk and decompressing release the interpreter."""


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
    findings = list(check_log(root, spec))
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
        checked = readers.map(lambda file: check_file(root, spec, file, patient=patient), files)
        for number, (file, finding) in enumerate(zip(files, checked, strict=True), 1):
            progress(number, len(files))
            if finding is not None:
                findings.append(finding)
            if finding is None or finding.file is None:
                good.append(file)
    findings += check_identities(root, spec, good)
    findings += check_leftovers(root, spec)
    return Verified(spec.name, table.version(), len(files), sum(file.rows for file in good), tuple(findings))
