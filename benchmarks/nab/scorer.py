"""Scorer: what detections are worth in the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, arXiv:1510.03336).

A window is worth up to 1, the more the earlier its first detection lies in it; a missed window costs `missed`. A
detection outside costs up to `false`, less close behind a window. The first 15 % of a file, at most of 5,000 points, is
for learning and does not count. 100 is a detector that finds every window at its first point and nothing else, 0 one
that never detects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Windows = Sequence[tuple[int, int]]

LEARNING_SHARE: Final = 0.15
LEARNING_POINTS: Final = 5000
FAR_BEHIND: Final = 3.0
"""In window lengths behind one: from here on a detection costs all of `false`."""


@dataclass(frozen=True)
class Profile:
    """What a false detection and a missed window cost; a found one is worth 1."""

    false: float = 0.11
    missed: float = 1.0


PROFILES: Final = {
    "standard": Profile(),
    "low FP": Profile(false=0.22),
    "low FN": Profile(missed=2.0),
}


@dataclass(frozen=True)
class Worth:
    """Of each point of a file, (N,): what a detection there is worth, and its window, -1 for none."""

    worth: Floats
    window: NDArray[np.int64]
    counted: Flags


def scaled_sigmoid(position: Floats) -> Floats:
    """1 far before the end of a window, 0 at its end, -1 far behind; `position` in window lengths from the end."""
    return np.where(position >= FAR_BEHIND, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, FAR_BEHIND))) - 1)


def worth(points: int, windows: Windows, profile: Profile) -> Worth:
    """What a detection at each point of a file is worth."""
    places = np.arange(points)
    position = np.full(points, FAR_BEHIND)
    window = np.full(points, -1, dtype=np.int64)
    for number, (first, last) in enumerate(windows):
        length = last - first + 1
        behind = places > last
        position[behind] = (places[behind] - last) / (length - 1)
        position[first : last + 1] = (places[first : last + 1] - last - 1) / length
        window[first : last + 1] = number
    best = float(scaled_sigmoid(np.array(-1.0)))
    value = np.where(window >= 0, scaled_sigmoid(position) / best, profile.false * scaled_sigmoid(position))
    return Worth(value, window, places >= min(int(LEARNING_SHARE * points), LEARNING_SHARE * LEARNING_POINTS))


def file_score(detected: Flags, of: Worth, windows: int, profile: Profile) -> float:
    """Score of one file, before it is normalised; of a window's detections the earliest counts."""
    counted = detected & of.counted
    score = float(of.worth[counted & (of.window < 0)].sum())
    for number in range(windows):
        inside = of.worth[counted & (of.window == number)]
        score += float(inside.max()) if len(inside) else -profile.missed
    return score


def normalised(score: float, windows: int, profile: Profile) -> float:
    """0 for no detection at all, 100 for perfection."""
    return 100 * (score + profile.missed * windows) / ((1 + profile.missed) * windows)


def expected_at_random(of: Worth, windows: int, chance: float, profile: Profile) -> float:
    """Score to be expected of the benchmark's random detector: each point detected with that chance, independently."""
    score = chance * float(of.worth[of.counted & (of.window < 0)].sum())
    for number in range(windows):
        inside = of.worth[of.counted & (of.window == number)]
        first = chance * (1 - chance) ** np.arange(len(inside))
        score += float((first * inside).sum()) - profile.missed * (1 - chance) ** len(inside)
    return score
