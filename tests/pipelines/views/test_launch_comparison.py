"""launch_comparison against the sums of launch_curve, ranked by numpy and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from schemas.arrow import LAUNCHES
from tests.pipelines.views.relations import NO_GAPS, ask, connect_over
from tests.pipelines.views.test_launch_impact import daily_table, launch

START = date(2024, 1, 1)
DAYS = 250
RELEASED = (10, 40, 77, 77, 120, 180, 243, 400)
"""Days of the releases: one without baseline, two on one day, one young, one in the future."""


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    rng = np.random.default_rng(5)
    heard = {name: rng.poisson(level, DAYS) for name, level in (("usability", 20), ("account", 6), ("any", 24))}
    for day in (40, 180):
        heard["usability"][day : day + 10] += 15
    launches = [
        launch("app", START + timedelta(days=day), launch_id=f"L{day}-{n}") for n, day in enumerate(RELEASED)
    ]
    launches[4]["version"] = "2.0"
    launches.append({**launch("app", START + timedelta(days=100), launch_id="outage"), "kind": "outage"})
    launches.append(launch("ghost", START, launch_id="ghost"))
    connection = connect_over(
        {
            "rollup_daily_product": daily_table({"app": (START, heard)}),
            "tables.launches": pa.Table.from_pylist(launches, schema=LAUNCHES),
            "product_gaps": NO_GAPS,
        },
        "launches",
        "launch_curve",
        "launch_comparison",
    )
    yield connection
    connection.close()


def compare(
    db: duckdb.DuckDBPyConnection, arguments: str, touchpoint: str = "usability"
) -> dict[str, dict[str, Any]]:
    query = f"SELECT * FROM launch_comparison({arguments}) WHERE touchpoint = $1 ORDER BY launched_at, launch_id"
    return {row["launch_id"]: row for row in ask(db, query, touchpoint)}


@pytest.mark.parametrize("age", [1, 7, 14, 29])
@pytest.mark.parametrize("touchpoint", ["usability", "any"])
def test_ranks_among_the_earlier_at_the_same_age(db: duckdb.DuckDBPyConnection, age: int, touchpoint: str) -> None:
    found = compare(db, f"of_product := 'app', age_days := {age}", touchpoint)
    assert "outage" not in found
    sums = {
        row["launch_id"]: row
        for row in ask(
            db,
            """SELECT launch_id, launched_at, sum(excess) AS excess, sum(friction_authors) AS observed,
                sum(expected) AS expected
            FROM launch_curve WHERE touchpoint = $1 AND kind = 'release' AND day_since BETWEEN 0 AND $2 - 1
            GROUP BY ALL HAVING count(excess) = $2""",
            touchpoint,
            age,
        )
    }
    assert len(sums) >= 4
    for launch_id, row in sums.items():
        told = found[launch_id]
        earlier = [other["excess"] for other in sums.values() if other["launched_at"] < row["launched_at"]]
        assert (told["age_days"], told["observed"]) == (age, row["observed"])
        assert told["excess"] == pytest.approx(row["observed"] - row["expected"])
        assert told["lift"] == pytest.approx(row["observed"] / row["expected"])
        assert told["earlier_launches"] == len(earlier)
        if earlier:
            assert told["rank"] == len(earlier) + 2 - stats.rankdata([*earlier, row["excess"]], method="max")[-1]
            assert told["percentile"] == pytest.approx(
                stats.percentileofscore(earlier, row["excess"], kind="mean") / 100
            )
            assert told["median_excess"] == pytest.approx(np.median(earlier))
            assert told["beyond_all"] == (row["excess"] > max(earlier))
            assert (told["rate_rank"], told["median_rate"]) == (1, 1.0)  # everybody who speaks meets friction here
        else:
            assert (told["rank"], told["null_reason"]) == (None, "no earlier launch to compare with")


def test_all_are_cut_at_the_age_of_a_young_launch(db: duckdb.DuckDBPyConnection) -> None:
    found = compare(db, "of_product := 'app', launch := 'L243-6'")
    assert {row["age_days"] for row in found.values()} == {DAYS - 243}
    assert (found["L243-6"]["earlier_launches"], found["L243-6"]["null_reason"]) == (5, None)
    assert "L400-7" not in found


def test_a_launch_is_named_by_its_version_too(db: duckdb.DuckDBPyConnection) -> None:
    found = compare(db, "launch := '2.0', age_days := 7")
    assert list(found) == ["L10-0", "L40-1", "L77-2", "L77-3", "L120-4"]


def test_launches_that_cannot_be_compared_say_why(db: duckdb.DuckDBPyConnection) -> None:
    reasons = {launch_id: row["null_reason"] for launch_id, row in compare(db, "").items()}
    assert reasons == {
        "L10-0": "no baseline: too little feedback before the launch",
        "L40-1": "no earlier launch to compare with",
        "L77-2": None,
        "L77-3": None,
        "L120-4": None,
        "L180-5": None,
        "L243-6": "younger than age_days",
        "L400-7": "the launch is after the last day of the product's feedback",
    }
    assert compare(db, "of_product := 'ghost'", "any")["ghost"]["null_reason"] == "no feedback about this product"
    future = compare(db, "launch := 'L400-7'")["L400-7"]
    assert future["null_reason"] == "the launch is after the last day of the product's feedback"
    assert (future["excess"], future["rank"]) == (None, None)


@pytest.mark.parametrize(
    "arguments", ["of_product := 'nobody'", "launch := '99'", "of_product := 'app', launch := '99'"]
)
def test_an_unknown_launch_is_one_row_with_the_reason(db: duckdb.DuckDBPyConnection, arguments: str) -> None:
    (row,) = ask(db, f"SELECT launch_id, excess, null_reason FROM launch_comparison({arguments})")
    assert row == {"launch_id": None, "excess": None, "null_reason": "no such release or fix in the ledger"}


@pytest.mark.parametrize("age", [0, -3, 30])
def test_an_age_the_curve_does_not_have_is_refused(db: duckdb.DuckDBPyConnection, age: int) -> None:
    with pytest.raises(duckdb.Error, match="age_days must be 1 to 29"):
        db.execute(f"FROM launch_comparison(age_days := {age})").fetchall()
