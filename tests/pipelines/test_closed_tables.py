"""What a reader sees whom the restricted tables are closed to: another user than the one who writes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.connect import connect
from pipelines.snapshot import open_snapshot
from schemas import tables
from tests.pipelines.feedback_table import dead_letter, event, mention, store, store_small

ROOT = Path(__file__).resolve().parents[2]

READ = """
import json, os, sys
from pipelines.connect import connect_locked
from pipelines.query import run_query
from schemas.errors import TribometerError

def ask(query):
    with connect_locked(sys.argv[1]) as connection:
        return [row for piece in run_query(connection, query).pieces for row in piece]

if os.geteuid() == 0:
    ask("SELECT * FROM source_health")  # loads what nobody may not be allowed to load
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    print(json.dumps([ask(query) for query in sys.argv[2:]]))
except TribometerError as error:
    print(json.dumps(str(error)))
"""
"""Asks as the user nobody when it is started as root."""


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path, which pytest closes to other users.
    made = Path(tempfile.mkdtemp(prefix="tribometer-test-"))
    made.chmod(0o755)
    store(str(made), [event("1", "2024-03-04", mention("billing", 0.9), author="ann")])
    store_small(str(made), tables.DEAD_LETTERS, [dead_letter("tickets", b"{"), dead_letter("mute", b"[")])
    assert (made / "dead_letters").stat().st_mode & 0o077 == 0
    yield made
    made.chmod(0o700)
    for table in made.iterdir():
        table.chmod(0o700)
    shutil.rmtree(made)


def close(folder: Path) -> None:
    """Close a folder to the reader: nobody where the tests run as root, else this very user."""
    folder.chmod(0o700 if os.geteuid() == 0 else 0)


def read_as_another_user(folder: Path, *queries: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(folder), *queries], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_closed_dead_letters_are_unknown_and_not_none(folder: Path) -> None:
    close(folder / "dead_letters")
    found = read_as_another_user(
        folder,
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM dead_letters",
        "SELECT source, events, dead_letters, dead_share, last_dead_at::VARCHAR FROM source_health",
    )
    assert found == [[[1]], [[0]], [["tickets", 1, None, None, None]]]


def test_a_report_has_a_dash_for_what_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.snapshot._may_read", lambda place: place.name != "dead_letters")
    assert main(["report", "app", "--tables", str(folder), "--output", str(folder / "app.html")]) == 0
    (row,) = re.findall(r'<tr><th scope="row">tickets</th>.*?</tr>', (folder / "app.html").read_text())
    assert re.findall(r">([^<>]*)</td>", row)[-2:] == ["–", "–"]
    (folder / "app.html").unlink()


def test_whoever_writes_them_reads_them(folder: Path) -> None:
    assert open_snapshot(str(folder)).closed == frozenset()
    with connect(str(folder)) as connection:
        query = "SELECT source, dead_letters, dead_share FROM source_health ORDER BY source"
        assert connection.execute(query).fetchall() == [("mute", 1, 1.0), ("tickets", 1, 0.5)]


def test_a_closed_feedback_table_is_an_error(folder: Path) -> None:
    close(folder / "feedback")
    assert "feedback cannot be read: permission denied" in read_as_another_user(folder, "SELECT 1")


def test_a_closed_folder_is_an_error(folder: Path) -> None:
    close(folder)
    assert read_as_another_user(folder, "SELECT 1").startswith(f"{folder}: permission denied")


def test_raw_is_never_opened(folder: Path) -> None:
    (folder / "raw" / "_delta_log").mkdir(parents=True)
    (folder / "raw" / "_delta_log" / f"{0:020}.json").write_text("not a log")
    assert "raw" not in open_snapshot(str(folder)).files
