"""Alerts as Prometheus Alertmanager takes them (API v2, openapi.yaml): labels are identity, annotations are text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.alerts.channels.address import safe_link
from pipelines.alerts.render import wording
from schemas.alert import Alert, Severity, Status

ALERT_NAME: Final = "TribometerFriction"
TRIAL_NAME: Final = "TribometerTest"

LEASE: Final = timedelta(hours=3)
"""How long Alertmanager takes an episode for on without hearing of it again."""


def postable(alert: Alert, *, at: datetime, team: str | None = None, trial: bool = False) -> list[dict[str, Any]]:
    """The alert, and the same under each lower severity as over: labels are identity, so an episode that became
    severer is another alert there, and the one it was must end."""
    labels = {
        "alertname": TRIAL_NAME if trial else ALERT_NAME,
        "fingerprint": alert.fingerprint,
        "product": wording.visible(alert.product),
        "touchpoint": wording.visible(alert.touchpoint),
        **({"team": team} if team else {}),
    }
    annotations = {
        "summary": wording.headline(alert),
        "description": _description(alert),
        "episode_id": alert.episode_id,
        "alert_id": alert.alert_id,
        "show": f"tribometer alerts show {alert.episode_id}",
        **({"quotes": _quotes(alert)} if wording.said(alert) else {}),
        **({"sql": alert.sql} if alert.sql else {}),
    }
    firing = alert.status is Status.FIRING
    ends_at = at + LEASE if firing else (alert.ended_at or at)
    shared: dict[str, Any] = {"annotations": annotations, "startsAt": _instant(alert.started_at)}
    if (link := safe_link(alert.dashboard_url)) is not None:
        shared["generatorURL"] = link
    now = {**shared, "labels": {**labels, "severity": alert.severity.value}, "endsAt": _instant(ends_at)}
    lower = [severity for severity in Severity if severity.rank < alert.severity.rank]
    return [now] + [
        {**shared, "labels": {**labels, "severity": severity.value}, "endsAt": _instant(min(ends_at, at))}
        for severity in lower
    ]


def _description(alert: Alert) -> str:
    lines = [f"{line.name}: {line.text}" for line in (*wording.figures(alert), *wording.causes(alert))]
    lines += wording.cautions(alert)
    if alert.status is Status.FIRING:
        lines.append(f"Ends: {wording.visible(alert.resolves_when, 200)}")
    return "\n".join(lines)


def _quotes(alert: Alert) -> str:
    return "\n".join(f"“{said.text}” ({said.by})" for said in wording.said(alert))


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
