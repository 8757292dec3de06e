"""Mails: subject, HTML and plain text. The template escapes all it is given; the picture is a table of coloured cells,
which every mail program shows without fetching anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from pipelines.alerts.channels.address import safe_link
from pipelines.alerts.render import wording
from pipelines.alerts.render.text import alert_text, digest_text, in_order
from schemas.alert import Alert, Status

_PICTURE_PIXELS: Final = 64
"""Height of the tallest column."""

_MOST_COLUMNS: Final = 72


@dataclass(frozen=True)
class Mail:
    """What a person reads: both texts say the same."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Column:
    """An hour of the picture, in pixels: `usual` up to the expected, `more` above it, `rest` empty on top."""

    usual: int
    more: int
    rest: int


def mail(alerts: Sequence[Alert], *, again: bool = False, trial: bool = False) -> Mail:
    """One alert, or several as a digest."""
    subject = wording.subject(alerts, trial=trial)
    if len(alerts) > 1:
        rows = [
            {
                "alert": alert,
                "headline": wording.headline(alert),
                "color": wording.color(alert),
                "word": _word(alert),
                "since": wording.instant(alert.started_at),
                "link": safe_link(alert.dashboard_url),
            }
            for alert in in_order(alerts)
        ]
        html = _template("digest.html.j2").render(
            subject=subject, rows=rows, repeated=wording.repeated() if again else None
        )
        return Mail(subject, html, digest_text(alerts, again=again))
    (alert,) = alerts
    html = _template("alert.html.j2").render(subject=subject, **_shown(alert, again))
    return Mail(subject, html, alert_text(alert, again=again))


def columns(alert: Alert) -> list[Column]:
    """The picture's columns, the youngest last; none where nothing was seen."""
    hours = alert.history[-_MOST_COLUMNS:]
    top = max((max(hour.observed, hour.expected) for hour in hours), default=0.0)
    if top <= 0:
        return []
    found = []
    for hour in hours:
        whole = round(max(hour.observed, 0.0) / top * _PICTURE_PIXELS)
        usual = min(round(max(hour.expected, 0.0) / top * _PICTURE_PIXELS), whole)
        found.append(Column(usual, whole - usual, _PICTURE_PIXELS - whole))
    return found


def _shown(alert: Alert, again: bool) -> dict[str, Any]:
    return {
        "alert": alert,
        "headline": wording.headline(alert),
        "word": _word(alert),
        "color": wording.color(alert),
        "began": wording.instant(alert.started_at),
        "ended": None if alert.ended_at is None else wording.instant(alert.ended_at),
        "told": wording.instant(alert.told_of),
        "repeated": wording.repeated() if again else None,
        "figures": wording.figures(alert),
        "causes": wording.causes(alert),
        "shares": wording.shares(alert),
        "quotes": wording.said(alert),
        "cautions": wording.cautions(alert),
        "because": wording.fired_because(alert),
        "ends": wording.visible(alert.resolves_when, 200) if alert.status is Status.FIRING else None,
        "columns": columns(alert),
        "tallest": wording.count(max((hour.observed for hour in alert.history), default=0.0)),
        "dashboard": safe_link(alert.dashboard_url),
        "launch_link": safe_link(None if alert.launch is None else alert.launch.url),
        "model": wording.visible(alert.model_version, 60),
        "commands": wording.commands(alert),
    }


def _word(alert: Alert) -> str:
    return "resolved" if alert.status is Status.RESOLVED else alert.severity.value


@cache
def _template(name: str) -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)
