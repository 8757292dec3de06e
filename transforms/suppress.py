"""Suppress: what was erased is not stored again, however often it is delivered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from schemas.dead_letter import DeadLetter
from schemas.identity import dead_letter_id
from transforms.counters import count
from transforms.outcome import StepOutputs
from transforms.suppressions import Suppressions, read_suppressions

STEP: Final = "suppress"


def suppress(batch: pa.RecordBatch, suppressed: Suppressions) -> pa.RecordBatch:
    """Rows of `arrow.EVENT` without those of suppressed authors and events; order is kept."""
    if not suppressed:
        return batch
    return batch.filter(pc.invert(suppressed.matching(batch)))


def suppress_letters(letters: list[DeadLetter], suppressed: Suppressions) -> list[DeadLetter]:
    """Dead letters without those of suppressed authors and events, as far as they could be read, and without those
    that were erased themselves; order is kept."""
    if not suppressed:
        return letters
    return [
        letter
        for letter in letters
        if letter.author_key not in suppressed.authors
        and letter.event_key not in suppressed.events
        and (
            not suppressed.dead_letters
            or dead_letter_id(letter.source, letter.payload) not in suppressed.dead_letters
        )
    ]


class _SuppressFn(beam.DoFn):
    """Drops suppressed elements of either kind; a batch's first element decides what is in force for it."""

    def __init__(self, root: str) -> None:
        self._root = root

    def start_bundle(self) -> None:
        self._suppressed = read_suppressions(self._root)

    def process(self, element: pa.RecordBatch | list[DeadLetter]) -> Iterator[Any]:
        if isinstance(element, list):
            letters = suppress_letters(element, self._suppressed)
            count(STEP, "suppressed", len(element) - len(letters))
            if letters:
                yield letters
        else:
            rows = suppress(element, self._suppressed)
            count(STEP, "suppressed", element.num_rows - rows.num_rows)
            if rows.num_rows:
                yield rows


@dataclass
class Suppress(beam.PTransform):
    """Events and dead letters to those of them that may be stored.

    `StepOutputs` of record batches in `arrow.EVENT` and of `list[DeadLetter]`, in and out. The suppressions below the
    folder `root` are read once a bundle; the commit looks again.
    """

    root: str

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, outcomes: tuple[beam.PCollection, beam.PCollection]) -> StepOutputs:
        passed, failed = outcomes
        return StepOutputs(
            passed | "SuppressRows" >> beam.ParDo(_SuppressFn(self.root)),
            failed | "SuppressLetters" >> beam.ParDo(_SuppressFn(self.root)),
        )
