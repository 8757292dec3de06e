"""What is drawn to be labelled is unsure, varied and the same for a seed."""

from __future__ import annotations

import numpy as np

from models.sampling import uncertain

TEXTS = [f"{subject} is {state} on day {day}" for subject in ("the bill", "the app") for state in ("wrong", "late")
         for day in range(50)]  # fmt: skip


def test_what_the_model_is_sure_of_is_not_drawn() -> None:
    p = np.where(np.arange(len(TEXTS)) % 2, 0.99, 0.3)
    drawn = uncertain(TEXTS, p, 5, seed=1)
    assert len(set(drawn)) == 5
    assert all(number % 2 == 0 for number in drawn)
    assert drawn == uncertain(TEXTS, p, 5, seed=1)
    assert drawn != uncertain(TEXTS, p, 5, seed=2)


def test_the_same_words_are_drawn_once() -> None:
    texts = ["It broke."] * 30 + ["it BROKE", "Where is my bill?", "No reply"]
    drawn = [texts[number] for number in uncertain(texts, np.full(len(texts), 0.5), 10, seed=1)]
    assert sorted(drawn) == ["It broke.", "No reply", "Where is my bill?"]


def test_few_of_a_kind_are_not_drowned_by_many() -> None:
    texts = [f"my bag is lost number {n}" for n in range(90)] + [f"the crew shouted {n}" for n in range(5)]
    drawn = [uncertain(texts, np.full(len(texts), 0.5), 10, seed=seed) for seed in range(20)]
    assert np.mean([any(number >= 90 for number in numbers) for numbers in drawn]) > 0.9


def test_nothing_to_draw_from() -> None:
    assert uncertain([], np.empty(0), 5, seed=1) == []
    assert uncertain(["a", "b"], np.array([0.1, 0.2]), 5, seed=1) == [0, 1]
    assert len(uncertain(["", "!", "?!"], np.array([0.1, 0.2, 0.3]), 2, seed=1)) == 1
