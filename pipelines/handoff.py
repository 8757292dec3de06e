"""Handoff: lend a batch's messages to a graph that runs in this process, by reference.

`beam.Create(messages)` would pickle and compress every message into the pipeline (6 s of a 21 s run over 20,000
support questions). Here the graph carries the number of a desk; the step that holds it takes whatever lies on the
desk, so that one graph, built once, serves every batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import apache_beam as beam

from transforms.elements import MessageBatch

OnTaken = Callable[[MessageBatch], None]


@dataclass(frozen=True)
class _Loan:
    batch_id: str
    batches: Sequence[MessageBatch]
    on_taken: OnTaken


_desks: dict[int, _Loan] = {}
_numbers = itertools.count()


@dataclass(frozen=True)
class Desk:
    """Where a host lays one batch at a time for its graph."""

    number: int = field(default_factory=lambda: next(_numbers))

    @contextmanager
    def lend(self, batch_id: str, batches: Sequence[MessageBatch], on_taken: OnTaken) -> Iterator[None]:
        """Lend `batches` while the block runs; `on_taken` is told of each one the graph is done with."""
        _desks[self.number] = _Loan(batch_id, batches, on_taken)
        try:
            yield
        finally:
            del _desks[self.number]

    @property
    def batch_id(self) -> Callable[[], str]:
        """A function that says which batch lies on the desk; it can be pickled."""
        return partial(_batch_id, self.number)


def _batch_id(number: int) -> str:
    return _desks[number].batch_id


class _TakeFn(beam.DoFn):
    def process(self, element: int) -> Iterator[MessageBatch]:
        loan = _desks[element]
        for batch in loan.batches:
            yield batch
            # The steps behind this one are fused with it: when the generator goes on, they have had the batch.
            loan.on_taken(batch)


@dataclass
class TakeMessages(beam.PTransform):
    """`-> PCollection[MessageBatch]`: the messages on a desk, in order."""

    desk: Desk

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | "Desk" >> beam.Create([self.desk.number], reshuffle=False)
            | "TakeLent" >> beam.ParDo(_TakeFn()).with_output_types(MessageBatch)
        )
