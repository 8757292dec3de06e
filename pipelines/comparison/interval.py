"""The 95 % interval of the difference of two friction rates of the same people.

Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired data",
Statistics in Medicine 17:2635, method 10: from the Wilson interval of each rate and the correlation of the two, which
is corrected for continuity. Unlike p ± 1.96 · standard error it stays within -1 to 1 and has a width where nobody
changes.

One model may put a person at a touchpoint and the other not. Then the rates have denominators of their own, and the
correlation is that of two means that share some people: Zou and Donner 2008, Statistics in Medicine 27:1693, build the
same interval from any two intervals and a correlation. With the same people on both sides it is Newcombe's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A share of people, `friction` of `people`, with its Wilson interval."""

    people: int
    friction: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.friction / self.people


@dataclass(frozen=True)
class Shared:
    """The people in both rates: how many, how many of them count in the first, in the second, in both."""

    people: int
    first: int
    second: int
    both: int


def difference_interval(first: Rate, second: Rate, shared: Shared) -> tuple[float, float]:
    """Bounds of `second.share - first.share`."""
    correlation = _correlation(first, second, shared)
    difference = second.share - first.share
    below = _distance(second.share - second.low, first.high - first.share, correlation)
    above = _distance(second.high - second.share, first.share - first.low, correlation)
    return max(difference - below, -1.0), min(difference + above, 1.0)


def _distance(one: float, other: float, correlation: float) -> float:
    return math.sqrt(max(one * one - 2 * correlation * one * other + other * other, 0.0))


def _correlation(first: Rate, second: Rate, shared: Shared) -> float:
    """Of the two shares; 0 where one of them is 0 or 1, as Newcombe has it."""
    spread = math.sqrt(_squares(first) * _squares(second))
    if spread == 0:
        return 0.0
    together = (
        shared.both
        - second.share * shared.first
        - first.share * shared.second
        + shared.people * first.share * second.share
    )
    if together > 0:
        together = max(together - 0.5, 0.0)  # Newcombe's correction for continuity
    return together / spread


def _squares(rate: Rate) -> float:
    """Sum of the squared distances from the mean of so many zeros and ones."""
    return rate.people * rate.share * (1 - rate.share)
