"""Plain text: for terminals, the text part of mails, and every service that Apprise reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from pipelines.alerts.channels.address import safe_link
from pipelines.alerts.render import wording
from pipelines.alerts.render.wording import Line
from schemas.alert import Alert, Status

_WIDTH = 100
_NAMES = 11


def alert_text(alert: Alert, *, again: bool = False) -> str:
    """All of it, the most pressing first, ending with what to type; at most 100 characters a line but links and SQL."""
    return "\n".join(_lines(alert, again))


def digest_text(alerts: Sequence[Alert], *, again: bool = False) -> str:
    """Several episodes, one line each, the severest first; those that are over last."""
    lines = [wording.repeated(), ""] if again else []
    for alert in in_order(alerts):
        lines += [
            f"- {wording.subject([alert])}",
            f"  since {wording.instant(alert.started_at)}, {alert.episode_id}",
        ]
    return "\n".join([*lines, "", "tribometer alerts show EPISODE says more of each."])


def brief_text(alert: Alert, *, again: bool = False) -> str:
    """What fits a chat: figures, causes, two quotes, doubts, where to go on."""
    lines = [wording.repeated()] if again else []
    lines += [f"{line.name}: {line.text}" for line in (*wording.figures(alert)[:1], *wording.causes(alert)[:3])]
    lines += [f"“{said.text}” ({said.by})" for said in wording.said(alert)[:2]]
    lines += wording.cautions(alert)
    if alert.status is Status.FIRING:
        lines.append(f"Ends: {wording.visible(alert.resolves_when, 200)}")
    if (link := safe_link(alert.dashboard_url)) is not None:
        lines.append(link)
    return "\n".join([*lines, f"tribometer alerts show {alert.episode_id}"])


def defused(text: str) -> str:
    """Text in which no service finds somebody to notify: a mark that nobody sees stands behind each @ and <.

    >>> defused("@everyone <!here>").replace("\\u200b", "|")
    '@|everyone <|!here>'
    """
    return text.replace("@", "@\u200b").replace("<", "<\u200b")


def in_order(alerts: Sequence[Alert]) -> list[Alert]:
    """What is on before what is over, the severest first, then the oldest."""
    return sorted(
        alerts,
        key=lambda alert: (
            alert.status is Status.RESOLVED,
            -alert.severity.rank,
            alert.started_at,
            alert.alert_id,
        ),
    )


def _lines(alert: Alert, again: bool) -> Iterator[str]:
    yield f"{'RESOLVED' if alert.status is Status.RESOLVED else alert.severity.upper()}  {wording.headline(alert)}"
    ended = "" if alert.ended_at is None else f", ended {wording.instant(alert.ended_at)}"
    yield f"began {wording.instant(alert.started_at)}{ended}; said at {wording.instant(alert.told_of)}"
    if again:
        yield wording.repeated()
    yield ""
    for line in wording.figures(alert):
        yield from _named(line)
    if spark := wording.sparkline(alert):
        yield from _named(Line("Hours", f"{spark}  the last {len(spark)}"))
    causes = wording.causes(alert)
    if causes:
        yield ""
        for line in causes:
            yield from _named(line)
    shares = wording.shares(alert)
    if shares:
        yield ""
        yield "Where it comes from"
        for line in shares:
            yield from _named(line)
    yield from _quotes(alert)
    cautions = wording.cautions(alert)
    if cautions:
        yield ""
        yield from _named(Line("Data", " ".join(cautions)))
    yield ""
    if alert.why:
        yield from _named(Line("Told as", "; ".join(wording.fired_because(alert))))
    if alert.status is Status.FIRING:
        yield from _named(Line("Ends", wording.visible(alert.resolves_when, 200)))
    yield from _named(Line("Made by", f"{wording.visible(alert.model_version, 60)}, episode {alert.episode_id}"))
    if (link := safe_link(alert.dashboard_url)) is not None:
        yield f"{'Look':<{_NAMES}}{link}"
    if alert.sql:
        yield ""
        yield "Ask, with tribometer sql"
        yield from (f"  {line}" for line in alert.sql.splitlines())
    yield ""
    yield from wording.commands(alert)


def _quotes(alert: Alert) -> Iterator[str]:
    quotes = wording.said(alert)
    if quotes:
        yield ""
        yield "What people say"
        for said in quotes:
            yield from wrap(f"“{said.text}”", _WIDTH, initial_indent="  ", subsequent_indent="   ")
            yield f"    {said.by}" + (f"  {said.url}" if said.url else "")


def _named(line: Line) -> list[str]:
    return wrap(line.text, _WIDTH, initial_indent=f"{line.name:<{_NAMES}}", subsequent_indent=" " * _NAMES)
