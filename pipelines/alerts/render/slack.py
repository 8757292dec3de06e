"""Slack blocks, within the limits of docs.slack.dev/reference/block-kit/blocks.

What customers wrote stands in rich text and plain text objects only: those are shown as they are, so that nothing in
them becomes a link, a mention or a format. Everything else that is not fixed is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pipelines.alerts.channels.address import safe_link
from pipelines.alerts.render import wording
from pipelines.alerts.render.text import in_order
from schemas.alert import Alert, Status

MOST_BLOCKS: Final = 50
LONGEST_TEXT: Final = 3000
LONGEST_HEADER: Final = 150
MOST_FIELDS: Final = 10

_DIGEST_ALERTS: Final = 20
"""Of a digest; the rest is counted."""

Block = dict[str, Any]


def slack_message(alerts: Sequence[Alert], *, again: bool = False, trial: bool = False) -> dict[str, Any]:
    """The body of an incoming webhook: one alert, or several as a digest; `text` is what a notification shows."""
    blocks = _digest(alerts, again, trial) if len(alerts) > 1 else _alert(alerts[0], again, trial)
    return {
        "text": _escaped(wording.subject(alerts, trial=trial)),
        "blocks": blocks[:MOST_BLOCKS],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def slack_text(alerts: Sequence[Alert], *, trial: bool = False) -> dict[str, Any]:
    """The same as one line, for where blocks are not taken."""
    last = alerts[-1]
    return {"text": _escaped(f"{wording.subject(alerts, trial=trial)}: tribometer alerts show {last.episode_id}")}


def _alert(alert: Alert, again: bool, trial: bool) -> list[Block]:
    blocks: list[Block] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": _clip(_mark(alert, trial), LONGEST_HEADER), "emoji": True},
        }
    ]
    ended = "" if alert.ended_at is None else f", ended {wording.instant(alert.ended_at)}"
    when = f"began {wording.instant(alert.started_at)}{ended}; said at {wording.instant(alert.told_of)}"
    blocks.append(_context(when, *([wording.repeated()] if again else [])))
    fields = [_markdown(f"*{line.name}*\n{_escaped(line.text)}", 2000) for line in wording.figures(alert)]
    blocks.append({"type": "section", "fields": fields[:MOST_FIELDS]})
    if spark := wording.sparkline(alert):
        blocks.append(_context(f"{spark}  people an hour, the last {len(spark)} hours"))
    causes = "\n".join(f"*{line.name}*  {_escaped(line.text)}" for line in wording.causes(alert))
    if causes:
        blocks.append({"type": "section", "text": _markdown(causes, LONGEST_TEXT)})
    if quotes := wording.said(alert):
        blocks.append({"type": "rich_text", "elements": [element for said in quotes for element in _quote(said)]})
    notes = wording.cautions(alert)
    if alert.status is Status.FIRING:
        notes.append(f"Ends: {wording.visible(alert.resolves_when, 200)}")
    if notes:
        blocks.append(_context(*notes))
    blocks += _ways_on(alert)
    return blocks


def _digest(alerts: Sequence[Alert], again: bool, trial: bool) -> list[Block]:
    ordered = in_order(alerts)
    title = _clip(wording.subject(ordered, trial=trial), LONGEST_HEADER)
    blocks: list[Block] = [{"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}}]
    if again:
        blocks.append(_context(wording.repeated()))
    for alert in ordered[:_DIGEST_ALERTS]:
        text = (
            f"{_sign(alert)} *{_escaped(wording.headline(alert))}*\n{_links(alert)}`{_escaped(alert.episode_id)}`"
        )
        blocks.append({"type": "section", "text": _markdown(text, LONGEST_TEXT)})
    left = len(ordered) - _DIGEST_ALERTS
    more = [f"{left} more: tribometer alerts list"] if left > 0 else []
    return [*blocks, _context(*more, "tribometer alerts show EPISODE says more of each.")]


def _ways_on(alert: Alert) -> list[Block]:
    blocks: list[Block] = []
    if links := _links(alert):
        blocks.append({"type": "section", "text": _markdown(links.rstrip(" ·"), LONGEST_TEXT)})
    shown = "\n".join(wording.commands(alert))
    if alert.sql:
        shown = f"{alert.sql}\n\n{shown}"
    text = {"type": "text", "text": _clip(shown, LONGEST_TEXT)}
    blocks.append({"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [text]}]})
    return blocks


def _links(alert: Alert) -> str:
    dashboard = safe_link(alert.dashboard_url)
    launch = safe_link(None if alert.launch is None else alert.launch.url)
    links = [_link(dashboard, "Dashboard")] if dashboard else []
    if launch and alert.launch is not None:
        links.append(_link(launch, wording.visible(alert.launch.name, 60)))
    return "".join(f"{link} · " for link in links)


def _link(url: str, text: str) -> str:
    return f"<{url.replace('&', '&amp;')}|{_escaped(text).replace('|', ' ')}>"


def _quote(said: wording.Said) -> list[Block]:
    source: list[Block] = [{"type": "text", "text": f"{said.by} ", "style": {"italic": True}}]
    if said.url:
        source.append({"type": "link", "url": said.url, "text": "read"})
    return [
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": said.text}]},
        {"type": "rich_text_section", "elements": source},
    ]


def _mark(alert: Alert, trial: bool) -> str:
    return f"{_sign(alert)} {'[test] ' if trial else ''}{wording.headline(alert)}"


def _sign(alert: Alert) -> str:
    if alert.status is Status.RESOLVED:
        return ":large_green_circle:"
    return {"critical": ":red_circle:", "warning": ":large_orange_circle:", "info": ":white_circle:"}[
        alert.severity
    ]


def _context(*texts: str) -> Block:
    elements = [{"type": "plain_text", "text": _clip(text, LONGEST_TEXT), "emoji": False} for text in texts]
    return {"type": "context", "elements": elements[:MOST_FIELDS]}


def _markdown(text: str, longest: int) -> Block:
    return {"type": "mrkdwn", "text": _clip(text, longest), "verbatim": True}


def _escaped(text: str) -> str:
    """Slack's three characters, and none of the marks of its own format."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.translate(_NO_FORMAT)


_NO_FORMAT: Final = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
"""Look-alikes; an underscore stays, names of sources have it."""


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
