"""Incidents: a CSV file of what happened, with the columns product, start, end, kind, touchpoint and what.

`kind` is `friction` for what should be told, and anything else (`launch`, `duplicate`, …) for what must not. `start`
and `end` are UTC days, both included; a product of `*` stands for any. Further columns are passed over.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from schemas.errors import UsageError

FRICTION: Final = "friction"
ANY: Final = "*"
_COLUMNS: Final = ("product", "start", "end", "kind", "touchpoint", "what")


@dataclass(frozen=True)
class Incident:
    """Something that happened from `start` to `end`, the latter exclusive."""

    product: str
    start: datetime
    end: datetime
    kind: str
    touchpoint: str
    what: str

    @property
    def is_friction(self) -> bool:
        """Whether it should be told; what is none must not be."""
        return self.kind == FRICTION

    def is_of(self, product: str) -> bool:
        """Whether it concerns a product."""
        return self.product in {product, ANY}


def read_incidents(path: Path) -> list[Incident]:
    """The incidents of a file, by time. Raises `UsageError` naming the line that cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    missing = [name for name in _COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise UsageError(f"{path}: lacks the columns {', '.join(missing)}; give {', '.join(_COLUMNS)}")
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            start, end = (datetime.fromisoformat(row[name]).replace(tzinfo=UTC) for name in ("start", "end"))
        except ValueError:
            raise UsageError(f"{path}:{number}: start and end are no days; write 2021-06-01") from None
        found.append(
            Incident(row["product"], start, end + timedelta(days=1), row["kind"], row["touchpoint"], row["what"])
        )
    return sorted(found, key=lambda incident: (incident.start, incident.product))
