"""Ratings against words, by scipy."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.stats import pearsonr

from pipelines.connect import connect
from tests.pipelines.feedback_table import event, mention, store
from tests.pipelines.views.crowd import crowd, touched


@pytest.mark.parametrize("scale", ["1-5", "0-10"])
def test_each_scale_by_itself(crowded: duckdb.DuckDBPyConnection, scale: str) -> None:
    ((events, gap, agreement, pleased, displeased),) = crowded.execute(
        """SELECT events, gap, agreement, pleased_with_friction, displeased_without_friction
        FROM rating_text_gap(of_product := 'app', bucket := 'all') WHERE rating_scale = $1""",
        [scale],
    ).fetchall()
    rows = [
        row
        for row in crowd()
        if row["product"] == "app" and row["rating_scale"] == scale and row["text_sentiment"] is not None
    ]
    ratings = np.array([row["rating"] for row in rows])
    words = np.float32([row["text_sentiment"] for row in rows]).astype(float)
    hurt = np.array([any(touched(row, "any")) for row in rows])
    assert events == len(rows) > 20
    assert gap == pytest.approx(ratings.mean() - words.mean())
    assert agreement == pytest.approx(pearsonr(ratings, words).statistic)
    shares = (hurt[ratings >= 0.5].mean(), 1 - hurt[ratings <= -0.5].mean())
    assert (pleased, displeased) == pytest.approx(shares)


def test_weeks_begin_on_monday_and_add_up(crowded: duckdb.DuckDBPyConnection) -> None:
    found = crowded.execute(
        """SELECT bool_and(isodow(period) = 1), sum(events) = (SELECT sum(events) FROM rating_text_gap(bucket := 'all'))
        FROM rating_text_gap()"""
    ).fetchall()
    assert found == [(True, True)]


def test_one_event_has_no_agreement(tmp_path: Any) -> None:
    lone = event("1", "2024-03-04", mention("account", 0.9), rating=1.0, rating_scale="1-5", text_sentiment=0.25)
    store(str(tmp_path), [lone])
    with connect(str(tmp_path)) as db:
        found = db.execute(
            """SELECT gap, agreement, pleased_with_friction, displeased_without_friction, null_reason
            FROM rating_text_gap()"""
        ).fetchall()
    assert found == [(0.75, None, 1.0, None, "agreement needs three events; nobody is displeased")]


def test_another_period_is_refused(crowded: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="day, week, month or all"):
        crowded.execute("FROM rating_text_gap(bucket := 'year')").fetchall()
