"""The whole graph on a small committed input gives what is written beside it.

After a change that is meant to change it: `UPDATE_GOLDEN=1 pytest tests/golden`, and read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli import main
from schemas.tables import TABLES
from transforms.delta import active_files, open_table

HERE = Path(__file__).parent
CIRCUMSTANCES = {"received_at", "committed_at", "batch_id", "processor", "origin", "model_version"}
"""Columns that say when, where and by what; all others are a function of the input."""


def _plain(value: Any) -> Any:
    """Values as JSON shows them; scores to two digits, so that only a change that matters shows."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, bytes):
        return value.decode()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _rows(tables: Path, table: str, order: str) -> list[dict[str, Any]]:
    files = active_files(open_table(str(tables), TABLES[table]))  # type: ignore[arg-type]
    found = duckdb.execute(f"SELECT * FROM read_parquet(?, hive_partitioning = true) ORDER BY {order}", [files])
    names = [column[0] for column in found.description]
    return [
        {name: _plain(value) for name, value in zip(names, row, strict=True) if name not in CIRCUMSTANCES}
        for row in found.fetchall()
    ]


@pytest.mark.parametrize(
    ("table", "order"),
    [("feedback", "native_id, revised_at"), ("dead_letters", "violation, payload"), ("raw", "payload, event_id")],
)
def test_the_graph_makes_of_the_input_what_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, order: str
) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "a key for tests, long enough to be accepted")
    tables = tmp_path / "tables"
    assert main(["replay", str(HERE / "kettle.jsonl"), "--source", "feedback_event", "--tables", str(tables)]) == 0
    made = _rows(tables, table, order)
    expected = HERE / f"kettle.{table}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert made == json.loads(expected.read_text(encoding="utf-8"))
