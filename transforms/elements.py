"""What travels along the edges of the graph.

| edge                    | element                                                               |
|-------------------------|-----------------------------------------------------------------------|
| into decode             | `MessageBatch`: up to a few hundred messages of one source, as bytes  |
| decode -> normalize     | `DecodedBatch`: the same messages, parsed                             |
| normalize -> suppress   | Arrow record batch, `schemas.arrow.EVENT`                             |
| suppress -> redact      | the same, without what was erased                                     |
| redact -> score         | Arrow record batch, `schemas.arrow.REDACTED`                          |
| score -> partition      | Arrow record batch, `schemas.arrow.SCORED`                            |
| any step -> dead letter | `list[DeadLetter]`                                                    |
| partition -> write      | `(Destination, record batch)`, the record batch in the table's schema |
| write -> commit         | `DataFile`: a written, not yet visible Parquet file                   |
| out of commit           | `Committed`: what one table gained                                    |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Clock = Callable[[], datetime]
"""The time, aware, in UTC: handed to a step, which never looks at a clock itself."""

BatchId = Callable[[], str]
"""Names the batch at work: a graph is built once and serves many."""


@dataclass(frozen=True)
class MessageBatch:
    """Messages of one source, as received, in order.

    `origins[i]` says where `payloads[i]` stood. `header` names the columns when payloads are CSV records, and is
    None when they are JSON objects.
    """

    payloads: Sequence[bytes]
    origins: Sequence[str]
    received_at: datetime
    header: tuple[str, ...] | None = None
    attempts: int = 1

    def __len__(self) -> int:
        return len(self.payloads)


@dataclass(frozen=True)
class DecodedBatch:
    """Messages that parsed: `objects[i]` is what `payloads[i]` says."""

    objects: Sequence[Mapping[str, Any]]
    payloads: Sequence[bytes]
    origins: Sequence[str]
    received_at: datetime
    header: tuple[str, ...] | None = None
    attempts: int = 1

    def __len__(self) -> int:
        return len(self.objects)
