"""Friction per 1,000 exposed: which exposure divides, what the interval is, and why a rate is null."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from scipy.stats import chi2

from pipelines.connect import connect
from pipelines.report.excess import count_interval
from schemas.tables import EXPOSURE
from tests.pipelines.feedback_table import RECEIVED, event, instant, mention, store, store_small

DAYS = [f"2024-05-{number:02}" for number in range(1, 10)]


def counted(product: str, day: str, count: float, measure: str = "sessions", **others: Any) -> dict[str, Any]:
    row = {"product": product, "day": date.fromisoformat(day), "measure": measure, "count": count}
    return {**row, "recorded_at": RECEIVED, **others}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = str(tmp_path_factory.mktemp("tables"))
    said = [
        event(
            f"{day}/{number}",
            day,
            mention(touchpoint, 0.9 if number < 3 else 0.1),
            author=f"{number}",
            version=version,
        )
        for day in (DAYS[0], DAYS[8])
        for number, (touchpoint, version) in enumerate(
            [("billing", "1"), ("billing", "2"), ("usability", "2"), ("billing", None)]
        )
    ]
    quiet = [event("q", DAYS[0], mention("billing", 0.9), product="quiet", source="quiet")]
    store(root, said + quiet)
    first = DAYS[0]
    store_small(
        root,
        EXPOSURE,
        [
            counted("app", first, 2000),
            counted("app", first, 600, version="2"),
            counted("app", first, 5, hour=instant(first, 3)),
            counted("app", first, 50, "orders", hour=instant(first, 3)),
            counted("app", first, 70, "orders", hour=instant(first, 4)),
            counted("app", DAYS[1], 1000),
            counted("app", DAYS[2], 0),
            counted("app", DAYS[3], -5),
            counted("app", DAYS[4], 300, version="1"),
            counted("app", DAYS[4], 500, version="2"),
            counted("app", DAYS[5], 10, segment={"plan": "pro"}),
            counted("app", DAYS[5], 30, segment={"plan": "free"}),
            counted("app", DAYS[5], 4, segment={"plan": "free", "country": "de"}),
            counted("app", DAYS[6], 10, segment={"plan": "pro"}),
            counted("app", DAYS[6], 20, segment={"country": "de"}),
            counted("app", DAYS[7], float("nan")),
            counted("app", "2024-06-01", 100),
            counted("ghost", first, 100),
        ],
    )
    connection = connect(root)
    yield connection
    connection.close()


def rate(db: duckdb.DuckDBPyConnection, day: str, **others: str) -> dict[str, Any]:
    asked = {"product": "app", "touchpoint": "any", "version": "any", "measure": "sessions", **others}
    relation = db.execute(
        "SELECT * FROM exposure_rates WHERE day = $day AND product = $product AND touchpoint = $touchpoint "
        "AND version = $version AND measure = $measure",
        {"day": day, **asked},
    )
    names = [column[0] for column in relation.description or []]
    (row,) = relation.fetchall()
    return dict(zip(names, row, strict=True))


def test_friction_authors_are_divided_by_the_days_own_number(db: duckdb.DuckDBPyConnection) -> None:
    found = rate(db, DAYS[0])
    low, high = count_interval(3)
    assert (found["friction_authors"], found["authors"], found["exposure"], found["per_1000"]) == (3, 4, 2000, 1.5)
    assert (found["per_1000_low"], found["per_1000_high"]) == pytest.approx((low / 2, high / 2))
    assert (found["added_over"], found["null_reason"]) == ([], None)
    assert rate(db, DAYS[0], touchpoint="billing")["per_1000"] == 1.0


def test_a_version_is_divided_by_its_own_number(db: duckdb.DuckDBPyConnection) -> None:
    found = rate(db, DAYS[0], version="2.0")
    assert (found["friction_authors"], found["exposure"], found["per_1000"]) == (2, 600, pytest.approx(10 / 3))
    without = rate(db, DAYS[0], version="1.0")
    assert (without["friction_authors"], without["exposure"], without["per_1000"]) == (1, None, None)
    assert without["null_reason"] == "no exposure recorded for this version on this day"


@pytest.mark.parametrize(
    ("day", "measure", "exposure", "over"),
    [
        (DAYS[0], "orders", 120, ["hour"]),
        (DAYS[4], "sessions", 800, ["version"]),
        (DAYS[5], "sessions", 40, ["plan"]),
    ],
)
def test_parts_are_added_up_where_no_total_is(
    db: duckdb.DuckDBPyConnection, day: str, measure: str, exposure: float, over: list[str]
) -> None:
    found = rate(db, day, measure=measure)
    assert (found["exposure"], found["added_over"], found["null_reason"]) == (exposure, over, None)


def test_a_day_without_a_word_is_zero_of_many(db: duckdb.DuckDBPyConnection) -> None:
    found = rate(db, DAYS[1])
    assert (found["friction_authors"], found["authors"], found["per_1000"], found["per_1000_low"]) == (0, 0, 0, 0)
    assert found["per_1000_high"] == pytest.approx(3.8414588)
    assert found["null_reason"] is None


@pytest.mark.parametrize(
    ("day", "exposure", "reason"),
    [
        (DAYS[2], 0, "zero exposure"),
        (DAYS[3], -5, "negative exposure"),
        (DAYS[6], None, "exposure recorded by different segments only, which do not add up"),
        (DAYS[8], None, "no exposure recorded for this day"),
        (
            "2024-06-01",
            100,
            "day not heard: outside the first and last day of the product's feedback, or in a gap of its sources",
        ),
    ],
)
def test_a_null_has_its_reason(
    db: duckdb.DuckDBPyConnection, day: str, exposure: float | None, reason: str
) -> None:
    found = rate(db, day)
    assert (found["exposure"], found["null_reason"]) == (exposure, reason)
    assert (found["per_1000"], found["per_1000_low"], found["per_1000_high"]) == (None, None, None)


def test_not_a_number_is_no_rate(db: duckdb.DuckDBPyConnection) -> None:
    found = rate(db, DAYS[7])
    assert (found["per_1000"], found["null_reason"]) == (None, "exposure is not a number")


def test_a_product_without_exposure_says_so_and_one_without_feedback_has_no_rows(
    db: duckdb.DuckDBPyConnection,
) -> None:
    query = "SELECT product, touchpoint, version, measure, friction_authors, null_reason FROM exposure_rates"
    found = db.execute(f"{query} WHERE product IN ('quiet', 'ghost') ORDER BY ALL").fetchall()
    reason = "no exposure recorded for this product"
    assert found == [("quiet", "any", "any", None, 1, reason), ("quiet", "billing", "any", None, 1, reason)]


def test_there_is_one_row_for_each_key(db: duckdb.DuckDBPyConnection) -> None:
    keys = "product, touchpoint, version, day, measure"
    repeated = db.execute(f"SELECT {keys} FROM exposure_rates GROUP BY ALL HAVING count(*) > 1").fetchall()
    assert repeated == []
    assert db.execute("SELECT count(*) FROM exposure_rates").fetchall() > [(50,)]


def test_a_filter_on_day_reads_only_its_files(db: duckdb.DuckDBPyConnection) -> None:
    asked = f"product = 'app' AND version = '2' AND day = '{DAYS[0]}'"
    plan = db.execute(f"EXPLAIN SELECT * FROM exposure_rates WHERE {asked}").fetchall()[0][1]
    assert "Scanning Files: 1/2" in plan


class TestCountInterval:
    def test_is_the_score_interval_of_a_count(self, db: duckdb.DuckDBPyConnection) -> None:
        for count in (0, 1, 2, 3, 10, 47, 1000, 250_000):
            found = db.execute("SELECT count_low($k), count_high($k)", {"k": count}).fetchall()[0]
            assert found == pytest.approx(count_interval(count), rel=1e-12)

    def test_is_near_the_exact_poisson_interval(self, db: duckdb.DuckDBPyConnection) -> None:
        """Garwood's, which covers more than it must: its lower bound is up to one lower, its upper about the same."""
        for count in range(200):
            low, high = db.execute("SELECT count_low($k), count_high($k)", {"k": count}).fetchall()[0]
            exact_low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
            exact_high = chi2.ppf(0.975, 2 * count + 2) / 2
            assert exact_low - 1e-9 <= low < exact_low + 1
            assert exact_high - 0.03 < high < exact_high + 0.16

    def test_of_nothing_is_null(self, db: duckdb.DuckDBPyConnection) -> None:
        assert db.execute(
            "SELECT count_low(NULL), count_high(NULL), count_low(-1), count_high(-1)"
        ).fetchall() == [(None, None, None, None)]
