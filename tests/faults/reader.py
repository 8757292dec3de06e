"""A reader in a process of its own: one snapshot after another, until SIGTERM, every one of them checked.

`analyst` reads as analysts do, through `pipelines.connect`; `plain` opens the log with delta-rs and hands the list
of files to DuckDB, as any other program would.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable

from pipelines.connect import connect
from schemas.errors import UsageError
from tests.faults.snapshots import SnapshotCheck

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("analyst", "plain")
_QUERY = "SELECT batch_id, count(*), count(DISTINCT event_id) FROM {} GROUP BY batch_id"
_IDENTITIES = "SELECT count(DISTINCT event_id) FROM {}"
_PAUSE_SECONDS = 0.2
_LOOKS_AGAIN = 2
_NICENESS = 10
"""It looks whenever nothing else wants the processor: what is broken is the listener, and it shall get on with it."""


class Reader:
    """The reader's process, seen from the harness."""

    def __init__(self, kind: str, tables: Path, result: Path, *, erasing: bool = False) -> None:
        self.kind = kind
        self._result = result
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.reader", kind, str(tables), str(result), str(int(erasing))],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def wait_ready(self) -> None:
        """Until it looks."""
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def stop(self) -> tuple[SnapshotCheck, list[str]]:
        """End it and return what it saw, and what it could not read."""
        self._process.terminate()
        status = self._process.wait(300)
        if status != 0:
            return SnapshotCheck(), [f"the {self.kind} reader ended with {status}"]
        told = json.loads(self._result.read_text())
        return SnapshotCheck(**told["check"]), told["unreadable"]

    def kill(self) -> None:
        """End it without asking."""
        self._process.kill()
        self._process.wait()


def snapshot(kind: str, tables: Path) -> tuple[dict[str, int], int]:
    """Rows of every batch, and distinct identities, in one snapshot; nothing where there are no tables yet."""
    if kind == "analyst":
        try:
            with connect(str(tables)) as connection:
                return _counted(connection, "tables.feedback")
        except UsageError:
            return {}, 0
    if not (tables / "feedback" / "_delta_log" / f"{0:020}.json").exists():
        return {}, 0
    files = [unquote(uri.removeprefix("file://")) for uri in DeltaTable(tables / "feedback").file_uris()]
    if not files:
        return {}, 0
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE files = ?", [files])
        return _counted(connection, "read_parquet(getvariable('files'))")


def _counted(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[dict[str, int], int]:
    found: list[Any] = connection.execute(_QUERY.format(rows)).fetchall()
    [(identities,)] = connection.execute(_IDENTITIES.format(rows)).fetchall()
    return {batch: count for batch, count, _ in found}, identities


def watch(kind: str, tables: Path, result: Path, erasing: bool) -> None:
    """Look until SIGTERM, then write down what was seen."""
    going = True

    def stop(*_: object) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    os.nice(_NICENESS)
    print("looking", flush=True)
    check = SnapshotCheck(erasing)
    unreadable: list[str] = []
    failures = 0
    while going:
        try:
            check.see(*snapshot(kind, tables))
            failures = 0
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is what is asked about
            failures += 1
            # Erasure and vacuum delete files under readers, who may be asked to look again; at once, they find others.
            if failures > (_LOOKS_AGAIN if erasing else 0):
                unreadable.append(" ".join(f"{type(error).__name__}: {error}".split())[:300])
        time.sleep(_PAUSE_SECONDS)
    result.write_text(json.dumps({"check": asdict(check), "unreadable": unreadable}))


if __name__ == "__main__":
    watch(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "1")
