"""Ratings keep the scale they were asked on and carry a normal form from -1 (worst) to 1 (best)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from schemas.violations import Violation, ViolationKind

_SCALE = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*(?:-|\.\.|to)\s*(-?\d+(?:\.\d+)?)\s*$")


@dataclass(frozen=True)
class RatingScale:
    """The lowest and the highest answer; `worst` above `best` for scales that run downwards (effort)."""

    worst: float
    best: float

    @classmethod
    def parse(cls, text: str) -> RatingScale:
        """Read "1-5", "0..10" or "7-1" (worst to best).

        >>> RatingScale.parse("1-5")
        RatingScale(worst=1.0, best=5.0)
        """
        match = _SCALE.match(text)
        if match is None or float(match[1]) == float(match[2]):
            raise ValueError(f"{text!r} is not a rating scale; write the worst and the best answer, as in 1-5")
        return cls(float(match[1]), float(match[2]))

    def __str__(self) -> str:
        return f"{self.worst:g}-{self.best:g}"

    def normal(self, rating: float) -> float:
        """The rating on -1..1; a `Violation` when it lies outside its scale.

        >>> RatingScale(1, 5).normal(4)
        0.5
        """
        low, high = sorted((self.worst, self.best))
        if not math.isfinite(rating) or not low <= rating <= high:
            raise Violation(
                ViolationKind.INVALID_RATING,
                f"rating {rating:g} lies outside its scale {self}",
                field="rating",
                evidence={"rating": str(rating), "lowest": low, "highest": high},
            )
        return 2 * (rating - self.worst) / (self.best - self.worst) - 1
