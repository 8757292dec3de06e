"""Early voices: the exact null by numpy, and uniform p-values where nobody has a nose for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import kstest

from pipelines.connect import connect
from pipelines.themes.ledger import Theme, record
from schemas.identity import theme_mention_id
from schemas.tables import THEME_MENTIONS
from tests.pipelines.feedback_table import RECEIVED, instant
from transforms.commit import commit
from transforms.write import write

START = date(2024, 3, 18)
STAMPS = ("committed_at", "batch_id")


def _store(root: str, themes: dict[str, list[tuple[str, int]]]) -> None:
    """Themes by their one term: authors with the days since START, in order."""
    ledger = [Theme.new("app", {term: 1.0}, term, 1, START, RECEIVED) for term in themes]
    record(root, ledger, RECEIVED)
    rows: list[dict[str, Any]] = []
    for theme, said in zip(ledger, themes.values(), strict=True):
        for place, (author, since) in enumerate(said):
            event = f"{theme.label}-{place}"
            day = (START + timedelta(days=since)).isoformat()
            rows.append(
                {
                    **{
                        "theme_mention_id": theme_mention_id(event, 1, RECEIVED),
                        "event_id": event,
                        "native_id": event,
                    },
                    **{"source": "desk", "channel": "support", "author_key": author, "product": "app"},
                    **{
                        "occurred_at": instant(day) + timedelta(seconds=place),
                        "received_at": RECEIVED,
                        "day": day,
                    },
                    **{"mention": 1, "start": 0, "end": 4, "touchpoint": "account", "friction": True},
                    **{"theme_id": theme.theme_id, "similarity": 1.0},
                }
            )
    schema = pa.schema([field for field in THEME_MENTIONS.table_schema if field.name not in STAMPS])
    batch = pa.RecordBatch.from_pylist(rows, schema=schema)
    files = write(root, THEME_MENTIONS, [batch], batch_id="b", clock=lambda: RECEIVED)
    commit(root, THEME_MENTIONS, files, batch_id="b")


def _sum_of_trials(chances: list[float]) -> np.ndarray:
    chance = np.ones(1)
    for p in chances:
        chance = np.convolve(chance, [1 - p, p])
    return chance


def _by_chance(seed: int) -> dict[str, list[tuple[str, int]]]:
    """Themes that grow, each of a random crowd in random order."""
    random = np.random.default_rng(seed)
    themes = {}
    for number in range(40):
        size = int(random.integers(20, 121))
        crowd = random.permutation(150)[:size]
        days = [0 if place < size // 8 else 28 + place // 10 for place in range(size)]
        themes[f"theme{number}"] = [(f"author-{one}", day) for one, day in zip(crowd, days, strict=True)]
    return themes


@pytest.fixture(scope="module")
def by_chance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = str(tmp_path_factory.mktemp("chance"))
    _store(root, _by_chance(7))
    with connect(root) as connection:
        yield connection


def _trials() -> dict[str, list[tuple[float, bool]]]:
    trials: dict[str, list[tuple[float, bool]]] = {}
    for said in _by_chance(7).values():
        early = max(3, int(np.ceil(0.05 * len(said))))
        for place, (author, _) in enumerate(said):
            trials.setdefault(author, []).append((early / len(said), place < early))
    return trials


def test_the_p_value_is_that_of_a_sum_of_unequal_trials(by_chance: duckdb.DuckDBPyConnection) -> None:
    found = by_chance.execute(
        "SELECT author_key, support, early, expected, p_value, p_adjusted FROM catalytic_customers()"
    ).fetchall()
    assert len(found) == len(_trials()) == 150
    for author, support, early, expected, p_value, p_adjusted in found:
        trials = _trials_of(author)
        chance = _sum_of_trials([p for p, _ in trials])
        assert (support, early) == (len(trials), sum(hit for _, hit in trials))
        assert expected == pytest.approx(sum(p for p, _ in trials))
        assert p_value == pytest.approx(chance[early + 1 :].sum() + chance[early] / 2)
        assert p_adjusted == pytest.approx(min(1, 150 * p_value))


_TRIALS = _trials()


def _trials_of(author: str) -> list[tuple[float, bool]]:
    return _TRIALS[author]


def test_p_values_are_uniform_under_the_null(by_chance: duckdb.DuckDBPyConnection) -> None:
    """A discrete p-value is uniform once the chance of the value itself is spread evenly (randomised p)."""
    random = np.random.default_rng(3)
    found = by_chance.execute(
        "SELECT author_key, early, p_value FROM catalytic_customers() ORDER BY ALL"
    ).fetchall()
    spread = [
        p_value + (random.random() - 0.5) * _sum_of_trials([p for p, _ in _trials_of(author)])[early]
        for author, early, p_value in found
    ]
    assert kstest(spread, "uniform").pvalue > 0.01
    # The test can fail: everybody's number of early places one higher is seen.
    shifted = [_sum_of_trials([p for p, _ in _trials_of(author)])[early + 1 :].sum() for author, early, _ in found]
    assert kstest(shifted, "uniform").pvalue < 1e-6


def test_who_is_always_first_is_found(tmp_path: Path) -> None:
    nose = {
        f"theme{number}": [("nose", 0), *((f"{number}-{n}", 1 if n < 3 else 40) for n in range(30))]
        for number in range(6)
    }
    flat = {"flat": [(f"flat-{n}", n) for n in range(25)]}
    _store(str(tmp_path), nose | flat)
    with connect(str(tmp_path)) as db:
        found = db.execute(
            "SELECT author_key, support, early, hit_rate, median_lead_days, p_value FROM catalytic_customers()"
        ).fetchall()
        assert found == [("nose", 6, 6, 1.0, 40.0, pytest.approx((3 / 31) ** 6 / 2))]
        assert db.execute("FROM catalytic_customers(support := 7)").fetchall() == []
        assert len(db.execute("FROM catalytic_customers(support := 1)").fetchall()) == 1, "never below five"
