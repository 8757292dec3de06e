"""version_friction against statsmodels, and which version comes before which."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from tests.pipelines.views.relations import ask, connect_over

START = date(2024, 1, 1)


def users(
    version: str | None,
    friction: int,
    authors: int,
    *,
    first: int = 0,
    touchpoint: str = "usability",
    times: int = 1,
    inferred: int = 0,
) -> list[dict[str, Any]]:
    """Each of `authors` speaks on `times` days in a row; the first `friction` of them meet friction."""
    return [
        {
            "product": "app",
            "version": version,
            "version_source": "inferred" if number < inferred else "given",
            "touchpoint": part,
            "day": START + timedelta(days=first + time),
            "person": f"{version}/{number}",
            "friction": number < friction and time == 0,
            "mentions": 2,
            "sentiment_sum": -1.0 if number < friction else 0.5,
        }
        for part in (touchpoint, "any")
        for number in range(authors)
        for time in range(times)
    ]


def ask_versions(*rows: list[dict[str, Any]], touchpoint: str = "usability") -> dict[str, dict[str, Any]]:
    events = pa.Table.from_pylist([row for some in rows for row in some])
    connection = connect_over({"event_touchpoints": events}, "version_friction")
    found = ask(
        connection, "SELECT * FROM version_friction() WHERE touchpoint = $1 ORDER BY first_day", touchpoint
    )
    return {row["version"]: row for row in found}


def test_one_touchpoint_asked_for_is_the_same_as_of_all() -> None:
    events = pa.Table.from_pylist([*users("1.0", 3, 12, times=5), *users("2.0", 1, 20, first=10)])
    connection = connect_over({"event_touchpoints": events}, "version_friction")
    one = list(ask(connection, "FROM version_friction(at_touchpoint := 'usability') ORDER BY version"))
    assert one == list(ask(connection, "FROM version_friction() WHERE touchpoint = 'usability' ORDER BY version"))
    assert [row["previous_version"] for row in one] == [None, "1.0"]


def test_days_and_product_asked() -> None:
    events = pa.Table.from_pylist([*users("1.0", 3, 12, times=5), *users("2.0", 1, 20, first=10)])
    connection = connect_over({"event_touchpoints": events}, "version_friction")
    asked = {
        "": [("1.0", 12, 5, None), ("2.0", 20, 1, "1.0")],
        f"from_day := '{START + timedelta(days=3)}'": [("1.0", 12, 2, None), ("2.0", 20, 1, "1.0")],
        f"of_product := 'app', to_day := '{START}'": [("1.0", 12, 1, None)],
        "of_product := 'another'": [],
        "from_day := '2030-01-01'": [],
    }
    for given, rows in asked.items():
        found = ask(connection, f"FROM version_friction({given}) WHERE touchpoint = 'any' ORDER BY version")
        assert [(row["version"], row["authors"], row["days"], row["previous_version"]) for row in found] == rows, (
            given
        )


def test_people_days_and_sentiment() -> None:
    row = ask_versions(users("1.0", 3, 12, times=5, inferred=9), users(None, 1, 1))["1.0"]
    assert row["inferred_share"] == 0.75
    assert (row["authors"], row["friction_authors"], row["days"]) == (12, 3, 5)
    assert (row["first_day"], row["last_day"]) == (START, START + timedelta(days=4))
    assert row["mean_sentiment"] == pytest.approx((3 * -1 + 9 * 0.5) / 12 / 2)
    assert (row["rate_low"], row["rate_high"]) == pytest.approx(proportion_confint(3, 12, method="wilson"))


@pytest.mark.parametrize(
    ("friction", "authors", "before", "authors_before"),
    [(30, 100, 10, 80), (10, 10, 4, 15), (0, 40, 3, 25), (57, 900, 45, 1100), (12, 12, 0, 12)],
)
def test_the_difference_is_newcombes(friction: int, authors: int, before: int, authors_before: int) -> None:
    row = ask_versions(users("1.0", before, authors_before), users("1.1", friction, authors, first=9))["1.1"]
    low, high = confint_proportions_2indep(friction, authors, before, authors_before, method="newcomb")
    _, p_value = proportions_ztest(np.array([friction, before]), np.array([authors, authors_before]))
    assert row["difference"] == pytest.approx(friction / authors - before / authors_before)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), abs=1e-9)
    assert row["p_value"] == pytest.approx(p_value, rel=1e-8)
    assert (row["previous_version"], row["null_reason"]) == ("1.0", None)


def test_versions_follow_one_another_by_number_among_those_heard_of_before() -> None:
    found = ask_versions(
        users("88.0", 5, 20),
        users("89.0", 5, 20, first=10),  # a tester, before 88.0.1 is out
        users("88.0.1", 5, 20, first=20),
        users("8900", 1, 1, first=25),  # a typing error
        users("90.0", 5, 20, first=30),
        users("100.0", 5, 20, first=40),
        users("89.9", 5, 20, first=50),  # an old branch
        users("Vista", 5, 20, first=60),
        users("Windfall", 5, 20, first=70),
    )
    assert {version: row["previous_version"] for version, row in found.items()} == {
        "88.0": None,
        "89.0": "88.0",
        "88.0.1": "88.0",
        "8900": "89.0",
        "90.0": "89.0",
        "100.0": "90.0",
        "89.9": "89.0",
        "Vista": None,
        "Windfall": "Vista",
    }


def test_what_cannot_be_compared_says_why() -> None:
    found = ask_versions(
        users("1.0", 0, 20),
        users("1.1", 1, 5, first=1),
        users("1.2", 0, 20, first=2),
        users("1.3", 5, 20, first=3, touchpoint="account"),
        users("1.4", 5, 20, first=4),
    )
    told = {version: (row["difference"], row["p_value"], row["null_reason"]) for version, row in found.items()}
    assert told == {
        "1.0": (None, None, "no version before it"),
        "1.1": (None, None, "fewer than 10 people in one of the versions"),
        "1.2": (0.0, None, "friction met nobody or everybody in both versions: no test"),
        "1.4": (None, None, "nobody spoke of this touchpoint in the version before"),
    }
