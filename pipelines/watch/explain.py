"""Explain: an alert, from what the detector knew and what people said, as the tables have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import duckdb

from pipelines.function_words import function_words
from pipelines.quoting import literal
from pipelines.report.quotes import diverse
from pipelines.report.words import telling_words
from pipelines.snapshot import Snapshot
from pipelines.watch.course import Told
from pipelines.watch.dashboard import filled
from pipelines.watch.days import SQL, connected
from pipelines.watch.evidence import day_of_hour, hour_of, instant_of
from pipelines.watch.ledger import HELD_HISTORY, Telling
from pipelines.watch.left_out import FloodNote, NotCounted
from schemas.alert import (
    LEAST_TERM_AUTHORS,
    WHOLE_PRODUCT,
    Alert,
    EarlierEpisode,
    Explanation,
    HourCount,
    Kind,
    NearestLaunch,
    Part,
    Quality,
    Quote,
    Reason,
    Status,
    Term,
    severity_of,
)
from schemas.alert_action import Act, AlertAction
from transforms.detect.attribution import Share, causes, shares
from transforms.detect.detector import Settings
from transforms.detect.figures import LEAST_P, band
from transforms.detect.floods import FloodKind
from transforms.detect.lifecycle import ALL_SOURCES, COOL_DOWN_HOURS, RESOLVE_HOURS, fingerprint

BASELINE_DAYS: Final = 28
LAUNCH_DAYS: Final = 14
QUOTES: Final = 5
FEWEST_QUOTED: Final = 5
"""Distinct people below which nobody is quoted, so that no quote can be laid at one person's door (theme_quotes)."""

PARTS_SHOWN: Final = 8
EARLIER_SHOWN: Final = 3
FLOODS_SHOWN: Final = 3


@dataclass(frozen=True)
class Circumstances:
    """What an alert is told under. `clock`: up to when feedback has come. `now`: what the clock on the wall says.

    Of hours that were over `tell_within` before `now` nobody is told. `alerts` and `actions` are those so far.
    `dashboard`: address to fill (`dashboard.filled`). `clock_jump`: seconds. `not_counted`: what was left out of hours.
    """

    now: datetime
    clock: datetime | None
    lateness: timedelta
    tell_within: timedelta
    settings: Settings
    alerts: Sequence[Alert] = ()
    actions: Sequence[AlertAction] = ()
    dashboard: str | None = None
    clock_jump: float = 0.0
    not_counted: Callable[[int, int], NotCounted] = lambda begin, end: NotCounted()


@dataclass(frozen=True)
class _Figures:
    since: int
    until: int
    observed: float
    expected: float
    dispersion: float
    surprise: float
    q: float | None
    learning: bool


def alert_of(snapshot: Snapshot, telling: Telling, about: Circumstances) -> Alert:
    """The alert that a telling makes. Raises `StaleSnapshotError` where vacuum was faster."""
    event, told = telling.event, telling.told
    product, touchpoint = event.place.product, event.place.touchpoint
    begin, until = _window(telling)
    first = instant_of(begin)
    days = [day_of_hour(hour) for hour in range(begin - (BASELINE_DAYS + 1) * 24, until + 24, 24)]
    with connected(snapshot, days) as connection:
        named: dict[str, Any] = {
            "product": product,
            "touchpoint": touchpoint,
            "begin": first,
            "end": instant_of(until),
            "days": BASELINE_DAYS,
        }
        SQL.rows(connection, "items", **named)
        voices = SQL.rows(connection, "voices", lateness_seconds=about.lateness.total_seconds())[0]
        figures = _figures(telling, voices["people"])
        of_dimensions = _shares(connection, figures, touchpoint)
        terms = _terms(connection, product, touchpoint)
        launch = SQL.rows(
            connection, "launch", product=product, before=instant_of(telling.start + 1), days=LAUNCH_DAYS
        )
        said_in = {
            row["hour"]: row["people"] for row in SQL.rows(connection, "hours", begin=first - timedelta(hours=72))
        }
        quotes = _quotes(connection, voices["authors"], terms)
    left_out = about.not_counted(begin, until)
    low, high = band(figures.expected, figures.dispersion)
    ratio = figures.observed / figures.expected if figures.expected > 0 else None
    resolved = telling.ends
    held = telling.held_back
    if held is None and about.now - instant_of(event.hour + 1) > about.tell_within:
        held = HELD_HISTORY
    return Alert(
        episode_id=event.episode_id,
        fingerprint=fingerprint(event.place),
        kind=event.kind,
        status=Status.RESOLVED if resolved else Status.FIRING,
        severity=severity_of(
            touchpoint,
            figures.observed - figures.expected,
            ratio,
            learning=figures.learning,
            before=telling.before,
        ),
        product=product,
        touchpoint=touchpoint,
        sources=tuple(sorted(event.members)),
        hour=event.hour,
        started_at=instant_of(telling.start),
        ended_at=instant_of(max(event.hour, telling.start) + 1) if resolved else None,
        window_start=first,
        window_end=instant_of(until),
        observed=figures.observed,
        expected=figures.expected,
        band_low=low,
        band_high=high,
        ratio=ratio,
        excess=figures.observed - figures.expected,
        surprise=figures.surprise,
        p=max(10.0**-figures.surprise, LEAST_P),
        q_value=figures.q,
        authors=voices["authors"],
        posts=voices["posts"],
        conversations=voices["conversations"],
        top_author_share=voices["most_posts"] / voices["posts"] if voices["posts"] else 0.0,
        model_version=voices["model_version"] or "",
        resolves_when=_resolves_when(resolved),
        notify=held is None,
        held_back=held,
        promotion=left_out.posts_of(product),
        control_ratio=told.control,
        parts=tuple(
            Part(
                name,
                one.value,
                one.observed,
                one.expected,
                one.share,
                one.baseline_share,
                one.surprise,
                one.explains,
            )
            for name, values in of_dimensions.items()
            for one in values[:PARTS_SHOWN]
        ),
        explanations=tuple(
            Explanation(cause.dimension, cause.values, cause.explains, cause.surprise)
            for cause in causes(of_dimensions)
        ),
        launch=_launch(launch, telling.start, of_dimensions),
        terms=terms,
        quotes=quotes,
        quality=_quality(telling, figures, voices["back_filled"], left_out, about),
        why=_why(told, event.place.touchpoint, about.settings),
        history=tuple(HourCount(hour, float(said_in.get(hour, 0.0)), usual) for hour, usual in told.usual),
        earlier=_earlier(event.episode_id, fingerprint(event.place), telling.start, about),
        dashboard_url=None
        if about.dashboard is None
        else filled(
            about.dashboard,
            product=product,
            touchpoint=touchpoint,
            episode=event.episode_id,
            begin=first,
            end=instant_of(until),
        ),
        sql=_query(product, touchpoint, first, instant_of(until)),
    )


def _window(telling: Telling) -> tuple[int, int]:
    """Hours that the figures count, end exclusive: since evidence came up, or since the episode began."""
    shown = None if telling.ends else telling.told.shown
    return telling.start if shown is None else shown.since, max(telling.window_until, telling.start + 1)


def _figures(telling: Telling, people: float) -> _Figures:
    told = telling.told
    begin, until = _window(telling)
    shown = told.shown
    surprise = max(telling.event.surprise, 0.0 if shown is None else shown.surprise)
    alone = told.event.members == {ALL_SOURCES}
    tested = [one.q for one in told.standings if one.since >= 0 and (alone or one.touchpoint != WHOLE_PRODUCT)]
    q = min(tested, default=None) if telling.event.kind in {Kind.OPENED, Kind.REOPENED} else None
    learning = bool(told.standings) and all(one.learning for one in told.standings)
    dispersion = 1.0 if shown is None else shown.dispersion
    if shown is not None and not telling.ends:
        observed, expected = shown.seen, shown.expected
    else:  # evidence is over: what was said in the whole of the episode
        usual = dict(told.usual)
        mean = sum(usual.values()) / len(usual) if usual else 0.0
        observed, expected = people, sum(usual.get(hour, mean) for hour in range(begin, until))
    return _Figures(begin, until, float(observed), float(expected), dispersion, surprise, q, learning)


def _shares(
    connection: duckdb.DuckDBPyConnection, figures: _Figures, touchpoint: str
) -> dict[str, tuple[Share, ...]]:
    during: dict[str, dict[str, float]] = defaultdict(dict)
    before: dict[str, dict[str, float]] = defaultdict(dict)
    for row in SQL.rows(connection, "parts"):
        if row["dimension"] == "touchpoint" and touchpoint != WHOLE_PRODUCT:
            continue
        during[row["dimension"]][row["value"]] = row["during"]
        before[row["dimension"]][row["value"]] = row["before"]
    return {
        name: shares(during[name], before[name], figures.observed, figures.expected) for name in sorted(during)
    }


def _terms(connection: duckdb.DuckDBPyConnection, product: str, touchpoint: str) -> tuple[Term, ...]:
    used = {
        row["word"]: (row["during"], row["before"])
        for row in SQL.rows(connection, "terms", least=LEAST_TERM_AUTHORS)
    }
    total = used.pop("", (0, 0))
    empty = function_words() | set(product.lower().split()) | {touchpoint}
    return tuple(
        Term(
            word,
            used[word][0],
            used[word][0] / total[0],
            used[word][1] / total[1] if total[1] else 0.0,
        )
        for word in telling_words(used, total, empty)
    )


def _quotes(connection: duckdb.DuckDBPyConnection, authors: int, terms: Sequence[Term]) -> tuple[Quote, ...]:
    if authors < FEWEST_QUOTED:
        return ()
    telling = frozenset(term.term for term in terms)
    return tuple(
        Quote(
            row["event_id"],
            row["source"],
            row["occurred_at"].astimezone(UTC),
            row["text_start"],
            row["text_end"],
            row["touchpoint"],
            row["version"],
        )
        for row in diverse(SQL.rows(connection, "quotes"), telling, QUOTES)
    )


def _launch(
    rows: Sequence[Mapping[str, Any]], start: int, of_dimensions: Mapping[str, Sequence[Share]]
) -> NearestLaunch | None:
    if not rows:
        return None
    row = rows[0]
    launched_at = row["launched_at"].astimezone(UTC)
    versions = {one.value: one.explains for one in of_dimensions.get("version", ())}
    return NearestLaunch(
        row["launch_id"],
        row["name"],
        launched_at,
        max(0.0, (instant_of(start) - launched_at).total_seconds() / 3600),
        row["version"],
        row["kind"],
        row["url"],
        versions.get(row["version"], 0.0) if versions and row["version"] is not None else None,
    )


def _quality(
    telling: Telling, figures: _Figures, back_filled: int, left_out: NotCounted, about: Circumstances
) -> Quality:
    place = telling.event.place
    notes = [_flood(note) for note in left_out.at(place.product, place.touchpoint)[:FLOODS_SHOWN]]
    if telling.told.event.place.product == "":
        notes.append("The source does not say which product this is about.")
    if figures.learning:
        notes.append("The series is under 14 days old: what is expected of it is not known well yet.")
    return Quality(
        watermark_lag_seconds=None if about.clock is None else max(0.0, (about.now - about.clock).total_seconds()),
        silent=telling.told.silent,
        learning=figures.learning,
        back_filled=back_filled,
        clock_jump_seconds=about.clock_jump,
        notes=tuple(notes),
    )


def _flood(note: FloodNote) -> str:
    """What was left out, or counted as one, in a sentence."""
    counted = "counted once" if note.kind is FloodKind.LOUD else "left out or counted once"
    return f"Not a crowd, and {counted}: {note}, {instant_of(note.hour):%Y-%m-%d %H:%M} UTC."


def _why(told: Told, touchpoint: str, settings: Settings) -> tuple[Reason, ...]:
    """What had to hold of the series that was called an alarm."""
    if touchpoint == WHOLE_PRODUCT and told.event.members != {ALL_SOURCES}:
        places = {one.touchpoint for one in told.standings if one.since >= 0} - {WHOLE_PRODUCT}
        members = told.event.members - {ALL_SOURCES}
        return (Reason("touchpoints with an episode", float(len(members) or len(places)), 3.0),)
    with_evidence = [one for one in told.standings if one.since >= 0]
    if not with_evidence or told.event.kind not in {Kind.OPENED, Kind.REOPENED, Kind.UPDATED}:
        return ()
    first, guards = with_evidence[0], settings.guards
    reasons = [
        Reason("authors", first.seen, guards.authors),
        Reason("hours with somebody", float(first.hours), guards.hours_with_somebody),
        Reason("authors more than expected", first.seen - first.expected, guards.excess),
        Reason("authors to those expected", first.seen / max(first.expected, 1e-9), guards.ratio),
    ]
    if told.event.kind is not Kind.UPDATED:
        reasons.append(Reason("false alarms among alarms", first.q, settings.q, at_most=True))
    return tuple(reasons)


def _resolves_when(resolved: bool) -> str:
    if resolved:
        return f"It is over; within {COOL_DOWN_HOURS} hours it may open again as the same episode."
    return (
        f"{RESOLVE_HOURS} hours in a row, at each of which the six hours before it brought no evidence of more than "
        "what is expected; hours in which its sources were silent do not count."
    )


def _earlier(episode_id: str, place: str, start: int, about: Circumstances) -> tuple[EarlierEpisode, ...]:
    episodes: dict[str, list[Alert]] = defaultdict(list)
    for alert in about.alerts:
        if alert.fingerprint == place and alert.episode_id != episode_id and hour_of(alert.started_at) < start:
            episodes[alert.episode_id].append(alert)
    feedback = {action.episode_id: action for action in about.actions if action.act is Act.FEEDBACK}
    found = []
    for name, alerts in episodes.items():
        answer = feedback.get(name)
        ratios = [alert.ratio for alert in alerts if alert.ratio is not None]
        found.append(
            EarlierEpisode(
                name,
                alerts[0].started_at,
                alerts[-1].ended_at,
                max(ratios, default=None),
                max(float(alert.authors) for alert in alerts),
                None if answer is None or answer.verdict is None else str(answer.verdict),
                None if answer is None else answer.note,
            )
        )
    return tuple(sorted(found, key=lambda one: one.started_at, reverse=True)[:EARLIER_SHOWN])


def _query(product: str, touchpoint: str, begin: datetime, end: datetime) -> str:
    """A query of the views that shows the clauses behind the figures."""
    of_product = "product IS NULL" if product == "" else f"product = {literal(product)}"
    at = "" if touchpoint == WHOLE_PRODUCT else f" AND touchpoint = {literal(touchpoint)}"
    return (
        "SELECT occurred_at, source, author, touchpoint, friction_p, text, url FROM mentions\n"
        f"WHERE friction AND {of_product}{at}\n"
        f"  AND day BETWEEN '{begin:%Y-%m-%d}' AND '{end:%Y-%m-%d}'\n"
        f"  AND occurred_at >= '{begin:%Y-%m-%d %H:%M}+00' AND occurred_at < '{end:%Y-%m-%d %H:%M}+00'\n"
        "ORDER BY occurred_at"
    )
