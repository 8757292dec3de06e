"""Every stored column has a meaning, and the meanings stay out of what is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas import arrow, data_dictionary
from schemas.data_dictionary import kind_of, load_dictionary, reference
from schemas.tables import FEEDBACK, TABLES
from tests.pipelines.feedback_table import event, mention, store
from transforms.delta import active_files, open_table


@pytest.fixture
def another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the dictionary that a test may spoil."""
    copy = tmp_path / "data_dictionary.yaml"
    copy.write_text(data_dictionary._FILE.read_text())
    monkeypatch.setattr(data_dictionary, "_FILE", copy)
    load_dictionary.cache_clear()
    return copy


@pytest.fixture(autouse=True)
def fresh() -> None:
    load_dictionary.cache_clear()


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_a_meaning(table: str) -> None:
    assert list(load_dictionary()[table].columns) == TABLES[table].table_schema.names


def test_every_field_of_a_mention_has_a_meaning() -> None:
    assert list(load_dictionary()["mention"].columns) == [field.name for field in arrow.MENTION]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    survey_kind: nps", "    survey: nps", "feedback differs from arrow.py: survey, survey_kind"),
        ("    batch_id: identity of the batch\n", "", "runs differs from arrow.py: batch_id"),
        ("exposure:", "reach:", "do not name the same tables: exposure, reach"),
        ("    url: where to read more\n", "    url: ''\n", "at least 1 character"),
    ],
)
def test_a_gap_is_named(another_file: Path, old: str, new: str, complaint: str) -> None:
    text = another_file.read_text()
    assert old in text
    another_file.write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=complaint):
        load_dictionary()


def test_the_page_has_a_row_for_every_column() -> None:
    page = reference()
    for name, spec in TABLES.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for field in spec.table_schema:
            null = "yes" if field.nullable else "no"
            assert f"\n| `{field.name}` | {kind_of(field.type)} | {null} | " in section


def test_meanings_are_not_stored(tmp_path: Path) -> None:
    store(str(tmp_path), [event("1", "2024-03-04", mention("billing", 0.9))])
    table = open_table(str(tmp_path), FEEDBACK)
    assert table is not None
    (file,) = active_files(table)
    stored = pq.read_schema(file)
    assert stored.metadata is None
    assert all(set(field.metadata or {}) <= {b"PARQUET:field_id"} for field in stored)
    fields = json.loads(table.schema().to_json())["fields"]
    assert [field["name"] for field in fields] == FEEDBACK.table_schema.names
    assert all(field["metadata"] == {} for field in fields)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (pa.map_(pa.string(), pa.int32()), "map of text to integer, 32 bits"),
        (pa.list_(arrow.MENTION), "list of mention"),
        (arrow.INSTANT, "instant"),
    ],
)
def test_types_are_in_words(kind: pa.DataType, words: str) -> None:
    assert kind_of(kind) == words
