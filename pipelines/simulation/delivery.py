"""Delivery: remarks become messages of their sources; some arrive twice, some arrive broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Final

from pipelines.simulation.remarks import Crowd, Remark
from pipelines.simulation.scenario import Source
from pipelines.simulation.source_file import SourceFile

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"

_REDELIVERED_WITHIN_HOURS: Final = 30


@dataclass(frozen=True)
class Message:
    """One line of a file. `sent_at` orders the file; `fate` is what a replay must make of it: `accepted`,
    `duplicate`, or the violation it dies of."""

    sent_at: datetime
    line: bytes
    fate: str


@dataclass(frozen=True)
class Delivery:
    """Messages by source, and how many were spoilt in each way."""

    files: Sequence[SourceFile]
    messages: Mapping[Source, list[Message]] = field(default_factory=lambda: {source: [] for source in Source})
    spoilt: Counter[str] = field(default_factory=Counter)

    def deliver(self, remarks: Iterable[Remark]) -> None:
        """Each remark once, when it was written or revised."""
        record = {file.source: file.record for file in self.files}
        for remark in remarks:
            line = record[remark.source](remark)
            self.messages[remark.source].append(Message(remark.revised_at, line, ACCEPTED))

    def redeliver(self, rng: Random, amount: int) -> None:
        """Some of what was delivered again, byte for byte, hours later."""
        everything = [(source, message) for source in Source for message in self.messages[source]]
        for source, original in rng.sample(everything, amount):
            again_at = original.sent_at + timedelta(hours=rng.uniform(0, _REDELIVERED_WITHIN_HOURS))
            self.messages[source].append(Message(again_at, original.line, DUPLICATE))

    def spoil(self, crowd: Crowd, amount: int) -> None:
        """Remarks nobody else made, broken on the way, every kind of poison in turn."""
        for file, name in islice(cycle(self.poisons), amount):
            (remark,) = crowd.everyday(1, file.source)
            poison = file.poisons[name]
            self.messages[file.source].append(
                Message(remark.said_at, poison.spoil(remark), poison.violation.value)
            )
            self.spoilt[name] += 1

    @property
    def poisons(self) -> list[tuple[SourceFile, str]]:
        """Every way to spoil a record of every file."""
        return [(file, name) for file in self.files for name in file.poisons]

    def lines(self, source: Source) -> list[bytes]:
        """The lines of one file, in the order of their sending."""
        ordered = sorted(self.messages[source], key=lambda message: (message.sent_at, message.line))
        return [message.line for message in ordered]
