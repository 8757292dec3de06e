"""Events of PagerDuty (Events API v2): one incident an episode, by its key."""

from __future__ import annotations

from typing import Any, Final

from pipelines.alerts.channels.address import safe_link
from pipelines.alerts.render import wording
from schemas.alert import Alert, Severity, Status

LONGEST_SUMMARY: Final = 1024
LARGEST_EVENT_BYTES: Final = 512 * 1024

_SEVERITIES: Final = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}


def pagerduty_event(
    alert: Alert, routing_key: str, *, team: str | None = None, trial: bool = False
) -> dict[str, Any]:
    """`trigger` while it is on, `resolve` when it is over; an update is a trigger with the same key."""
    summary = wording.subject([alert], trial=trial)
    links = [
        {"href": href, "text": text}
        for url, text in (
            (alert.dashboard_url, "Dashboard"),
            (None if alert.launch is None else alert.launch.url, "Launch"),
        )
        if (href := safe_link(url)) is not None
    ]
    details: dict[str, Any] = {line.name: line.text for line in (*wording.figures(alert), *wording.causes(alert))}
    details["Doubts"] = wording.cautions(alert)
    details["Quotes"] = [f"“{said.text}” ({said.by})" for said in wording.said(alert)]
    details["Told as"] = wording.fired_because(alert)
    details["Ends"] = wording.visible(alert.resolves_when, 200)
    details["Show"] = f"tribometer alerts show {alert.episode_id}"
    if alert.sql:
        details["SQL"] = alert.sql
    over = alert.status is Status.RESOLVED
    return {
        "routing_key": routing_key,
        "event_action": "resolve" if over else "trigger",
        "dedup_key": f"tribometer/{alert.episode_id}",
        "payload": {
            "summary": summary[:LONGEST_SUMMARY],
            "timestamp": alert.told_of.isoformat().replace("+00:00", "Z"),
            "source": wording.place(alert),
            "severity": _SEVERITIES[alert.severity],
            "component": wording.visible(alert.touchpoint, 100),
            "group": wording.visible(team or alert.product, 100),
            "class": "friction",
            "custom_details": details,
        },
        "links": links,
        "client": "Tribometer",
    }
