"""Lane: the surge lane over the benchmark's files, and the windowed Gaussian detector beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab.corpus import Series
from transforms.detect.baseline import empty_baseline, expect, learn
from transforms.detect.surge import BINS_AN_HOUR, no_surge, tell, watch_bin

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

POINT_MINUTES: Final = 5


def ratios(files: Sequence[Series]) -> list[Floats]:
    """Log ratio at every point of each file; files that begin together are watched together."""
    points = max(len(file.values) for file in files)
    counts = np.zeros((len(files), points))
    for row, file in enumerate(files):
        counts[row, : len(file.values)] = file.values
    start = files[0].start
    if any(file.start != start for file in files):
        raise ValueError("the files do not begin together; give those of one kind that do")
    alone, one = np.arange(len(files)), np.ones(len(files))
    state, lane = empty_baseline(len(files)), no_surge(len(files))
    said = np.zeros(counts.shape)
    hour, seen, bins = start.hour, np.zeros(len(files)), 0
    expected = expect(state, alone, hour, 0, one)
    for point in range(points):
        now = (start.hour * 60 + start.minute + POINT_MINUTES * point) // 60 % 24
        if now != hour:
            state = learn(state, expected, hour, 0, seen * BINS_AN_HOUR / bins, one)
            hour, seen, bins = now, np.zeros(len(files)), 0
            expected = expect(state, alone, hour, 0, one)
        seen, bins = seen + counts[:, point], bins + 1
        lane, said[:, point] = watch_bin(lane, counts[:, point], expected.mean)
    return [said[row, : len(file.values)] for row, file in enumerate(files)]


def told(ratio: Sequence[Floats], thresholds: Floats, rest: NDArray[np.int64]) -> list[Flags]:
    """Of each file, (thresholds x rests, N): where a surge begins; thresholds change slowest."""
    said = []
    for of_file in ratio:
        until = np.full((len(thresholds), len(rest)), -1, dtype=np.int64)
        begins = np.zeros((len(thresholds), len(rest), len(of_file)), dtype=bool)
        for point, value in enumerate(of_file):
            high = np.broadcast_to((value >= thresholds)[:, None], until.shape)
            if high.any():
                until, begins[:, :, point] = tell(until, point, high, rest)
        said.append(begins.reshape(-1, len(of_file)))
    return said
