"""Steady: whether the clock on the wall was set while it was looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

LEAST_JUMP: Final = 60.0
"""Seconds: less is a clock that is kept right by small steps."""


def since_boot() -> float:
    """Seconds of a clock that nobody sets, and that runs while the machine sleeps, where the system has one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class ClockJumps:
    """Compares the clock on the wall with one that nobody sets, from look to look."""

    def __init__(self, wall: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        self._wall, self._seconds = wall, seconds
        self._before = wall().timestamp(), seconds()

    def since_last(self) -> float:
        """By how many seconds the clock has moved by itself since the last time it was asked: forward above 0, back
        below, 0 for less than a minute."""
        now = self._wall().timestamp(), self._seconds()
        jump = (now[0] - self._before[0]) - (now[1] - self._before[1])
        self._before = now
        return jump if abs(jump) >= LEAST_JUMP else 0.0
