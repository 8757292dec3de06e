"""Journeys, against a walk through each author's days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import permutations
from statistics import median
from typing import Any

import duckdb
import pytest

from pipelines.connect import connect
from tests.pipelines.feedback_table import event, mention, store
from tests.pipelines.views.crowd import author_of, crowd, newcombe, touched

STATIONS = ("usability", "billing", "account")


def _journeys(product: str) -> dict[tuple[str, str], list[tuple[int, bool, bool]]]:
    """Days between, friction at the first, friction at the second, of each author who went that way."""
    heard: dict[tuple[str, str], dict[date, bool]] = defaultdict(dict)
    for row in crowd():
        for station in STATIONS:
            if row["product"] == product and (hurts := touched(row, station)):
                days = heard[author_of(row), station]
                day = date.fromisoformat(row["day"])
                days[day] = days.get(day, False) or any(hurts)
    found = defaultdict(list)
    for author in {author for author, _ in heard}:
        for first, second in permutations(STATIONS, 2):
            before, after = heard.get((author, first)), heard.get((author, second))
            if before and after and min(before) < min(after):
                days_between = (min(after) - min(before)).days
                found[first, second].append((days_between, before[min(before)], after[min(after)]))
    return found


def test_every_way_people_went(crowded: duckdb.DuckDBPyConnection) -> None:
    found = crowded.execute(
        """SELECT from_touchpoint, to_touchpoint, authors, median_days, from_friction_rate, to_friction_rate,
            hurt_before, rate_after_hurt, spared_before, rate_after_spared, difference_low, difference_high
        FROM journeys(of_product := 'app')"""
    ).fetchall()
    wanted = _journeys("app")
    assert len(found) == len(wanted) == 6
    for (
        first,
        second,
        authors,
        days,
        at_first,
        at_second,
        hurt,
        hurt_rate,
        spared,
        spared_rate,
        *interval,
    ) in found:
        ways = wanted[first, second]
        twice = sum(before and after for _, before, after in ways)
        later = sum(after and not before for _, before, after in ways)
        assert (authors, days) == (len(ways), median(way[0] for way in ways))
        assert (hurt, spared) == (sum(way[1] for way in ways), sum(not way[1] for way in ways))
        assert (at_first, at_second) == (hurt / authors, (twice + later) / authors)
        assert (hurt_rate, spared_rate) == (twice / hurt, later / spared)
        assert interval == pytest.approx(newcombe(twice, hurt, later, spared))


def test_fewer_than_five_people_are_no_journey(tmp_path: Any) -> None:
    rows = [
        event(f"{author}-{day}", f"2024-03-0{day}", mention(touchpoint, 0.9), author=f"author-{author}")
        for author in range(4)
        for day, touchpoint in ((1, "account"), (3, "billing"))
    ]
    store(str(tmp_path), rows)
    with connect(str(tmp_path)) as db:
        assert db.execute("FROM journeys()").fetchall() == []
        found = db.execute(
            "SELECT authors, rate_after_hurt, rate_after_spared, difference, null_reason FROM journeys(least := 4)"
        ).fetchall()
    assert found == [(4, 1.0, None, None, "everybody had friction at the first")]
