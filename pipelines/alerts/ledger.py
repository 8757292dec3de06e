"""The tables of alerts and answers: write each once, read them back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.connect import with_fresh_snapshot
from schemas.alert import Alert, hour_start
from schemas.alert_action import AlertAction
from schemas.tables import ALERT_ACTIONS, ALERTS, TableSpec
from transforms.commit import Committed, append
from transforms.delta import live_files, open_table
from transforms.parquet import read_file


def record_alerts(root: str, alerts: Iterable[Alert], *, now: datetime) -> int:
    """Commit alerts, in one transaction that is on disk at the return; how many were not there before.

    An alert whose `alert_id` is there already is left as it was told: the same hours watched again add nothing. Words
    of quotes are left out.
    """
    rows = {alert.alert_id: _row(alert.without_words(), now) for alert in alerts}
    done = append_rows(root, ALERTS, list(rows.values()), now)
    return 0 if done is None else done.added


def stored_alerts(root: str, *, since: datetime | None = None) -> list[Alert]:
    """The alerts made from `since` on, or all, in the order of their hours; quotes are references."""
    rows = stored_rows(root, ALERTS, since)
    rows.sort(key=lambda row: (row["hour"], row["recorded_at"], row["alert_id"]))
    return [Alert.from_json(row["payload"]) for row in rows]


def record_action(root: str, action: AlertAction) -> None:
    """Commit what somebody answered; on disk at the return."""
    append_rows(root, ALERT_ACTIONS, [action.row()], action.recorded_at)


def stored_actions(root: str) -> list[AlertAction]:
    """Every answer, in the order given."""
    actions = [AlertAction.of_row(row) for row in stored_rows(root, ALERT_ACTIONS)]
    return sorted(actions, key=lambda action: (action.recorded_at, action.action_id))


def _row(alert: Alert, now: datetime) -> dict[str, Any]:
    shown = {name: getattr(alert, name) for name in ALERTS.schema.names if hasattr(alert, name)}
    return {
        **shown,
        "hour": hour_start(alert.hour),
        "launch_id": None if alert.launch is None else alert.launch.launch_id,
        "learning": alert.quality.learning,
        "payload": alert.to_json(),
        "recorded_at": now,
    }


def append_rows(root: str, spec: TableSpec, rows: Sequence[dict[str, Any]], now: datetime) -> Committed | None:
    """Commit rows of a small table, on disk at the return; None where there are none."""
    if not rows:
        return None
    content = pa.Table.from_pylist(list(rows), schema=spec.schema)
    return append(root, spec, content, batch_id=uuid.uuid4().hex, written_at=now)


def stored_rows(root: str, spec: TableSpec, since: datetime | None = None) -> list[dict[str, Any]]:
    """Every row of a small table, or those that are there from an instant on."""

    def attempt() -> list[dict[str, Any]]:
        table = open_table(root, spec)
        found: list[dict[str, Any]] = []
        for file in [] if table is None else live_files(table):
            rows = read_file(root, spec, file)
            if since is not None:
                rows = rows.filter(pc.greater_equal(rows.column(spec.recorded), pa.scalar(since)))
            found += rows.to_pylist()
        return found

    return with_fresh_snapshot(attempt)
