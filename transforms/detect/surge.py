"""Surge: how many times as much as usual is said just now, every five minutes; a note, never an alarm.

The logarithm of what the last half hour brought over what it should have: ln((sum + 4) / (expected + 4)). The four keep
a few posts in a quiet half hour from being a surge. Nothing is accumulated and nothing calibrated, so this lane is
early and loud: on mentions of brands about one false surge a series and week, a thousand times what `detector` allows
itself (docs/spikes.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.layout import Flags, Floats, Ints

BINS: Final = 6
BINS_AN_HOUR: Final = 12
STEADY: Final = 4.0

CALM_BINS: Final = 12
"""A surge is over after an hour below the threshold."""

REST_BINS: Final = 360
"""For thirty hours after one nothing new is told."""


@dataclass(frozen=True)
class Surge:
    """Counts of the last six five-minute bins, a ring of shape (K, 6), and how many bins there were."""

    recent: Floats
    bins: int


def no_surge(series: int) -> Surge:
    """Nothing seen yet."""
    return Surge(np.zeros((series, BINS)), 0)


def watch_bin(state: Surge, counts: Floats, hourly: Floats) -> tuple[Surge, Floats]:
    """One bin of five minutes further, and the log ratio of each series, (K,).

    `hourly` (K,): what the present hour should hold (`baseline.Expected.mean`).
    """
    recent = state.recent.copy()
    recent[:, state.bins % BINS] = counts
    expected = hourly * min(state.bins + 1, BINS) / BINS_AN_HOUR
    ratio = np.log((recent.sum(axis=1) + STEADY) / (expected + STEADY))
    return Surge(recent, state.bins + 1), np.asarray(ratio)


def tell(until: Ints, now: int, high: Flags, rest: Ints | int = REST_BINS) -> tuple[Ints, Flags]:
    """Whether a surge begins in the bin `now`, (K,), and the bin until which the next one is not told, (K,).

    `high`: series at or above the threshold. `until`: as returned for the bin before, -1 at first. A surge goes on as
    long as it is never an hour below the threshold, and is told once.
    """
    begins = high & (now > until)
    goes_on = high & (now + rest <= until)
    return np.where(begins | goes_on, now + CALM_BINS + rest, until), np.asarray(begins)
