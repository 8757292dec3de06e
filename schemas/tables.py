"""The tables of a deployment: their columns, partitions, identities and who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from schemas import arrow


@dataclass(frozen=True)
class TableSpec:
    """One Delta table below the tables folder.

    `partition` names the column that is part of the path. `identity` names the column by which a row committed
    twice is recognised; a table without one keeps every row it is given. `restricted` tables hold personal data:
    their folder is closed to other users and no analyst's connection opens it. `recorded` names the instant from
    which on a row is there for readers, `superseded` that from which on it no longer is (null while it is in force).
    """

    name: str
    schema: pa.Schema
    recorded: str
    partition: str | None = None
    identity: str | None = None
    restricted: bool = False
    superseded: str | None = None

    @property
    def table_schema(self) -> pa.Schema:
        """Columns as a reader sees them: those of the files, then the partition."""
        if self.partition is None:
            return self.schema
        return self.schema.append(pa.field(self.partition, pa.string(), nullable=False))


FEEDBACK: Final = TableSpec("feedback", arrow.FEEDBACK, "committed_at", partition="day", identity="event_id")
SCORES: Final = TableSpec("scores", arrow.SCORES, "committed_at", partition="day", identity="score_id")
MODEL_CHOICES: Final = TableSpec("model_choices", arrow.MODEL_CHOICES, "chosen_at")
RAW: Final = TableSpec("raw", arrow.RAW, "received_at", partition="month", identity="event_id", restricted=True)
DEAD_LETTERS: Final = TableSpec(
    "dead_letters", arrow.DEAD_LETTERS, "received_at", identity="dead_letter_id", restricted=True
)
LAUNCHES: Final = TableSpec("launches", arrow.LAUNCHES, "recorded_at")
EXPOSURE: Final = TableSpec("exposure", arrow.EXPOSURE, "recorded_at")
RUNS: Final = TableSpec("runs", arrow.RUNS, "finished_at", identity="batch_id")
SUPPRESSIONS: Final = TableSpec(
    "suppressions", arrow.SUPPRESSIONS, "recorded_at", identity="suppression_id", restricted=True
)
ERASURES: Final = TableSpec("erasures", arrow.ERASURES, "finished_at", identity="erasure_id")
THEMES: Final = TableSpec("themes", arrow.THEMES, "recorded_at")
THEME_MENTIONS: Final = TableSpec(
    "theme_mentions",
    arrow.THEME_MENTIONS,
    "committed_at",
    partition="day",
    identity="theme_mention_id",
    superseded="superseded_at",
)
THEME_DAYS: Final = TableSpec("theme_days", arrow.THEME_DAYS, "recorded_at")
ALERTS: Final = TableSpec("alerts", arrow.ALERTS, "recorded_at", identity="alert_id")
ALERT_ACTIONS: Final = TableSpec("alert_actions", arrow.ALERT_ACTIONS, "recorded_at", identity="action_id")
ALERT_DELIVERIES: Final = TableSpec("alert_deliveries", arrow.ALERT_DELIVERIES, "taken_at", identity="step_id")
WATCH_STATE: Final = TableSpec("watch_state", arrow.WATCH_STATE, "recorded_at")

COMMIT_ORDER: Final = (RAW, DEAD_LETTERS, FEEDBACK)
"""A batch's tables in the order of their commits: whoever sees a row of `feedback` can find its bytes in `raw`."""

TABLES: Final = {
    spec.name: spec
    for spec in (
        *(*COMMIT_ORDER, MODEL_CHOICES, SCORES, LAUNCHES, EXPOSURE, RUNS, SUPPRESSIONS, ERASURES),
        *(THEMES, THEME_MENTIONS, THEME_DAYS),
        *(ALERTS, ALERT_ACTIONS, ALERT_DELIVERIES, WATCH_STATE),
    )
}
