"""Attribution: the fewest values of a dimension that explain a rise.

Adtributor (Bhagwan et al., NSDI 2014) for counts: of each value its explanatory power, the share of the excess that it
brings, and its surprise, the Jensen-Shannon divergence between its share of what was expected and of what came. The
most surprising values that bring a tenth of the excess each are taken until they bring two thirds of it together; fewer
values are better, and the dimension that surprises most comes first. A value that merely is large explains much and
surprises nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import Final

TOGETHER: Final = 0.67
ALONE: Final = 0.1
LEAST_SURPRISE: Final = 0.005
"""In nats, of a dimension's values together: below it the dimension looks as it always does."""

MOST_VALUES: Final = 3


@dataclass(frozen=True)
class Share:
    """One value: what came and what was expected of it, `explains` its share of the whole excess, `surprise` in nats.

    `share` and `baseline_share` are its shares of all that came and of all that was expected, 0 to 1.
    """

    value: str
    observed: float
    expected: float
    share: float
    baseline_share: float
    surprise: float
    explains: float


@dataclass(frozen=True)
class Cause:
    """The fewest values of a dimension that explain the most, and how much they do."""

    dimension: str
    values: tuple[str, ...]
    explains: float
    surprise: float


def shares(
    during: Mapping[str, float], before: Mapping[str, float], observed: float, expected: float
) -> tuple[Share, ...]:
    """Every value, the most frequent first: `during` and `before` are counts of any unit, of the rise and of before.

    They divide `observed` and `expected` in proportion. Where nothing was said before, all values were equally to be
    expected.
    """
    values = sorted(during.keys() | before.keys())
    came, came_before = sum(during.values()), sum(before.values())
    found = []
    for value in values:
        share = during.get(value, 0.0) / came if came else 0.0
        usual = before.get(value, 0.0) / came_before if came_before else 1 / len(values)
        excess = observed - expected
        explains = (share * observed - usual * expected) / excess if excess else 0.0
        found.append(
            Share(value, share * observed, usual * expected, share, usual, _divergence(share, usual), explains)
        )
    return tuple(sorted(found, key=lambda one: (-one.observed, one.value)))


def causes(dimensions: Mapping[str, Iterable[Share]]) -> tuple[Cause, ...]:
    """What explains the rise, the most surprising dimension first; none where nothing stands out."""
    found = []
    for dimension, values in dimensions.items():
        chosen: list[Share] = []
        for one in sorted(values, key=lambda one: (-one.surprise, one.value)):
            if one.explains >= ALONE and len(chosen) < MOST_VALUES:
                chosen.append(one)
            if sum(each.explains for each in chosen) >= TOGETHER:
                break
        surprise = sum(one.surprise for one in chosen)
        explains = sum(one.explains for one in chosen)
        if explains >= TOGETHER and surprise >= LEAST_SURPRISE:
            found.append(Cause(dimension, tuple(one.value for one in chosen), explains, surprise))
    return tuple(sorted(found, key=lambda cause: (-cause.surprise, len(cause.values), cause.dimension)))


def _divergence(share: float, usual: float) -> float:
    """One value's part of the Jensen-Shannon divergence, in nats."""
    middle = (share + usual) / 2
    return 0.5 * sum(part * log(part / middle) for part in (share, usual) if part > 0)
