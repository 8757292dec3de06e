"""Multiplicity: of all series tested in an hour, those that may be called alarms, so that few of them are false.

Benjamini-Hochberg within the hour, at a level that past hours have earned: LORD (Javanmard and Montanari 2018; Ramdas
et al. 2017) over hours, with a memory that ends, as streams without an end need it (Rebjock et al. 2021,
arXiv:2112.03196). Every alarm earns q, spent in equal parts over the next four weeks; one alarm's worth is lent. So the
false alarms to be expected of any four weeks are q times its alarms.

BatchBH (Zrnic et al. 2020, arXiv:1910.04968) was tried first. With a window as memory it stops for weeks: the levels of
a lively month are still to be paid when the alarms that earned them are forgotten. Without one, a budget earned years
ago is spent on noise.

A series in an episode is not tested, since an incident of thirty hours is one discovery and not thirty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.layout import Flags, Floats, Ints

MEMORY_HOURS: Final = 28 * 24


@dataclass(frozen=True)
class Budget:
    """Alarms of the last hours, a ring of shape (672,), and how many hours there were."""

    alarms: Ints
    hours: int


def whole_budget() -> Budget:
    """No alarm yet."""
    return Budget(np.zeros(MEMORY_HOURS, dtype=np.int64), 0)


def discover(state: Budget, p_values: Floats, q: float) -> tuple[Budget, Flags]:
    """Which of the hour's p-values (n,) are discoveries at false-discovery rate `q`; n may change from hour to hour."""
    alarms = state.alarms.copy()
    column = state.hours % MEMORY_HOURS
    alarms[column] = 0  # what is four weeks old is forgotten
    found = benjamini_hochberg(p_values, q * (1 + int(alarms.sum())) / MEMORY_HOURS)
    alarms[column] = int(found.sum())
    return Budget(alarms, state.hours + 1), found


def benjamini_hochberg(p_values: Floats, level: float) -> Flags:
    """Discoveries of one batch (Benjamini and Hochberg 1995)."""
    tests = len(p_values)
    passed = np.nonzero(np.sort(p_values) <= min(level, 1.0) * np.arange(1, tests + 1) / max(tests, 1))[0]
    if not len(passed):
        return np.zeros(tests, dtype=bool)
    return np.asarray(p_values <= min(level, 1.0) * (passed[-1] + 1) / tests)
