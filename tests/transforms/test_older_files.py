"""Which files may lack columns is told by their names, and only those are read with care."""

from __future__ import annotations

from pathlib import Path

from pipelines.definitions import definitions
from pipelines.snapshot import open_snapshot
from schemas.tables import EXPOSURE, FEEDBACK, MODEL_CHOICES
from tests.pipelines.feedback_table import event, mention, store
from transforms.parquet import may_lack_columns


def test_the_name_tells_the_version() -> None:
    assert may_lack_columns(FEEDBACK, "day=2024-03-01/0f-0123456789abcdef.parquet")
    assert may_lack_columns(FEEDBACK, "day=2024-03-01/0f-v1-0123456789abcdef.parquet")
    assert not may_lack_columns(FEEDBACK, "day=2024-03-01/0f-v2-0123456789abcdef.parquet")
    assert may_lack_columns(EXPOSURE, "0f-v2-0123456789abcdef.parquet")
    assert not may_lack_columns(EXPOSURE, "0f-v3-0123456789abcdef.parquet")
    assert not may_lack_columns(MODEL_CHOICES, "0f-0123456789abcdef.parquet"), "it has the columns it always had"


def test_files_of_today_are_read_without_looking_into_all_of_them(tmp_path: Path) -> None:
    store(str(tmp_path), [event("ann", "2024-03-01", mention("billing", 0.9))])
    snapshot = open_snapshot(str(tmp_path))
    assert snapshot.files[FEEDBACK.name]
    assert not any(snapshot.older.values())
    assert not any("union_by_name" in statement for statement in definitions(snapshot))
