"""Pull size: how many messages to ask for, so that memory is bounded by bytes though a pull counts messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

PULL_BYTES: Final = 8 << 20
"""What one pull should bring, as far as the sizes seen so far foretell it."""

_MOST_MESSAGES: Final = 1_000
_UNKNOWN_SIZE_BYTES: Final = 1 << 20
_WEIGHT_OF_THE_LAST_PULL: Final = 0.2


class PullSize:
    """Starts with few messages; grows with the evidence that they are small, and shrinks at once when they are not."""

    def __init__(self) -> None:
        self._expected_bytes = float(_UNKNOWN_SIZE_BYTES)
        self._seen = False

    def messages(self, room_messages: int, room_bytes: int) -> int:
        """How many to ask for where there is room for so many messages and bytes; at least one."""
        affordable = int(min(room_bytes, PULL_BYTES) / self._expected_bytes)
        return max(1, min(affordable, room_messages, _MOST_MESSAGES))

    @property
    def expected_bytes(self) -> int:
        """Of one message."""
        return int(self._expected_bytes)

    def pulled(self, sizes_bytes: Sequence[int]) -> None:
        """Learn from what a pull brought."""
        mean = max(sum(sizes_bytes) / len(sizes_bytes), 1.0)
        if mean >= self._expected_bytes or not self._seen:
            self._expected_bytes = mean
        else:
            self._expected_bytes += _WEIGHT_OF_THE_LAST_PULL * (mean - self._expected_bytes)
        self._seen = True

    def too_much(self) -> None:
        """A response was larger than a connection takes: ask for one message, and learn anew."""
        self._expected_bytes = float(PULL_BYTES)
        self._seen = False
