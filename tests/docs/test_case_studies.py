"""The pages of docs/case-studies: complete, and what their queries say of the real streams is what they print."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.case_studies.page import answer, filled, tables
from benchmarks.case_studies.picture import draw
from benchmarks.case_studies.study import PAGES, STUDIES, Study
from pipelines.connect import connect_locked
from pipelines.query import run_query
from tests.docs.conftest import Story
from tests.docs.pages import blocks

EACH = pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)

PAGE = """\
```sql
SELECT 1 AS people
```

```text
out of date
```
"""


def test_every_study_has_a_page_that_the_index_names() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {"README", *(study.name for study in STUDIES)}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert [study.name for study in STUDIES if f"]({study.name}.md)" not in index] == []


@EACH
def test_a_page_says_how_to_run_it_and_shows_its_picture(study: Study) -> None:
    page = study.page.read_text(encoding="utf-8")
    assert f"make case-studies ONLY={study.name}\n" in page
    assert f"](../images/{study.picture.name})" in page
    assert study.picture.read_bytes().startswith(b"\x89PNG")


@EACH
def test_every_query_has_its_table_below(study: Study) -> None:
    asked = tables(study.page.read_text(encoding="utf-8"))
    assert [query for query, _ in asked] == [query for _, query in blocks(study.page, "sql")]
    assert [query for query, table in asked if table.count("\n") < 3] == []


@EACH
def test_the_query_of_the_picture_runs(study: Study, story: Story) -> None:
    with connect_locked(str(story.folder / "tables")) as connection:
        result = run_query(connection, study.query.read_text(encoding="utf-8"))
        assert {"day", "people"} <= set(result.columns)


def test_tables_are_filled_in_place() -> None:
    with duckdb.connect() as connection:
        now = filled(f"before\n{PAGE}after\n", lambda query: answer(connection, query))
    assert now == f"before\n{PAGE}after\n".replace("out of date", "people\n──────\n     1")


def test_a_picture_is_drawn_with_all_that_it_may_have(tmp_path: Path) -> None:
    query = """
        SELECT DATE '2024-05-06' + day::INT AS day, part, 3 * day AS people, 5 AS expected,
            CASE day WHEN 4 THEN 'launch' END AS event, 0.3 AS rate, 0.2 AS rate_low, 0.4 AS rate_high
        FROM range(9) AS days(day), (VALUES ('a'), ('b')) AS parts(part)"""
    with duckdb.connect() as connection:
        draw(connection, query, tmp_path / "all.png")
        draw(connection, "SELECT DATE '2024-05-06' AS day, 3 AS people", tmp_path / "least.png")
    for name in ("all.png", "least.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.streams
@EACH
def test_the_page_prints_what_the_streams_say(study: Study, replayed_streams: Path) -> None:
    """With all the streams in one folder: a study's own folder holds the same of its product."""
    with connect_locked(str(replayed_streams)) as connection:
        for query, table in tables(study.page.read_text(encoding="utf-8")):
            assert answer(connection, query) == table
