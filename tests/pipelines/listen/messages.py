"""Messages and sources for the listener's tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from pipelines.listen.source import Received, SourceUnavailableError

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def received(number: int, text: str = "the kettle leaks", published_at: datetime | None = None) -> Received:
    """A message of the native contract."""
    return Received(payload(number, text), f"message {number}", str(number), published_at)


def payload(number: int, text: str = "the kettle leaks") -> bytes:
    return json.dumps({"id": f"{number}", "occurred_at": "2024-05-01T12:00:00Z", "text": text}).encode()


class ScriptedSource:
    """A source that hands out `waves`, one a call, and keeps what it is told."""

    name = "a script"

    def __init__(self, *waves: Sequence[Received] | SourceUnavailableError) -> None:
        self.waves = list(waves)
        self.acknowledged: list[Received] = []
        self.released: list[Received] = []
        self.refusals = 0

    def check(self) -> None: ...

    def receive(self, max_messages: int, max_bytes: int, wait_seconds: float) -> Sequence[Received]:
        if not self.waves:
            return []
        wave = self.waves.pop(0)
        if isinstance(wave, SourceUnavailableError):
            raise wave
        return wave

    def acknowledge(self, messages: Sequence[Received]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise SourceUnavailableError("not now")
        self.acknowledged += messages

    def release(self, messages: Sequence[Received]) -> None:
        self.released += messages

    def close(self) -> None: ...
