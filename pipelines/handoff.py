"""Handoff: lend a batch's messages to a graph that runs in this process, by reference.

`beam.Create(messages)` would pickle and compress every message into the pipeline (6 s of a 21 s run over 20,000
support questions). Here the graph carries a ticket; the step that holds it takes the messages out of memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import apache_beam as beam

from transforms.elements import MessageBatch


@dataclass
class _Lent:
    batches: Sequence[MessageBatch]
    on_taken: Callable[[MessageBatch], None] = field(default=lambda _: None)


_lent: dict[int, _Lent] = {}
_tickets = itertools.count()


class Loan:
    """Messages on loan while the `with` block runs; `on_taken` is told of each batch the graph is done with."""

    def __init__(self, batches: Sequence[MessageBatch], on_taken: Callable[[MessageBatch], None]) -> None:
        self._loan = _Lent(batches, on_taken)
        self.ticket = next(_tickets)

    def __enter__(self) -> Loan:
        _lent[self.ticket] = self._loan
        return self

    def __exit__(self, *_: object) -> None:
        del _lent[self.ticket]


class _TakeFn(beam.DoFn):
    def process(self, element: int) -> Iterator[MessageBatch]:
        loan = _lent[element]
        for batch in loan.batches:
            yield batch
            # The steps behind this one are fused with it: when the generator goes on, they have had the batch.
            loan.on_taken(batch)


@dataclass
class TakeMessages(beam.PTransform):
    """`-> PCollection[MessageBatch]`: the messages lent under `ticket`, in order."""

    ticket: int

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | "Ticket" >> beam.Create([self.ticket], reshuffle=False)
            | "TakeLent" >> beam.ParDo(_TakeFn()).with_output_types(MessageBatch)
        )
