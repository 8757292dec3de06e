"""The interval of a difference, from Wilson's roots and at its edges."""

from __future__ import annotations

import duckdb
import pytest

from tests.pipelines.views.crowd import newcombe


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (0, 5, 0, 7), (1, 1, 1, 1)])
def test_is_newcombes_tenth(crowded: duckdb.DuckDBPyConnection, counts: tuple[int, int, int, int]) -> None:
    found = crowded.execute("SELECT newcombe_low($1, $2, $3, $4), newcombe_high($1, $2, $3, $4)", list(counts))
    assert found.fetchall()[0] == pytest.approx(newcombe(*counts), abs=1e-12)


def test_published_example(crowded: duckdb.DuckDBPyConnection) -> None:
    # Newcombe 1998, table II, example (a): 56/70 - 48/80, method 10.
    found = crowded.execute("SELECT newcombe_low(56, 70, 48, 80), newcombe_high(56, 70, 48, 80)").fetchall()
    assert found[0] == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_is_unknown_without_a_group(crowded: duckdb.DuckDBPyConnection) -> None:
    assert crowded.execute("SELECT newcombe_low(0, 0, 1, 2), newcombe_high(1, 2, 0, 0)").fetchall() == [
        (None, None)
    ]
