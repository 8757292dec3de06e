"""Counters of a step: namespace = step, name = past outcome."""

from __future__ import annotations

from collections import Counter

from apache_beam.metrics import Metrics

from schemas.dead_letter import DeadLetter


def count(step: str, outcome: str, number: int) -> None:
    """Add to one counter, unless there is nothing to add."""
    if number:
        Metrics.counter(step, outcome).inc(number)


def count_dead(step: str, letters: list[DeadLetter]) -> None:
    """Add dead letters to the counter of their violation, and their payload to `dead_bytes`."""
    for kind, number in Counter(letter.violation.kind.value for letter in letters).items():
        count(step, kind, number)
    count(step, "dead_bytes", sum(len(letter.payload) for letter in letters))
