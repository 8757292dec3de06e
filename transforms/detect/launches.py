"""Launches: what is known beforehand of when a product was, or will be, brought to more people."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from transforms.detect.layout import Floats

LAUNCH_HOURS: Final = 72.0
"""How long a launch is reckoned with."""

Calendar = Mapping[str, Sequence[int]]
"""Of each product, the hours of its launches since the epoch, in order."""


def since_launch(calendar: Calendar, products: Sequence[str], hour: int) -> Floats:
    """Hours since the last launch of each product, (P,), the hour of the launch is 0; infinite where there was none."""
    since = np.full(len(products), np.inf)
    for at, product in enumerate(products):
        launches = calendar.get(product, ())
        past = bisect_right(launches, hour)
        if past:
            since[at] = hour - launches[past - 1]
    return since
