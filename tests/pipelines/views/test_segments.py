"""Segments, against a count by hand."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipelines.connect import connect
from tests.pipelines.feedback_table import event, mention, store
from tests.pipelines.views.crowd import NONE, author_of, crowd, newcombe, touched, wilson


def _authors(rows: list[dict[str, Any]], touchpoint: str, *, friction: bool) -> set[str]:
    return {author_of(row) for row in rows for hurt in touched(row, touchpoint) if hurt or not friction}


@pytest.mark.parametrize("product", ["app", "shop"])
@pytest.mark.parametrize("touchpoint", ["any", "billing", "other"])
def test_every_value_against_the_rest(crowded: duckdb.DuckDBPyConnection, product: str, touchpoint: str) -> None:
    found = crowded.execute(
        """SELECT value, authors, friction_authors, rest_authors, rest_friction_authors, rate_low, rate_high,
            difference_low, difference_high, share
        FROM segments(of_product := $1) WHERE touchpoint = $2 AND segment = 'plan' ORDER BY value""",
        [product, touchpoint],
    ).fetchall()
    mine = [row for row in crowd() if row["product"] == product]
    everybody = len(_authors(mine, touchpoint, friction=False))
    assert [row[0] for row in found] == [NONE, "free", "pro"]
    for value, authors, friction, rest, rest_friction, low, high, difference_low, difference_high, share in found:
        here = [row for row in mine if row["segment"].get("plan", NONE) == value]
        others = [row for row in mine if row["segment"].get("plan", NONE) != value]
        assert (authors, friction) == tuple(
            len(_authors(here, touchpoint, friction=hurt)) for hurt in (False, True)
        )
        assert (rest, rest_friction) == tuple(
            len(_authors(others, touchpoint, friction=hurt)) for hurt in (False, True)
        )
        assert (low, high) == pytest.approx(wilson(friction, authors))
        assert (difference_low, difference_high) == pytest.approx(newcombe(friction, authors, rest_friction, rest))
        assert share == authors / everybody


def test_the_days_are_those_asked_for(crowded: duckdb.DuckDBPyConnection) -> None:
    found = crowded.execute(
        "SELECT sum(authors) FROM segments(from_day := '2024-03-10', to_day := '2024-03-10') WHERE touchpoint = 'any'"
    ).fetchall()
    day = [row for row in crowd() if row["day"] == "2024-03-10"]
    assert found == [(len({(row["product"], author_of(row), row["segment"].get("plan")) for row in day}),)]


def test_one_touchpoint_asked_for_is_the_same_as_of_all(crowded: duckdb.DuckDBPyConnection) -> None:
    one = crowded.execute("FROM segments(at_touchpoint := 'billing') ORDER BY ALL").fetchall()
    all_of_them = crowded.execute("FROM segments() WHERE touchpoint = 'billing' ORDER BY ALL").fetchall()
    assert one == all_of_them != []


def test_a_value_that_everybody_has_is_compared_with_nobody(tmp_path: Any) -> None:
    store(str(tmp_path), [event("1", "2024-03-04", mention("account", 0.9), author="ann")])
    with connect(str(tmp_path)) as db:
        found = db.execute("SELECT authors, difference, difference_low, null_reason FROM segments()").fetchall()
    assert found == [(1, None, None, "everybody has this value")] * 2


def test_an_unknown_product_has_no_rows(crowded: duckdb.DuckDBPyConnection) -> None:
    assert crowded.execute("FROM segments(of_product := 'nope')").fetchall() == []
