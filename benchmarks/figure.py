"""One row of a table of measurements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, what came out, and the least (or most) that is wanted."""

    what: str
    value: str
    bar: str = ""
