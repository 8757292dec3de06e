"""Whose scores readers see by default: a ledger in the tables, read with every snapshot."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pyarrow as pa

from pipelines.connect import connect, connect_stored, with_fresh_snapshot
from pipelines.definitions import MODEL_VARIABLE
from schemas.errors import UsageError
from schemas.tables import MODEL_CHOICES
from transforms.commit import append
from transforms.elements import Clock

STORED: Final = "stored"
"""Stands for the scores that each event came in with, where a command takes a model version."""


@dataclass(frozen=True)
class Coverage:
    """How many of the events (`schemas/views/events.sql`) have scores of a model."""

    events: int
    scored: int

    @property
    def missing(self) -> int:
        """Events that are shown with another model's scores if this one is chosen."""
        return self.events - self.scored


def coverage(root: str, model_version: str) -> Coverage:
    """How many events below `root` have scores of `model_version`."""

    def count() -> Coverage:
        with connect(root) as connection:
            connection.execute(f"SET VARIABLE {MODEL_VARIABLE} = $model", {"model": model_version})
            query = (
                f"SELECT count(*), count(*) FILTER (model_version = getvariable('{MODEL_VARIABLE}')) FROM events"
            )
            ((events, scored),) = connection.execute(query).fetchall()
            return Coverage(events, scored)

    return with_fresh_snapshot(count)


def model_versions(root: str) -> list[str]:
    """Models of which there are scores below `root`."""

    def ask() -> list[str]:
        with connect(root) as connection:
            query = "SELECT DISTINCT model_version FROM scores WHERE model_version IS NOT NULL ORDER BY 1"
            return [row[0] for row in connection.execute(query).fetchall()]

    return with_fresh_snapshot(ask)


def switch(root: str, model_version: str, clock: Clock, *, partly: bool = False) -> Coverage:
    """Have readers see the scores of `model_version` from now on, or with `STORED` those that events came in with.

    Raises `UsageError` for a model that has scored nothing here, and, unless `partly`, for one that has not scored
    every event: series would mix models.
    """
    covered = coverage(root, model_version)
    if model_version != STORED:
        if not covered.scored:
            known = ", ".join(model_versions(root)) or "none"
            raise UsageError(f"{root}: has no scores of the model {model_version!r}; it has those of: {known}")
        if covered.missing and not partly:
            raise UsageError(
                f"{covered.missing:,} of {covered.events:,} events have no scores of {model_version}, and would be "
                "shown with another model's; `tribometer rescore --model FOLDER` scores them, --partly switches anyway"
            )
    _record(root, None if model_version == STORED else model_version, clock)
    return covered


def _record(root: str, model_version: str | None, clock: Clock) -> None:
    with connect_stored(root) as connection:
        ((last,),) = connection.execute("SELECT max(chosen_at) FROM tables.model_choices").fetchall()
    now = clock()
    if last is not None and last >= now:  # by another clock: the newest choice must be the last one made
        now = last + timedelta(microseconds=1)
    row = {"model_version": model_version, "chosen_at": now}
    rows = pa.Table.from_pylist([row], schema=MODEL_CHOICES.schema)
    append(root, MODEL_CHOICES, rows, batch_id=uuid.uuid4().hex, written_at=now)
