"""drivers split by theme against a person-by-person count, from stored rows of feedback and themes."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.connect import connect
from schemas.identity import theme_mention_id
from schemas.tables import THEME_MENTIONS, THEMES
from tests.pipelines.feedback_table import RECEIVED, event, mention, store, store_small
from tests.pipelines.views.relations import ask
from transforms.commit import commit
from transforms.write import write

A, B = date(2024, 1, 1), date(2024, 1, 29)
"""First days of two periods of 28 days."""

ASKED = (
    "of_product := 'app', a_from := '2024-01-01', b_from := '2024-01-29', b_to := '2024-02-25', split := 'theme'"
)
NO_THEME = "no theme"
Row = dict[str, Any]


def themes_of(rows: Iterable[Row], found: Mapping[str, list[str | None]]) -> list[Row]:
    """Rows of theme_mentions: `found` has the theme of each mention of an event, by native_id."""
    return [
        {
            **{
                name: row[name]
                for name in ("event_id", "source", "channel", "native_id", "author_key", "product", "day")
            },
            "theme_mention_id": theme_mention_id(row["event_id"], number, RECEIVED),
            "mention": number,
            "theme_id": theme,
            "similarity": 1.0,
            "occurred_at": row["occurred_at"],
            "received_at": RECEIVED,
            "touchpoint": one["touchpoint"],
            "friction": one["friction_p"] >= 0.5,
            "start": one["start"],
            "end": one["end"],
        }
        for row in rows
        for number, (one, theme) in enumerate(
            zip(row["mentions"], found.get(row["native_id"], [None] * len(row["mentions"])), strict=True), 1
        )
        if theme is not None
    ]


def store_themes(root: str, theme_mentions: list[Row]) -> None:
    names = sorted({row["theme_id"] for row in theme_mentions})
    ledger = [
        {
            "theme_id": name,
            "generation": 1,
            "product": "app",
            "weights": [],
            "terms_version": 1,
            "reaches_from": date(2023, 12, 1),
            "label": name,
            "created_at": RECEIVED,
            "recorded_at": RECEIVED,
        }
        for name in names
    ]
    store_small(root, THEMES, ledger)
    schema = pa.schema([f for f in THEME_MENTIONS.table_schema if f.name not in ("committed_at", "batch_id")])
    batch = pa.RecordBatch.from_pylist(theme_mentions, schema=schema)
    files = write(root, THEME_MENTIONS, [batch], batch_id="themes", clock=lambda: RECEIVED)
    commit(root, THEME_MENTIONS, files, batch_id="themes")


def drivers(root: str) -> dict[str, Row]:
    with connect(root) as connection:
        return {row["part"]: row for row in ask(connection, f"SELECT * FROM drivers({ASKED})")}


def talk(seed: int) -> tuple[list[Row], dict[str, list[str | None]]]:
    """Events of one to three mentions, of which those with friction, and some without, may have a theme."""
    chance = random.Random(seed)
    rows, found = [], {}
    for number in range(400):
        day = A + timedelta(days=chance.randrange(56))
        likely = 0.3 if day < B else 0.5
        mentions = [
            mention("usability", 0.9 if chance.random() < likely else 0.1) for _ in range(chance.randint(1, 3))
        ]
        author = f"author-{chance.randrange(150)}" if chance.random() < 0.9 else None
        rows.append(event(str(number), day.isoformat(), *mentions, author=author))
        found[str(number)] = [
            chance.choice(["crash", "login", "price", None])
            if one["friction_p"] > 0.5 or chance.random() < 0.2
            else None
            for one in mentions
        ]
    for number, author in enumerate(["ann", "bob", "cid", "dan"]):  # one too few for a theme that is shown
        rows.append(event(f"few-{number}", B.isoformat(), mention("usability", 0.9), author=author))
        found[f"few-{number}"] = ["secret"]
    return rows, found


def count(rows: Iterable[Row], found: Mapping[str, list[str | None]], start: date) -> tuple[Any, Any, int, int]:
    """Presences and burdens by theme, authors and friction authors of 28 days, person by person."""
    spoke: dict[str, set[str]] = defaultdict(set)
    met: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if not start <= date.fromisoformat(row["day"]) < start + timedelta(days=28):
            continue
        author = row["author_key"] or row["event_id"]
        said = list(
            zip(found[row["native_id"]], (one["friction_p"] > 0.5 for one in row["mentions"]), strict=True)
        )
        themes = {theme for theme, _ in said if theme not in (None, "secret")}
        hurt = {theme for theme, friction in said if friction and theme not in (None, "secret")}
        if not themes or (not hurt and any(friction for _, friction in said)):
            themes.add(NO_THEME)
            if any(friction for _, friction in said):
                hurt.add(NO_THEME)
        spoke[author] |= themes
        met[author] |= hurt
    presences: dict[str, float] = defaultdict(float)
    burdens: dict[str, float] = defaultdict(float)
    for weights, people in ((presences, spoke), (burdens, met)):
        for places in people.values():
            for place in places:
                weights[place] += 1 / len(places)
    return presences, burdens, len(spoke), sum(map(bool, met.values()))


@pytest.mark.parametrize("seed", range(3))
def test_themes_add_up_to_the_change_of_the_documented_rate(seed: int, tmp_path: Path) -> None:
    rows, found = talk(seed)
    store(str(tmp_path), rows)
    store_themes(str(tmp_path), themes_of(rows, found))
    told = drivers(str(tmp_path))
    assert told.keys() == {"crash", "login", "price", NO_THEME}
    presences_a, burdens_a, all_a, met_a = count(rows, found, A)
    presences_b, burdens_b, all_b, met_b = count(rows, found, B)
    change = met_b / all_b - met_a / all_a
    mean = (met_a / all_a + met_b / all_b) / 2
    assert abs(sum(row["contribution"] for row in told.values()) - change) < 1e-9
    for part, row in told.items():
        assert row["change"] == pytest.approx(change, abs=1e-12)
        share_a, share_b = presences_a[part] / all_a, presences_b[part] / all_b
        rate_a, rate_b = burdens_a[part] / presences_a[part], burdens_b[part] / presences_b[part]
        assert (row["share_a"], row["share_b"]) == pytest.approx((share_a, share_b), abs=1e-12)
        assert (row["rate_a"], row["rate_b"]) == pytest.approx((rate_a, rate_b), abs=1e-12)
        assert row["rate_effect"] == pytest.approx((rate_b - rate_a) * (share_a + share_b) / 2, abs=1e-12)
        assert row["mix_effect"] == pytest.approx(((rate_a + rate_b) / 2 - mean) * (share_b - share_a), abs=1e-12)


def test_without_themes_all_is_under_no_theme(tmp_path: Path) -> None:
    rows, found = talk(1)
    store(str(tmp_path), rows)
    (row,) = drivers(str(tmp_path)).values()
    *_, all_a, met_a = count(rows, found, A)
    *_, all_b, met_b = count(rows, found, B)
    assert (row["part"], row["mix_effect"]) == (NO_THEME, 0)
    assert row["contribution"] == pytest.approx(met_b / all_b - met_a / all_a, abs=1e-12)


def test_scores_of_another_model_than_the_themes_keep_the_sum(tmp_path: Path) -> None:
    """Where the scores shown have no friction, a theme mention that was stored as friction has none either."""
    rows = [
        event(f"{start}/{number}", start.isoformat(), mention("usability", 0.1), author=str(number))
        for start in (A, B)
        for number in range(10)
    ]
    stale = [
        {**row, "friction": True} for row in themes_of(rows, {row["native_id"]: ["crash"] for row in rows[10:]})
    ]
    store(str(tmp_path), rows)
    store_themes(str(tmp_path), stale)
    told = drivers(str(tmp_path))
    assert {part: row["friction_authors_b"] for part, row in told.items()} == {"crash": 0, NO_THEME: 0}
    assert sum(row["contribution"] for row in told.values()) == told["crash"]["change"] == 0
