"""What a mention's theme depends on: its words, its day and the ledger, and not on what was found later."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.themes.assign import assign
from pipelines.themes.ledger import Theme
from pipelines.themes.terms import Bags, terms

NOW = datetime(2024, 7, 1, tzinfo=UTC)
WORDS = ["alpha", "beta", "gamma", "delta", "omega"]
DAY = np.datetime64("2024-03-04")

_weights = st.dictionaries(st.sampled_from(WORDS), st.floats(0.1, 1.2), min_size=1)
_texts = st.lists(st.lists(st.sampled_from([*WORDS, "other"])).map(" ".join), max_size=20)


def _theme(weights: dict[str, float], generation: int, reaches_from: date = date(2024, 1, 1)) -> Theme:
    return Theme.new("app", weights, "", generation, reaches_from, NOW)


def _assigned(texts: list[str], themes: list[Theme]) -> list[str | None]:
    places = assign(Bags.of(texts), np.full(len(texts), DAY), themes).places
    return [themes[place].theme_id if place >= 0 else None for place in places]


@given(texts=_texts, older=st.lists(_weights, max_size=5), younger=st.lists(_weights, max_size=5))
def test_a_later_theme_takes_nothing_from_an_earlier_one(
    texts: list[str], older: list[dict[str, float]], younger: list[dict[str, float]]
) -> None:
    old = [_theme(weights, number // 2) for number, weights in enumerate(older)]
    new = [_theme(weights, 9) for weights in younger]
    before, after = _assigned(texts, old), _assigned(texts, [*new, *old])
    assert [one for one, was in zip(after, before, strict=True) if was] == [was for was in before if was]


@given(texts=_texts, found=st.lists(_weights, min_size=1, max_size=6), order=st.randoms())
def test_neither_neighbours_nor_order_matter(
    texts: list[str], found: list[dict[str, float]], order: object
) -> None:
    themes = [_theme(weights, number % 3) for number, weights in enumerate(found)]
    together = _assigned(texts, themes)
    assert together == [one for text in texts for one in _assigned([text], themes[::-1])]


def test_the_oldest_generation_wins_and_in_it_the_heaviest() -> None:
    light, heavy = _theme({"alpha": 1.0}, 2), _theme({"alpha": 1.1}, 2)
    young = _theme({"alpha": 3.0}, 3)
    assert _assigned(["alpha"], [young, light, heavy]) == [heavy.theme_id]
    assert _assigned(["beta"], [young, light, heavy]) == [None]


def test_a_theme_reaches_back_to_its_first_day_only() -> None:
    assert _assigned(["alpha"], [_theme({"alpha": 1.0}, 1, date(2024, 3, 5))]) == [None]
    assert _assigned(["alpha"], [_theme({"alpha": 1.0}, 1, date(2024, 3, 4))]) != [None]


def test_terms_are_content_words_in_any_script() -> None:
    assert terms("The tabs' colours [EMAIL] aren't in Tabs, see https://a.b/c!") == ("tab", "colour")
    assert terms("Приложение не работает 😡 アプリ") == ("приложение", "не", "работает", "アプリ")
    assert terms("") == ()
