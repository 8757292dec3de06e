"""Back-off: wait longer after each failure, a little differently each time."""

from __future__ import annotations

import random
from typing import Final

_FIRST_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 30.0


class Backoff:
    """Doubling waits with jitter, from half a second to half a minute."""

    def __init__(self) -> None:
        self._seconds = _FIRST_SECONDS

    def next_seconds(self) -> float:
        """How long to wait after one more failure."""
        seconds = self._seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads listeners, guards nothing
        self._seconds = min(2 * self._seconds, _LONGEST_SECONDS)
        return seconds

    def reset(self) -> None:
        """All is well again."""
        self._seconds = _FIRST_SECONDS
