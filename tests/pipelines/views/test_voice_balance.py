"""The two voices, against numpy and scipy."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import duckdb
import pytest

from pipelines.connect import connect
from tests.pipelines.feedback_table import event, mention, store
from tests.pipelines.views.crowd import TOUCHPOINTS, author_of, crowd, newcombe, touched, wilson

OWN = ("support", "survey")


def _rows(voice: str, product: str = "app") -> list[dict[str, Any]]:
    return [
        row
        for row in crowd()
        if row["product"] == product and row["channel"] != "other" and (row["channel"] in OWN) == (voice == "own")
    ]


def _counts(rows: list[dict[str, Any]], touchpoint: str) -> tuple[int, int]:
    friction = {author_of(row) for row in rows if any(touched(row, touchpoint))}
    return len(friction), len({author_of(row) for row in rows if touched(row, touchpoint)})


def _voice(db: duckdb.DuckDBPyConnection, voice: str, options: str = "") -> dict[str, Any]:
    query = f"FROM voice_balance(of_product := 'app'{options}) WHERE voice = $1"
    found = db.sql(query, params=[voice]).to_arrow_table()
    (row,) = found.to_pylist()
    return dict(row)


@pytest.mark.parametrize(("voice", "other"), [("own", "public"), ("public", "own")])
def test_rates_and_their_difference(crowded: duckdb.DuckDBPyConnection, voice: str, other: str) -> None:
    found = _voice(crowded, voice)
    mine, theirs = _counts(_rows(voice), "any"), _counts(_rows(other), "any")
    assert (found["friction_authors"], found["authors"]) == mine
    assert (found["rate_low"], found["rate_high"]) == pytest.approx(wilson(*mine))
    assert found["difference"] == pytest.approx(mine[0] / mine[1] - theirs[0] / theirs[1])
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(newcombe(*mine, *theirs))


@pytest.mark.parametrize(("voice", "other"), [("own", "public"), ("public", "own")])
def test_the_adjusted_rate_is_on_the_common_mix(
    crowded: duckdb.DuckDBPyConnection, voice: str, other: str
) -> None:
    found = _voice(crowded, voice)
    rate = other_rate = below = above = total = 0.0
    for touchpoint in TOUCHPOINTS:
        (k1, n1), (k2, n2) = _counts(_rows(voice), touchpoint), _counts(_rows(other), touchpoint)
        weight = n1 + n2
        total += weight
        rate += weight * k1 / n1
        other_rate += weight * k2 / n2
        below += (weight * (k1 / n1 - wilson(k1, n1)[0])) ** 2 + (weight * (wilson(k2, n2)[1] - k2 / n2)) ** 2
        above += (weight * (wilson(k1, n1)[1] - k1 / n1)) ** 2 + (weight * (k2 / n2 - wilson(k2, n2)[0])) ** 2
    difference = (rate - other_rate) / total
    assert found["adjusted_rate"] == pytest.approx(rate / total)
    assert found["adjusted_difference"] == pytest.approx(difference)
    assert found["adjusted_difference_low"] == pytest.approx(difference - math.sqrt(below) / total)
    assert found["adjusted_difference_high"] == pytest.approx(difference + math.sqrt(above) / total)
    assert found["adjusted_share"] == 1


def test_concentration_is_of_people_with_a_name(crowded: duckdb.DuckDBPyConnection) -> None:
    found = _voice(crowded, "public")
    events = sorted(Counter(row["author_key"] for row in _rows("public") if row["author_key"]).values())
    shares = [number / sum(events) for number in events]
    assert found["named_authors"] == len(events) > 50
    assert found["top_share"] == pytest.approx(sum(shares[-math.ceil(len(events) / 100) :]))
    assert found["herfindahl"] == pytest.approx(sum(share**2 for share in shares))
    assert found["effective_authors"] == pytest.approx(1 / found["herfindahl"])


def test_competitors_are_whole_words(crowded: duckdb.DuckDBPyConnection) -> None:
    found = _voice(crowded, "own", ", competitors := ['RIVALO', 'C++', 'absent']")
    named = {
        name: len({author_of(row) for row in _rows("own") if words in row["text"].lower()})
        for name, words in {"RIVALO": "rivalo ", "C++": "c++ "}.items()
    }
    assert dict(found["competitors"]) == named
    assert found["competitor_authors"] == named["RIVALO"]
    assert found["competitor_share"] == named["RIVALO"] / found["authors"]
    assert found["null_reason"] is None


def test_without_names_nothing_is_counted(crowded: duckdb.DuckDBPyConnection) -> None:
    found = _voice(crowded, "own")
    assert (found["competitor_authors"], found["competitors"]) == (None, None)
    assert found["null_reason"] == "no competitors were named"


def test_one_nameless_voice_alone(tmp_path: Any) -> None:
    store(str(tmp_path), [event("1", "2024-03-04", mention("account", 0.9))])
    with connect(str(tmp_path)) as db:
        found = _voice(db, "own")
    assert (found["friction_rate"], found["difference"], found["adjusted_rate"], found["herfindahl"]) == (
        1.0,
        None,
        None,
        None,
    )
    assert found["null_reason"] == (
        "the other voice is silent; no author has a name: no concentration; no competitors were named"
    )
