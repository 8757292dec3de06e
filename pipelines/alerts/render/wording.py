"""What an alert says, in sentences: the same everywhere, before any place's own form.

Strings that come from customers or sources (products, versions, terms, quotes) are cleaned of control and direction
characters here and escaped by whoever prints them.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pipelines.alerts.channels.address import safe_link
from schemas.alert import Alert, Kind, Part, Reason, Severity, Status

LONGEST_QUOTE: Final = 280
"""Characters of a quote that are shown."""

_NEVER_SHOWN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_KEPT: Final = frozenset("\u200d\ufe0f")
"""What joins emoji and scripts; nothing can hide behind it."""

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_KNOWN: Final = {
    Kind.OPENED: "began",
    Kind.UPDATED: "is still on",
    Kind.RESOLVED: "is over",
    Kind.REOPENED: "is back",
    Kind.SPLIT: "goes on under another name",
    Kind.AMENDED: "corrected by late data",
}

SHOWN_PARTS: Final = 3
"""Parts of a dimension that are named."""

_DIMENSIONS: Final = ("version", "source", "touchpoint", "locale")


class Line(NamedTuple):
    """One thing to know: its name in a word and what there is to say."""

    name: str
    text: str


class Said(NamedTuple):
    """A quote as it is shown."""

    text: str
    by: str
    url: str | None


def visible(text: str, longest: int | None = None) -> str:
    """On one line, without characters that nobody sees, cut to `longest`.

    >>> visible("a\\u202eb\\n\\tc\\x1b[31m"), visible("abcdef", 4)
    ('ab c[31m', 'abc…')
    """
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or character in _KEPT or unicodedata.category(character) not in _NEVER_SHOWN
    )
    clean = " ".join("".join(kept).split())
    return clean if longest is None or len(clean) <= longest else clean[: longest - 1].rstrip() + "…"


def count(value: float) -> str:
    """Of people: whole from ten on, else with one digit where there is a half.

    >>> count(34.5), count(7.94), count(3.0)
    ('35', '7.9', '3')
    """
    if value >= 9.95:
        return f"{int(value + 0.5):,}"
    return f"{value:.1f}".removesuffix(".0")


def share(value: float) -> str:
    """A share as a percentage, which no line ends within; what is more than nothing is never 0 %."""
    if 0 < value < 0.005:
        return "<1\u00a0%"
    return f"{100 * value:.0f}\u00a0%"


def chance(value: float) -> str:
    """A probability in words: `1 in 26,000,000`."""
    if value <= 0:
        return "next to none"
    if value >= 0.1:
        return f"{value:.2g}"
    odds = 1 / value
    digits = max(len(str(int(odds))) - 2, 0)
    return f"1 in {round(odds, -digits):,.0f}"


def hours(begin: datetime, end: datetime) -> str:
    """How long, in hours or days."""
    number = round((end - begin) / timedelta(hours=1))
    if number >= 48:
        return f"{number / 24:.1f}".removesuffix(".0") + " days"
    return f"{number} hour" + ("" if number == 1 else "s")


def instant(moment: datetime) -> str:
    """To the minute, UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def place(alert: Alert) -> str:
    """Product, and touchpoint where it is not about the whole of it."""
    return visible(alert.place, 100)


def state(alert: Alert) -> str:
    """What happened, in a word or two."""
    return _KNOWN[alert.kind]


def headline(alert: Alert) -> str:
    """The one line that has to be enough: `firefox, account: friction began, 35 people in 6 hours, 7.9 expected`."""
    if alert.status is Status.RESOLVED:
        took = hours(alert.started_at, alert.ended_at or alert.told_of)
        return f"{place(alert)}: friction {state(alert)} after {took}"
    return f"{place(alert)}: friction {state(alert)}, {seen(alert)}"


def seen(alert: Alert) -> str:
    """`35 people in 6 hours, 7.9 expected`."""
    people = "1 person" if count(alert.observed) == "1" else f"{count(alert.observed)} people"
    return f"{people} in {hours(alert.window_start, alert.window_end)}, {count(alert.expected)} expected"


def subject(alerts: Sequence[Alert], *, trial: bool = False) -> str:
    """A title: of one alert with its severity, of a digest with what is in it."""
    if len(alerts) > 1:
        firing = sum(alert.status is Status.FIRING for alert in alerts)
        text = f"{len(alerts)} episodes of friction, {firing} still on"
    else:
        (alert,) = alerts
        over = alert.status is Status.RESOLVED
        text = f"[{'resolved' if over else alert.severity}] {headline(alert)}"
    return f"[test] {text}" if trial else text


def color(alert: Alert) -> str:
    """Of the state: green for over, red for critical, amber, grey."""
    if alert.status is Status.RESOLVED:
        return "#2e7d32"
    return {Severity.CRITICAL: "#b3261e", Severity.WARNING: "#b26a00", Severity.INFO: "#5f6368"}[alert.severity]


def figures(alert: Alert) -> list[Line]:
    """The figures, each by its name."""
    ratio = "" if alert.ratio is None else f", {alert.ratio:.1f} times"
    lines = [
        Line("Seen", f"{count(alert.observed)} people with friction, {count(alert.expected)} expected{ratio}"),
        Line("Usual", f"{count(alert.band_low)} to {count(alert.band_high)} in 90 of 100 such windows"),
        Line(
            "People",
            f"{alert.authors:,} authors, {alert.posts:,} posts, {alert.conversations:,} conversations; "
            f"whoever wrote most has {share(alert.top_author_share)}"
            + (f"; {alert.promotion:,} left out as promotion or copies" if alert.promotion else ""),
        ),
        Line(
            "Chance",
            chance(alert.p)
            + ("" if alert.q_value is None else f"; rate of false alarms at this level {alert.q_value:.2g}"),
        ),
    ]
    if alert.control_ratio is not None and abs(alert.control_ratio - 1) >= 0.1:
        busy = f"the product has {alert.control_ratio:.1f} times its usual volume; the expectation is adjusted"
        lines.append(Line("Volume", busy))
    return lines


def causes(alert: Alert) -> list[Line]:
    """What explains the rise: launch, parts, words, earlier episodes."""
    lines = []
    if alert.launch is not None:
        launch = alert.launch
        explained = "" if launch.explains is None else f"; its version brings {share(launch.explains)} of the rise"
        name = visible(launch.name, 80)
        lines.append(Line("Launch", f"{name}, {_lead(launch.hours_before)} before it began{explained}"))
    lines += [
        Line(
            explanation.dimension.capitalize(),
            f"{_list(visible(value, 40) for value in explanation.values)}: {share(explanation.explains)} of the rise",
        )
        for explanation in alert.explanations
    ]
    if alert.terms:
        words = (
            f"{visible(term.term, 40)} ({share(term.share)}, {share(term.baseline_share)} before)"
            for term in alert.terms
        )
        lines.append(Line("Words", ", ".join(words)))
    lines += [Line("Before", text) for text in _earlier(alert)]
    return lines


def parts(alert: Alert, dimension: str) -> list[Part]:
    """The largest parts of a dimension, the largest first."""
    of_it = [part for part in alert.parts if part.dimension == dimension]
    return sorted(of_it, key=lambda part: (-part.share, part.value))[:SHOWN_PARTS]


def shares(alert: Alert) -> list[Line]:
    """By dimension, the largest parts with their usual share."""
    return [
        Line(
            dimension.capitalize(),
            ", ".join(
                f"{visible(part.value, 40)} {share(part.share)} (usually {share(part.baseline_share)})"
                for part in found
            ),
        )
        for dimension in _DIMENSIONS
        if (found := parts(alert, dimension))
    ]


def said(alert: Alert) -> list[Said]:
    """The quotes that are still there."""
    shown = []
    for quote in alert.quotes:
        if quote.text is None or not visible(quote.text):
            continue
        by = [quote.source, f"version {quote.version}" if quote.version else "", quote.day.isoformat()]
        author = f"author {quote.author[:8]}" if quote.author else ""
        who = ", ".join(visible(part, 60) for part in (*by, author) if part)
        shown.append(Said(visible(quote.text, LONGEST_QUOTE), who, safe_link(quote.url)))
    return shown


def cautions(alert: Alert) -> list[str]:
    """What a reader should doubt, one sentence each; none where the data is whole."""
    quality = alert.quality
    notes = []
    if quality.learning:
        notes.append("This series is under 14 days old: what is expected of it is not sure yet.")
    if quality.silent:
        notes.append(f"Nothing comes from {_list(visible(source, 40) for source in quality.silent)}.")
    if quality.watermark_lag_seconds is not None and quality.watermark_lag_seconds >= 3600:
        notes.append(f"The newest feedback is {quality.watermark_lag_seconds / 3600:.1f} hours old.")
    if quality.back_filled:
        notes.append(f"{quality.back_filled:,} items came after their hours had closed.")
    if quality.clock_jump_seconds:
        notes.append(f"The clock moved by {quality.clock_jump_seconds:+.0f} s.")
    return notes + [_sentence(visible(note, 200)) for note in quality.notes]


def fired_because(alert: Alert) -> list[str]:
    """What had to hold, each with what it was."""
    return [_reason(reason) for reason in alert.why]


def sparkline(alert: Alert) -> str:
    """The hours around the beginning, one character each; empty where there are none."""
    values = [hour.observed for hour in alert.history]
    top = max(values, default=0.0)
    if top <= 0:
        return ""
    return "".join(_BLOCKS[min(int(value / top * (len(_BLOCKS) - 1) + 0.5), len(_BLOCKS) - 1)] for value in values)


def commands(alert: Alert) -> list[str]:
    """What to type to answer; of what is over there is nothing to acknowledge."""
    of_place = shlex.quote(visible(alert.product))
    if not alert.whole_product:
        of_place += f" {shlex.quote(visible(alert.touchpoint))}"
    answers = [
        f"tribometer alerts ack {alert.episode_id}",
        f"tribometer alerts snooze {alert.episode_id} --for 4h",
        f"tribometer alerts silence {of_place} --for 8h",
    ]
    return [
        f"tribometer alerts show {alert.episode_id}",
        *(answers if alert.status is Status.FIRING else []),
        f"tribometer alerts feedback {alert.episode_id} useful",
    ]


def repeated() -> str:
    """What stands in a message that may have arrived before."""
    return "Sent again: an earlier attempt was cut short and may have arrived."


def _earlier(alert: Alert) -> Iterable[str]:
    for episode in alert.earlier:
        took = "still on" if episode.ended_at is None else hours(episode.started_at, episode.ended_at)
        ratio = "" if episode.ratio is None else f", {episode.ratio:.1f} times"
        verdict = f", {episode.verdict}" if episode.verdict else ""
        note = f": {visible(episode.note, 120)}" if episode.note else ""
        yield f"{episode.started_at:%Y-%m-%d}, {took}{ratio}, {count(episode.authors)} authors{verdict}{note}"


def _reason(reason: Reason) -> str:
    sign = "at most" if reason.at_most else "at least"
    return f"{reason.rule} {_figure(reason.reached)} ({sign} {_figure(reason.threshold)})"


def _figure(value: float) -> str:
    """Small ones as a power of ten, the rest with three digits or whole.

    >>> _figure(3.8e-8), _figure(0.0021), _figure(26.6), _figure(1234.0)
    ('3.8e-8', '0.0021', '26.6', '1,234')
    """
    if value and abs(value) < 0.001:
        return f"{value:.1e}".replace("e-0", "e-")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _lead(number: float) -> str:
    return hours(datetime(2000, 1, 1), datetime(2000, 1, 1) + timedelta(hours=number))  # noqa: DTZ001 - a length


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _list(values: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = values
    return f"{', '.join(first)} and {last}" if first else last
