"""Assign: the theme of a mention, from its words, product and day and the ledger alone.

Among the themes whose terms weigh enough in it the oldest generation wins, within a generation the heaviest. So themes
that are added later, which are younger, never take a mention away from an older one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.themes.ledger import Theme
from pipelines.themes.spawn import THRESHOLD
from pipelines.themes.terms import TERMS_VERSION, Bags, Ids


@dataclass(frozen=True)
class Assigned:
    """For each mention the place of its theme among those given, -1 for none, and what the theme weighs in it."""

    places: Ids
    weights: NDArray[np.float64]

    @property
    def taken(self) -> NDArray[np.bool_]:
        return self.places >= 0


def assign(bags: Bags, days: NDArray[np.datetime64], themes: Iterable[Theme]) -> Assigned:
    """The themes of mentions of one product, of these days; `themes` are the product's, in any order."""
    numbered = sorted(enumerate(themes), key=lambda item: (item[1].generation, item[1].theme_id))
    places = np.full(len(bags), -1, np.int64)
    weights = np.zeros(len(bags))
    generation = np.full(len(bags), np.iinfo(np.int64).max)
    for place, theme in numbered:
        if theme.terms_version != TERMS_VERSION:
            continue
        weighed = bags.weigh(theme.weights)
        wins = (weighed >= THRESHOLD) & (days >= np.datetime64(theme.reaches_from, "D"))
        wins &= (places < 0) | ((generation == theme.generation) & (weighed > weights))
        places[wins], weights[wins], generation[wins] = place, weighed[wins], theme.generation
    return Assigned(places, weights)
