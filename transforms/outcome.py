"""Two ways a step can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from schemas.dead_letter import DeadLetter

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What passed, and the messages that did not, each with its typed violation."""

    passed: T
    failed: list[DeadLetter]


class StepOutputs(NamedTuple):
    """What a step's PTransform returns: the two outcomes as PCollections.

    A named tuple, because Beam finds the PCollections of a composite in tuples and not in other classes.
    """

    passed: Any
    """PCollection of the step's output element."""
    failed: Any
    """PCollection of `list[DeadLetter]`, never empty lists."""


FAILED: Final = "failed"
"""Tag of the failed output inside a step."""
