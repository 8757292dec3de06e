"""The recipe: a spaCy config of what weighs how much, beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from spacy.util import load_config

RECIPE: Final = Path(__file__).with_name("recipe.cfg")


@dataclass(frozen=True)
class Features:
    """How texts become features."""

    buckets: int
    least_documents: int


@dataclass(frozen=True)
class Sentiment:
    """How the sentiment head is fitted; `share` is the weight of a row by set, 1 for sets not named."""

    c: float
    most_steps: int
    tolerance: float
    intent_share: float
    calibration_sets: tuple[str, ...]
    share: Mapping[str, float]


@dataclass(frozen=True)
class Friction:
    """How the friction head is fitted; of `plain_sets` and of wishes one row in `every` is taken."""

    c: float
    seed: int
    sets: tuple[str, ...]
    plain_sets: tuple[str, ...]
    every: int


@dataclass(frozen=True)
class Touchpoints:
    """How the touchpoint head is fitted."""

    c: float
    seed: int
    sharpness: float


@dataclass(frozen=True)
class Recipe:
    """Everything in recipe.cfg."""

    features: Features
    sentiment: Sentiment
    friction: Friction
    touchpoints: Touchpoints


@cache
def recipe() -> Recipe:
    """The recipe as it stands in the file."""
    config = load_config(RECIPE)

    def section(name: str) -> dict[str, Any]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in config[name].items()}

    return Recipe(
        Features(**section("features")),
        Sentiment(**section("sentiment")),
        Friction(**section("friction")),
        Touchpoints(**section("touchpoints")),
    )
