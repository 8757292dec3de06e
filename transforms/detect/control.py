"""Control: how busy each product is just now, from feedback that holds no friction.

A launch, a campaign or a holiday moves all feedback of a product; friction that moves with the rest is no spike.
Without it launches are the false alarms of every rule (docs/spikes.md). How busy a product is says little where it is
far from usual, since friction and the rest do not follow it alike: then what is expected is doubted as well. A launch
that is known beforehand is followed sooner and doubted from its first hour on; it mutes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.baseline import Baseline, empty_baseline, expect, learn
from transforms.detect.launches import LAUNCH_HOURS
from transforms.detect.layout import Floats

WINDOW_HOURS: Final = 6
PRIOR_COUNT: Final = 25.0
"""Items at which what is seen just now weighs as much as the ordinary."""

LAUNCH_PRIOR_COUNT: Final = 8.0
"""The same after a known launch, when nothing is ordinary."""

DOUBT: Final = 1.0
"""Squared relative error of what is expected, a squared unit of the log factor; 0.3 to 3 differ little."""

LAUNCH_DOUBT: Final = 0.3
"""The same of a known launch, for three days."""

FACTOR_RANGE: Final = (0.7, 5.0)
WARM_UP_HOURS: Final = 48


@dataclass(frozen=True)
class Control:
    """Baseline of P products, and the last hours, (P, 6), seen and expected."""

    baseline: Baseline
    seen: Floats
    expected: Floats
    age: Floats
    """Hours since each product's first item."""
    hours: int


def empty_control(products: int) -> Control:
    """Nothing seen yet."""
    recent = np.zeros((products, WINDOW_HOURS))
    return Control(empty_baseline(products), recent, recent, np.zeros(products), 0)


def adjust(
    state: Control, hour_of_day: int, weekday: int, counts: Floats, since_launch: Floats | None = None
) -> tuple[Control, Floats, Floats]:
    """The factor (P,) by which each product is busier than usual in the last 6 hours, this one included, and its doubt.

    `counts` (P,): authors with an item and no friction. `since_launch` (P,): hours since a launch that is known, which
    end the 6 hours sooner. The factor is 1 in the first two days of a product. The doubt (P,) is the squared relative
    error that the factor brings into what is expected.
    """
    since = np.full(len(counts), np.inf) if since_launch is None else since_launch
    launched = since < LAUNCH_HOURS
    alone = np.arange(len(counts))
    usual = expect(
        state.baseline, np.zeros(len(counts), dtype=np.int64), hour_of_day, weekday, np.ones(len(counts))
    )
    column = state.hours % WINDOW_HOURS
    seen, expected = state.seen.copy(), state.expected.copy()
    seen[alone, column], expected[alone, column] = counts, usual.mean
    hours_ago = (column - np.arange(WINDOW_HOURS)) % WINDOW_HOURS
    lately = hours_ago <= since[:, None]
    prior = np.where(launched, LAUNCH_PRIOR_COUNT, PRIOR_COUNT)
    busy = ((seen * lately).sum(axis=1) + prior) / ((expected * lately).sum(axis=1) + prior)
    factor = np.clip(busy, *FACTOR_RANGE)
    age = np.where((state.age > 0) | (counts > 0), state.age + 1, 0.0)
    factor = np.where(age > WARM_UP_HOURS, factor, 1.0)
    baseline = learn(state.baseline, usual, hour_of_day, weekday, counts, np.where(age > 0, 1.0, 0.0))
    doubt = DOUBT * np.log(factor) ** 2 + np.where(launched, LAUNCH_DOUBT, 0.0)
    return Control(baseline, seen, expected, age, state.hours + 1), factor, doubt
