"""A silent source is a gap and not a zero: which days are one, and what the views of launches make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.connect import connect
from schemas.tables import EXPOSURE, LAUNCHES
from tests.pipelines.feedback_table import RECEIVED, event, launch, mention, store, store_small
from tests.pipelines.views.relations import NO_GAPS, ask
from tests.pipelines.views.test_launch_impact import Days, connect_to
from tests.pipelines.views.test_launch_impact import launch as ledger_row

FIRST = date(2024, 3, 4)  # a Monday
LAUNCHED = FIRST + timedelta(days=56)
GAP = tuple(LAUNCHED + timedelta(days=since) for since in (4, 5, 6, 7))


def said(source: str, product: str, days: Iterator[int] | range, friction: int = 2) -> list[dict[str, Any]]:
    """Three people a day, of whom so many have friction."""
    return [
        event(
            f"{product}/{since}/{number}",
            (FIRST + timedelta(days=since)).isoformat(),
            mention("account", 0.9 if number < friction else 0.1),
            source=source,
            product=product,
            author=str(number),
        )
        for since in days
        for number in range(3)
    ]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The desk falls silent for four days after the launch; `both` is spoken of elsewhere meanwhile."""
    root = str(tmp_path_factory.mktemp("tables"))
    silent = {(day - FIRST).days for day in GAP}
    heard = [since for since in range(84) if since not in silent]
    workdays = [since for since in range(84) if since % 7 < 5]
    store(
        root,
        [
            *said("desk", "app", heard),
            *said("desk", "both", heard),
            *said("stars", "both", range(84)),
            *said("office", "rests", workdays),
            *said("sheet", "rare", iter([*range(0, 84, 21), 83])),
        ],
    )
    store_small(root, LAUNCHES, [launch(name, name, LAUNCHED.isoformat()) for name in ("app", "both", "rests")])
    exposed = [LAUNCHED + timedelta(days=since) for since in (3, 4, 8)]
    store_small(
        root,
        EXPOSURE,
        [
            {
                "product": "app",
                "day": day,
                "measure": "visits",
                "count": 1000.0,
                "segment": {},
                "recorded_at": RECEIVED,
            }
            for day in exposed
        ],
    )
    return root


def rows(root: str, query: str) -> list[dict[str, Any]]:
    with connect(root) as connection:
        return list(ask(connection, query))


def test_a_day_is_a_gap_where_all_sources_that_spoke_before_are_silent(root: str) -> None:
    found = rows(root, "SELECT * FROM product_gaps ORDER BY day")
    assert found == [{"product": "app", "day": day, "sources": 1} for day in GAP]


def test_a_source_that_ended_before_makes_no_gap_end(tmp_path: Path) -> None:
    store(str(tmp_path), [*said("old", "app", range(28)), *said("new", "app", [*range(20, 60), *range(66, 70)])])
    found = rows(str(tmp_path), "FROM product_gaps ORDER BY day")
    assert [row["day"] for row in found] == [FIRST + timedelta(days=since) for since in range(60, 66)]
    assert {row["sources"] for row in found} == {2}


def test_the_curve_shows_null_in_a_gap_and_zero_where_the_sources_rest(root: str) -> None:
    columns = "day, friction_authors, authors, expected, excess, in_gap, null_reason"
    where = "touchpoint = 'any' AND day_since BETWEEN 0 AND 13 ORDER BY day"
    for row in rows(root, f"SELECT {columns} FROM launch_curve WHERE product = 'app' AND {where}"):
        if row["day"] in GAP:
            assert (row["friction_authors"], row["authors"], row["excess"], row["in_gap"]) == (
                None,
                None,
                None,
                True,
            )
            assert row["null_reason"] == "day not heard: all sources of the product were silent"
        else:
            assert (row["friction_authors"], row["expected"], row["in_gap"]) == (2, 2, False)
    for product, on_the_gap in (("both", 2), ("rests", 0)):
        found = rows(root, f"SELECT {columns} FROM launch_curve WHERE product = '{product}' AND {where}")
        assert not any(row["in_gap"] for row in found)
        assert found[5]["friction_authors"] == on_the_gap


def test_exposure_on_a_day_of_a_gap_has_no_rate(root: str) -> None:
    query = (
        "SELECT day, per_1000 FROM exposure_rates WHERE touchpoint = 'any' AND measure = 'visits' AND exposure > 0"
    )
    found = {row["day"]: row["per_1000"] for row in rows(root, query)}
    assert list(found.values()) == [found[LAUNCHED + timedelta(days=since)] for since in found_since(found)]
    assert found[LAUNCHED + timedelta(days=4)] is None
    assert found[LAUNCHED + timedelta(days=3)] == 2


def found_since(found: Mapping[date, Any]) -> list[int]:
    return [(day - LAUNCHED).days for day in found]


def impact(series: Mapping[str, Any], gaps: pa.Table, *touchpoints: str) -> dict[str, dict[str, Any]]:
    connection = connect_to(series, [ledger_row("app", LAUNCHED, *touchpoints)], gaps)
    return {row["touchpoint"]: row for row in ask(connection, "SELECT * FROM launch_impact WHERE product = 'app'")}


def days(product: str, *since: int) -> pa.Table:
    rows_ = [{"product": product, "day": LAUNCHED + timedelta(days=one)} for one in since]
    return pa.Table.from_pylist(rows_, schema=NO_GAPS.schema)


def without(counts: Days, *since: int) -> dict[str, np.ndarray[Any, Any]]:
    """The same without the feedback of some days since the launch."""
    silenced = {name: np.array(values) for name, values in counts.items()}
    for values in silenced.values():
        values[[56 + one for one in since]] = 0
    return silenced


FLAT: Days = {"account": np.full(84, 10), "usability": np.full(84, 20), "any": np.full(84, 30)}


def test_days_of_a_gap_are_neither_observed_nor_expected() -> None:
    away = (-3, 2, 3, 4)
    found = impact({"app": (FIRST, without(FLAT, *away))}, days("app", *away), "account")["account"]
    assert (found["after_days"], found["gap_days"]) == (14, 4)
    assert (found["observed"], found["before"]) == (110, 270)
    assert found["expected_before"] == pytest.approx(110)
    assert found["excess_before"] == pytest.approx(0)
    assert found["ratio"] == pytest.approx(1, abs=0.01)
    as_zero = impact({"app": (FIRST, without(FLAT, *away))}, NO_GAPS, "account")["account"]
    assert (as_zero["gap_days"], as_zero["excess_before"]) == (0, pytest.approx(-25))


def test_other_products_are_compared_on_the_days_both_were_heard() -> None:
    series = {"app": (FIRST, without(FLAT, 2, 3)), "shop": (FIRST, FLAT), "mute": (FIRST, without(FLAT, 8))}
    gaps = pa.concat_tables([days("app", 2, 3), days("mute", 8)])
    found = impact(series, gaps)["any"]
    assert (found["observed"], found["control_after"], found["control_before"]) == (360, 360, 840)
    assert found["ratio"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("away", [range(-28, -13), range(8)])
def test_mostly_silent_days_are_not_compared(away: range) -> None:
    found = impact({"app": (FIRST, without(FLAT, *away))}, days("app", *away), "account")
    for row in found.values():
        assert (row["expected"], row["expected_before"]) == (None, None)
        assert "silent on more than half" in row["null_reason"]


def test_a_launch_with_a_gap_is_not_ranked() -> None:
    first, second = LAUNCHED, LAUNCHED + timedelta(days=14)
    ledger = [ledger_row("app", day, launch_id=str(day)) for day in (first, second)]
    connection = connect_to({"app": (FIRST, without(FLAT, 3))}, ledger, days("app", 3))
    query = "SELECT * FROM launch_comparison(age_days := 7) WHERE touchpoint = 'any' ORDER BY launched_at"
    gapped, later = ask(connection, query)
    assert (gapped["excess"], gapped["rank"]) == (None, None)
    assert "silent" in gapped["null_reason"]
    assert (later["observed"], later["earlier_launches"]) == (210, 0)


def test_the_interval_still_covers_with_gaps() -> None:
    """Of simulated launches without effect, each with a few silent days, 19 in 20 have an interval around none."""
    rng = np.random.default_rng(11)
    series, ledger, gaps = {}, [], []
    for number in range(400):
        name = f"app{number}"
        weekday = np.tile([1.2, 1.1, 1, 1, 1, 0.8, 0.8], 12)
        account, usability = rng.poisson(12 * weekday), rng.poisson(30 * weekday)
        away = rng.choice(np.arange(-28, 14), 5, replace=False)
        counts = {"account": account, "usability": usability, "any": account + usability}
        series[name] = (FIRST, without(counts, *away))
        ledger.append(ledger_row(name, LAUNCHED, "account"))
        gaps.append(days(name, *away.tolist()))
    connection = connect_to(series, ledger, pa.concat_tables(gaps))
    query = "SELECT * FROM launch_impact WHERE touchpoint = 'account'"
    found = list(ask(connection, query))
    assert len(found) == 400
    for name, middle in (("", 1.0), ("_before", 0.0)):
        low, high = ("ratio_low", "ratio_high") if not name else ("excess_before_low", "excess_before_high")
        covered = np.mean([row[low] <= middle <= row[high] for row in found])
        assert 0.92 <= covered <= 0.985, (name, covered)
    assert np.mean([row["ratio"] for row in found]) == pytest.approx(1, abs=0.02)
    assert np.mean([row["excess_before"] / row["expected_before"] for row in found]) == pytest.approx(0, abs=0.02)
