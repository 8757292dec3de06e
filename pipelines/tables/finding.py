"""A finding of `tables verify`."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.delta import LiveFile


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: `subject` is a file or log entry below the table's folder.

    `harmless` findings take disk space at most. `file` is set where taking that file out of the snapshot makes the
    rest readable again.
    """

    table: str
    subject: str
    problem: str
    way_out: str
    harmless: bool = False
    file: LiveFile | None = None
