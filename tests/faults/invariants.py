"""The invariants, as functions of what was published and of what can be read. Nothing here knows how it came about.

Continuously, of one snapshot after another: no identity twice; of a batch all rows or none; no fewer rows than
before, except by an erasure. At the end: every message in exactly one place, its bytes there too; what is neither
stored nor still with the queue was acknowledged too early.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.faults.poison import ACCEPTED, DEAD
from tests.faults.traffic import Message

SUPPRESSED: Final = "suppressed"
"""Fate of a message whose author is erased: stored nowhere."""


@dataclass
class SnapshotCheck:
    """Told of one snapshot after another by one reader; counts what no snapshot may show."""

    erasing: bool = False
    """Rows may go, because authors are being erased."""
    snapshots: int = 0
    duplicated: int = 0
    partial: int = 0
    backwards: int = 0
    erased: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def see(self, rows_of_batch: Mapping[str, int], identities: int) -> None:
        """One snapshot: how many rows it shows of each batch, and how many distinct identities in all."""
        self.snapshots += 1
        self.duplicated += sum(rows_of_batch.values()) - identities
        for batch, before in self._last.items():
            now = rows_of_batch.get(batch, 0)
            if now > before:  # some of its rows were there when others were not
                self.partial += now - before
            elif now < before and self.erasing:
                self.erased += before - now
            elif now < before:
                self.backwards += before - now
        self._last = {**dict.fromkeys(self._last, 0), **rows_of_batch}

    def end(self, rows_of_batch: Mapping[str, int]) -> None:
        """What is really there, when all is done: a batch seen with other counts was seen in part."""
        self.see(rows_of_batch, sum(rows_of_batch.values()))
        self.snapshots -= 1


class Ledger:
    """What was published, and what must become of each payload."""

    def __init__(self) -> None:
        self._messages: dict[bytes, Message] = {}
        self._fates: dict[bytes, str] = {}
        self.published = 0

    def record(self, messages: Iterable[Message]) -> None:
        """These were handed to the queue, or may have been."""
        for message in messages:
            self.published += 1
            self._messages[message.payload] = message
            self._fates.setdefault(message.payload, message.fate)

    def suppress(self, payloads: Iterable[bytes]) -> None:
        """Whoever said these has been erased: from now on they are nowhere."""
        self._fates.update(dict.fromkeys(payloads, SUPPRESSED))

    def payloads(self, fate: str) -> set[bytes]:
        """Distinct payloads of one fate."""
        return {payload for payload, its in self._fates.items() if its == fate}

    def native_ids(self) -> Counter[str]:
        """Identities, by their own bytes, of what must be accepted."""
        accepted = (self._messages[payload].native_id for payload in self.payloads(ACCEPTED))
        return Counter(native_id for native_id in accepted if native_id is not None)

    def messages(self) -> list[Message]:
        """Every distinct message, in the order of its first publication."""
        return list(self._messages.values())


@dataclass(frozen=True)
class Observed:
    """What the tables hold, and what the queue still holds for this subscription."""

    feedback: Sequence[tuple[str, str]]
    """(event_id, native_id) of every row."""
    raw: Sequence[tuple[str, bytes]]
    """(event_id, payload) of every row."""
    dead: Sequence[bytes]
    """payload of every dead letter."""
    outstanding: frozenset[bytes] = frozenset()
    """Payloads that were delivered once more after the listeners had ended."""


@dataclass(frozen=True)
class Verdict:
    """How often an invariant does not hold; all zero when all is well."""

    lost: int = 0
    duplicated: int = 0
    misplaced: int = 0
    """Stored in the wrong table, or never published, or erased and there again."""
    acknowledged_too_early: int = 0


def judge(ledger: Ledger, observed: Observed) -> Verdict:
    """Compare what was published with what is there, by exact bytes and by the identities the bytes say."""
    raw = Counter(payload for _, payload in observed.raw)
    dead = Counter(observed.dead)
    rows = Counter(event_id for event_id, _ in observed.feedback)
    accepted, refused = ledger.payloads(ACCEPTED), ledger.payloads(DEAD)

    missing = (accepted - raw.keys()) | (refused - dead.keys())
    without_row = {event_id for event_id, _ in observed.raw} - rows.keys()
    without_bytes = rows.keys() - {event_id for event_id, _ in observed.raw}
    wanted, stored = ledger.native_ids(), Counter(native_id for _, native_id in observed.feedback)
    unsaid = wanted - stored if wanted.total() == len(accepted) else Counter[str]()
    return Verdict(
        lost=max(len(missing) + len(without_row), unsaid.total()),
        duplicated=sum(sum(found.values()) - len(found) for found in (raw, dead, rows)),
        misplaced=len(raw.keys() - accepted) + len(dead.keys() - refused) + len(without_bytes),
        acknowledged_too_early=len(missing - observed.outstanding),
    )
