"""Plain sentences fall on the side of friction where a person would put them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from ruamel.yaml import YAML

from models.scorer import load_scorer

_SENTENCES: Final[dict[str, list[str]]] = YAML(typ="safe").load(
    Path(__file__).with_name("problems.yaml").read_text(encoding="utf-8")
)
_LEAST_PROBLEM, _MOST_CALM = 0.6, 0.35


@pytest.mark.parametrize("text", _SENTENCES["problem"])
def test_a_problem_is_friction_however_plainly_told(text: str) -> None:
    [scores] = load_scorer().score([text], languages=["en"]).to_pylist()
    assert scores["friction_p"] >= _LEAST_PROBLEM
    assert scores["sentiment"] < 0


@pytest.mark.parametrize("text", _SENTENCES["calm"])
def test_questions_praise_wishes_and_facts_are_no_friction(text: str) -> None:
    [scores] = load_scorer().score([text], languages=["en"]).to_pylist()
    assert (scores["friction_p"] or 0) <= _MOST_CALM, "spam is calm too: it is unscored"


def test_the_sentences_are_balanced() -> None:
    sides = [len(texts) for texts in _SENTENCES.values()]
    assert min(sides) >= 30
    assert max(sides) - min(sides) <= 2


@pytest.mark.parametrize(
    ("free", "troubled"),
    [
        ("It never crashes", "It crashes"),
        ("There are no problems", "There are problems"),
        ("I had no issues with the update", "I had issues with the update"),
        ("It was fixed quickly", "It was never fixed"),
    ],
)
def test_a_problem_denied_is_less_friction_than_one_told(free: str, troubled: str) -> None:
    scores = load_scorer().score([free, troubled], languages=["en", "en"]).column("friction_p").to_pylist()
    assert scores[0] < _MOST_CALM < 0.5 < scores[1]
