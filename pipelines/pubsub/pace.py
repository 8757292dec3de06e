"""Pace: when the next message is due, by a rate or by the times at which the events happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Pace(Protocol):
    """Called once for each message, in order."""

    def due_seconds(self, message: bytes) -> float:
        """Seconds after the start at which `message` is due; 0 for at once."""


class Unpaced:
    """As fast as the server takes them."""

    def due_seconds(self, message: bytes) -> float:
        return 0.0


class Rate:
    """So many messages a second."""

    def __init__(self, messages_per_second: float) -> None:
        self._seconds_each = 1 / messages_per_second
        self._number = 0

    def due_seconds(self, message: bytes) -> float:
        self._number += 1
        return (self._number - 1) * self._seconds_each


class EventTime:
    """As far apart as the events were, `speedup` times as fast; what has no time, or an earlier one, is due at once."""

    def __init__(self, occurred_at: Callable[[bytes], datetime | None], speedup: float) -> None:
        self._occurred_at = occurred_at
        self._speedup = speedup
        self._first: datetime | None = None

    def due_seconds(self, message: bytes) -> float:
        instant = self._occurred_at(message)
        if instant is None:
            return 0.0
        if self._first is None:
            self._first = instant
        return (instant - self._first).total_seconds() / self._speedup
