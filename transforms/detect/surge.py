"""Surge: how unusually much is said just now, every five minutes; a note, never an alarm.

What the last half hour and the last two hours brought over what they should have, ln((sum + 12) / (expected + 12)), the
mean of the two; the twelve keep a few posts in a quiet time from being a surge. A series is measured by its own habits:
the log ratio is divided by its usual size. Were it Laplace distributed, each unit would be e times as improbable.

A surge is told at most once a day, and each one told doubles how improbable the next of that series must be; that is
forgotten over four weeks. So a series of many bursts does not drown the others. Nothing is accumulated and no rate of
false ones is promised: on mentions of brands one in two weeks and series, some 500 times what `detector` allows itself
(docs/spikes.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.layout import Flags, Floats, Ints

BINS_AN_HOUR: Final = 12
BINS_A_DAY: Final = 24 * BINS_AN_HOUR

WINDOWS: Final = (6, 24)
"""In bins: a short sum is early, a long one is sure; their mean is steadier than either."""

STEADY: Final = 12.0

MEMORY: Final = float(np.exp(-1 / (28 * BINS_A_DAY)))
"""Of usual sizes and of surges told: what a bin leaves of them, 28 days as for the dispersion in `baseline`."""

USUAL: Final = 0.3
USUAL_BINS: Final = 3 * BINS_A_DAY
"""A new series starts as if its log ratio had been 0.3 in size for three days."""

LEAST_USUAL: Final = 0.1
"""However still a series has been: four posts where there never were any come to 2.9."""

REST_BINS: Final = BINS_A_DAY
TIRE: Final = float(np.log(2))


@dataclass(frozen=True)
class Surge:
    """Of K series the recent counts, newest first, (K, 24), and the decayed sum of the log ratios' sizes, (K,).

    `weight`: of how many bins that sum is, decayed alike; `bins`: how many there were.
    """

    recent: Floats
    sizes: Floats
    weight: float
    bins: int


@dataclass(frozen=True)
class Told:
    """The first bin that may be told of next, and by how much the threshold is raised; of one shape, any."""

    until: Ints
    raised: Floats


def no_surge(series: int, windows: tuple[int, ...] = WINDOWS) -> Surge:
    """Nothing seen yet."""
    return Surge(np.zeros((series, max(windows))), np.zeros(series), 0.0, 0)


def none_told(*shape: int) -> Told:
    """Nothing told yet."""
    return Told(np.zeros(shape, dtype=np.int64), np.zeros(shape))


def watch_bin(
    state: Surge, counts: Floats, hourly: Floats, windows: tuple[int, ...] = WINDOWS, steady: float = STEADY
) -> tuple[Surge, Floats]:
    """One bin of five minutes further, and how unusually much each series holds, (K,): 0 as expected, 1 the usual size.

    `hourly` (K,): what the present hour should hold (`baseline.Expected.mean`). The bin is measured by those before it.
    """
    recent = np.column_stack([counts, state.recent[:, :-1]])
    ratio = np.zeros(len(counts))
    for window in windows:
        expected = hourly * min(state.bins + 1, window) / BINS_AN_HOUR
        ratio += np.log((recent[:, :window].sum(axis=1) + steady) / (expected + steady))
    ratio /= len(windows)
    usual = np.maximum((state.sizes + USUAL_BINS * USUAL) / (state.weight + USUAL_BINS), LEAST_USUAL)
    learnt = Surge(recent, state.sizes * MEMORY + np.abs(ratio), state.weight * MEMORY + 1, state.bins + 1)
    return learnt, np.asarray(ratio / usual)


def tell(
    state: Told, now: int, unusual: Floats, threshold: Floats | float, rest: Ints | int = REST_BINS
) -> tuple[Told, Flags]:
    """Whether a surge is told in the bin `now`, and the state after it; call it for every bin, in order.

    `unusual` as `watch_bin` returns it, `threshold` before it is raised and `rest` in bins are of the state's shape or
    broadcast to it.
    """
    raised = state.raised * MEMORY
    told = (now >= state.until) & (unusual >= threshold + raised)
    return Told(np.where(told, now + rest, state.until), raised + TIRE * told), np.asarray(told)
