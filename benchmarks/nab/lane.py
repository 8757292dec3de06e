"""Lane: the surge lane over the benchmark's files, all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab.corpus import Series
from transforms.detect.baseline import empty_baseline, expect, learn
from transforms.detect.surge import BINS_AN_HOUR, STEADY, WINDOWS, no_surge, none_told, tell, watch_bin

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

POINT_MINUTES: Final = 5


def counts(files: Sequence[Series]) -> Floats:
    """(files, points); nothing where a file has ended. Raises `ValueError` where they do not begin together."""
    if any(file.start != files[0].start for file in files):
        raise ValueError("the files do not begin together; give those of one kind that do")
    held = np.zeros((len(files), max(len(file.values) for file in files)))
    for row, file in enumerate(files):
        held[row, : len(file.values)] = file.values
    return held


def hourly(files: Sequence[Series]) -> Floats:
    """(files, points): what the hour of each point should hold, as known before that hour."""
    held, start = counts(files), files[0].start
    alone, one = np.arange(len(files)), np.ones(len(files))
    state, means = empty_baseline(len(files)), np.zeros(held.shape)
    hour, seen, bins = start.hour, np.zeros(len(files)), 0
    expected = expect(state, alone, hour, 0, one)
    for point in range(held.shape[1]):
        now = (start.hour * 60 + start.minute + POINT_MINUTES * point) // 60 % 24
        if now != hour:
            state = learn(state, expected, hour, 0, seen * BINS_AN_HOUR / bins, one)
            hour, seen, bins = now, np.zeros(len(files)), 0
            expected = expect(state, alone, hour, 0, one)
        seen, bins = seen + held[:, point], bins + 1
        means[:, point] = expected.mean
    return means


def unusual(held: Floats, means: Floats, windows: tuple[int, ...] = WINDOWS, steady: float = STEADY) -> Floats:
    """(files, points): how unusually much there is; `held` and `means` as `counts` and `hourly` return them."""
    lane, said = no_surge(len(held), windows), np.zeros(held.shape)
    for point in range(held.shape[1]):
        lane, said[:, point] = watch_bin(lane, held[:, point], means[:, point], windows, steady)
    return said


def told(said: Floats, thresholds: Floats, rests: NDArray[np.int64]) -> Flags:
    """(files, thresholds x rests, points): where a surge is told; thresholds change slowest."""
    state = none_told(len(said), len(thresholds), len(rests))
    begins = np.zeros((said.shape[1], *state.until.shape), dtype=bool)
    for point in range(said.shape[1]):
        state, begins[point] = tell(state, point, said[:, point, None, None], thresholds[:, None], rests)
    return np.moveaxis(begins.reshape(said.shape[1], len(said), -1), 0, -1)
