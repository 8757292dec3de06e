"""verbatims: the filters, the order, and the words where their offsets say."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.connect import connect
from tests.pipelines.feedback_table import store
from tests.pipelines.views.crowd import crowd

ROWS = [
    {**row, "source": ("desk", "reviews")[place % 2], "version": ("1.0", "2.0", None)[place % 3]}
    for place, row in enumerate(crowd())
]
ALL = sum(len(row["mentions"]) for row in ROWS)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = str(tmp_path_factory.mktemp("said"))
    store(root, ROWS)
    with connect(root) as connection:
        yield connection


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("", "true"),
        ("of_product := 'app'", "product = 'app'"),
        ("from_day := '2024-03-08', to_day := '2024-03-20'", "day BETWEEN '2024-03-08' AND '2024-03-20'"),
        ("at_touchpoint := 'billing'", "touchpoint = 'billing'"),
        ("of_source := 'reviews'", "source = 'reviews'"),
        ("of_version := '1.0'", "version = '1.0'"),
        ("containing := 'SLOW'", "contains(lower(quote), 'slow')"),
        ("containing := 'nowhere in it'", "false"),
    ],
)
def test_a_parameter_is_a_filter_before_the_limit(said: duckdb.DuckDBPyConnection, asked: str, same: str) -> None:
    everything = said.execute(f"FROM verbatims(most := NULL) WHERE {same}").fetchall()
    assert (len(everything) > 20) == (same != "false")
    assert len(everything) < ALL or not asked
    comma = ", " if asked else ""
    assert said.execute(f"FROM verbatims({asked}{comma}most := NULL)").fetchall() == everything
    assert said.execute(f"FROM verbatims({asked}{comma}most := 3)").fetchall() == everything[:3]
    assert said.execute(f"FROM verbatims({asked})").fetchall() == everything[:20]


def test_every_mention_of_a_customer_once_and_the_strongest_first(said: duckdb.DuckDBPyConnection) -> None:
    found = said.execute(
        "SELECT friction_p, quote, text, highlight_start, highlight_end FROM verbatims(most := NULL)"
    )
    rows = found.fetchall()
    assert len(rows) == ALL > 20
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert all(quote == text[start:end] for _, quote, text, start, end in rows)


def test_numbers_tell_people_and_segments_apart(said: duckdb.DuckDBPyConnection) -> None:
    found = said.execute(
        """SELECT count(DISTINCT author), count(DISTINCT person), count(DISTINCT (author, person)),
            count(DISTINCT segment), count(DISTINCT segment_key), count(DISTINCT (segment, segment_key))
        FROM event_touchpoints"""
    ).fetchall()[0]
    assert found[0] == found[1] == found[2] > 50
    assert found[3] == found[4] == found[5] > 1
    named = said.execute("SELECT bool_and(named = (author <> event_id)) FROM event_touchpoints").fetchall()
    assert named == [(True,)]
    sets = said.execute("SELECT sum(events) FROM segment_sets").fetchall()
    assert sets == said.execute("SELECT count(*) FROM event_touchpoints WHERE touchpoint = 'any'").fetchall()
