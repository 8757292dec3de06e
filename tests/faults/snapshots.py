"""What must hold of one snapshot after another, as one reader sees them.

No identity twice; of a batch all rows or none; no fewer rows than before, except by an erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
