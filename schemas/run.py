"""A run record: what became of one batch of messages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from schemas import arrow


@dataclass(frozen=True)
class Counts:
    """Messages of a batch by what became of them.

    `duplicate` counts messages that an earlier delivery, or an earlier message of the same batch, had brought
    already, accepted or refused.
    """

    messages: int = 0
    message_bytes: int = 0
    accepted: int = 0
    duplicate: int = 0
    dead: int = 0
    suppressed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(mine + theirs for mine, theirs in zip(self._values(), other._values(), strict=True)))

    def _values(self) -> tuple[int, ...]:
        return (self.messages, self.message_bytes, self.accepted, self.duplicate, self.dead, self.suppressed)

    @property
    def conserved(self) -> bool:
        """The conservation law: every message is accounted for, once."""
        return self.messages == self.accepted + self.duplicate + self.dead + self.suppressed


@dataclass(frozen=True)
class Run:
    """One row of `runs`."""

    batch_id: str
    command: str
    source: str
    started_at: datetime
    finished_at: datetime
    counts: Counts
    model_version: str | None
    tribometer_version: str
    conflicts: int = 0

    def row(self) -> pa.Table:
        """The run as a table of one row in `arrow.RUNS`."""
        values = {
            **{name: value for name, value in self.__dict__.items() if name != "counts"},
            **asdict(self.counts),
            "duration_seconds": (self.finished_at - self.started_at).total_seconds(),
        }
        return pa.Table.from_pylist([values], schema=arrow.RUNS)
