"""How stars and words are weighed, and that the weights are found again where they are known."""

from __future__ import annotations

import numpy as np
import pytest

from models.anchor import Reviews, classes, cross_validated, fit, fit_rule, verdict
from models.gold.labels import GoldLabel
from models.scorer import load_scorer
from models.stars import RATINGS, Pool, StarsRule, fitted_rule, write_rule

POOL = Pool(1.0, 1.0, ((0.7, 0.3), (0.6, 0.4), (0.5, 0.5), (0.4, 0.6), (0.3, 0.7)), (0.5, 0.5))


def test_independent_witnesses_multiply_their_odds() -> None:
    together = POOL.together(np.array([[0.8, 0.2]]), np.array([-1.0]))
    assert together == pytest.approx(np.array([[28 / 31, 3 / 31]]))


def test_words_that_say_no_more_than_the_mean_leave_the_stars_as_they_are() -> None:
    assert POOL.together(np.array([[0.5, 0.5]]), np.array([0.25])) == pytest.approx(np.array([[0.45, 0.55]]))


def test_a_certain_text_does_not_outvote_every_rating() -> None:
    assert 0 < POOL.together(np.array([[1.0, 0.0]]), np.array([1.0]))[0, 1] < 0.01


def test_without_a_text_stars_stand_alone_and_without_stars_the_text() -> None:
    rule = fitted_rule()
    words, friction = np.array([[0.2, 0.3, 0.5]] * 3), np.array([0.4] * 3)
    sentiment, found = rule.anchored(
        words, friction, np.array([True, False, True]), np.array([np.nan, -1.0, -1.0])
    )
    assert sentiment[0] == pytest.approx(words[0])
    assert found[0] == pytest.approx(0.4)
    assert sentiment[1] == pytest.approx(rule.sentiment.by_rating[0], abs=1e-3)
    assert sentiment[2, 0] > words[2, 0]
    assert sentiment.sum(axis=1) == pytest.approx(1)


def test_more_stars_are_never_worse() -> None:
    rule = fitted_rule()
    ratings = np.linspace(-1, 1, 41)
    words, friction = np.full((41, 3), 1 / 3), np.full(41, 0.5)
    sentiment, found = rule.anchored(words, friction, np.ones(41, dtype=bool), ratings)
    assert (np.diff(sentiment[:, 2] - sentiment[:, 0]) > 0).all()
    assert (np.diff(found) < 1e-3).all()


def test_a_rule_is_read_as_it_was_written(tmp_path, monkeypatch) -> None:
    rule = StarsRule(POOL, POOL)
    file = tmp_path / "stars.json"
    write_rule(rule, {"model": "made up"}, file)
    monkeypatch.setattr("models.stars.FITTED", file)
    fitted_rule.cache_clear()
    assert fitted_rule() == rule
    fitted_rule.cache_clear()


def _made_up(count: int) -> Reviews:
    """Reviews whose stars and words are independent witnesses of the truth, as honest as they claim to be."""
    dice = np.random.default_rng(1)
    truth = dice.integers(0, 3, count)
    rating = np.array(RATINGS)[np.where(dice.random(count) < 0.6, 2 * truth, dice.integers(0, 5, count))]
    told = np.where(dice.random(count) < 0.7, truth, dice.integers(0, 3, count))
    of_text = np.full((count, 3), 0.1)
    of_text[np.arange(count), told] = 0.8
    friction = (truth == 0).astype(int)
    return Reviews(of_text, np.where(told == 0, 0.8, 0.1), rating, truth, friction)


def test_witnesses_that_are_independent_get_weights_near_one() -> None:
    reviews = _made_up(4_000)
    pool = fit(reviews.of_text, reviews.rating, reviews.sentiment)
    assert pool.text_weight == pytest.approx(1, abs=0.2)
    assert pool.stars_weight == pytest.approx(1, abs=0.2)
    assert fit_rule(reviews, np.arange(4_000)).sentiment == pool


def test_both_witnesses_forecast_better_than_either() -> None:
    reviews = _made_up(500)
    right = {
        name: np.mean(forecast.sentiment.argmax(axis=1) == reviews.sentiment)
        for name, forecast in cross_validated(reviews).items()
    }
    assert right["words and stars"] > max(right["words"], right["stars"])


def test_where_words_are_neutral_the_stars_are_the_verdict() -> None:
    def label(sentiment: str, friction: bool) -> GoldLabel:
        return GoldLabel("", "random", "other", None, sentiment, friction)

    assert verdict(label("neutral", False), -0.5) == (0, 1)
    assert verdict(label("neutral", True), 1.0) == (2, 1)
    assert verdict(label("neutral", False), 0.0) == (1, 0)
    assert verdict(label("positive", False), -1.0) == (2, 0)


@pytest.mark.parametrize("text", ["Awful, it crashes", "ok", "Great app"])
def test_class_probabilities_are_found_again_in_the_columns(text: str) -> None:
    [row] = load_scorer().score([text]).to_pylist()
    found = classes(row["sentiment_label"], row["sentiment"], row["sentiment_p"])
    assert sum(found) == pytest.approx(1)
    assert found[2] - found[0] == pytest.approx(row["sentiment"], abs=1e-4)
    assert max(found) == pytest.approx(row["sentiment_p"], abs=1e-4)
