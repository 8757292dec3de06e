"""What must hold at the end, as a function of what was published and of what is stored.

Every message is in exactly one place, its bytes there too; what is neither stored nor still with the queue was
acknowledged too early. Nothing here knows how it came about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.faults.poison import ACCEPTED, DEAD
from tests.faults.traffic import Message

SUPPRESSED: Final = "suppressed"
"""Fate of a message whose author is erased: stored nowhere."""


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
