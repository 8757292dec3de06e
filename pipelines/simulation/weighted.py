"""Weighted: a loaded die."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Face = TypeVar("Face")


class Weighted(Generic[Face]):
    """A die whose faces come up in proportion to their weights."""

    def __init__(self, weights: Mapping[Face, float]) -> None:
        self._faces = tuple(weights)
        self._bounds = tuple(accumulate(weights.values()))

    def throw(self, rng: Random) -> Face:
        """One face."""
        return self._faces[bisect(self._bounds, rng.random() * self._bounds[-1])]
