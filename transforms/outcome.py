"""Two ways a step can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.dead_letter import DeadLetter

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What passed, and the messages that did not, each with its typed violation."""

    passed: T
    failed: list[DeadLetter]
