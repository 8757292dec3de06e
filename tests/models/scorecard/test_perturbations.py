from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scorecard.perturbations import PERTURBATIONS, emoji_removed, keyboard_typos, stretched_words

LONG = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 20


@pytest.mark.parametrize("name", PERTURBATIONS)
@given(text=st.text(max_size=80), seed=st.integers(0, 9))
def test_the_same_seed_writes_the_same(name: str, text: str, seed: int) -> None:
    again = [PERTURBATIONS[name](text, random.Random(seed)) for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize(
    ("name", "least", "most"), [("keyboard typos", 0.02, 0.09), ("dropped letters", 0.02, 0.09)]
)
def test_about_one_letter_in_twenty_suffers(name: str, least: float, most: float) -> None:
    written = PERTURBATIONS[name](LONG, random.Random(1))
    letters = sum(letter.isalpha() for letter in LONG)
    wrong = (
        len(LONG) - len(written)
        if name == "dropped letters"
        else sum(one != other for one, other in zip(LONG, written, strict=True))
    )
    assert least < wrong / letters < most


def test_what_is_no_letter_is_never_mistyped() -> None:
    assert keyboard_typos("12:45 — ?! 😀 žš", random.Random(1)) == "12:45 — ?! 😀 žš"


def test_emoji_go_and_words_stay() -> None:
    chance = random.Random(1)
    assert emoji_removed("love it 😍👍🏽 so much ❤️", chance) == "love it  so much"
    assert emoji_removed("😍", chance) == "😍"


def test_words_are_drawn_out_at_their_last_vowel() -> None:
    chance = random.Random(3)
    written = stretched_words("really " * 50, chance)
    assert set(written.split()) == {"really", "reaaally"}
