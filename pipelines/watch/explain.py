"""Explain: an alert, from what the detector knew and what people said, as the tables have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.quoting import literal
from pipelines.snapshot import Snapshot
from pipelines.watch.dashboard import filled
from pipelines.watch.days import SQL, connected
from pipelines.watch.evidence import day_of_hour, hour_of, instant_of
from pipelines.watch.figures import figures_of, window_of
from pipelines.watch.ledger import HELD_HISTORY, Telling
from pipelines.watch.left_out import NotCounted
from pipelines.watch.reasons import is_everywhere, quality_of, resolves_when, why_told
from pipelines.watch.voices import launch_of, quotes_of, shares_of, terms_of
from schemas.alert import (
    WHOLE_PRODUCT,
    Alert,
    EarlierEpisode,
    Explanation,
    HourCount,
    Part,
    Status,
    severity_of,
)
from schemas.alert_action import Act, AlertAction
from transforms.detect.attribution import causes
from transforms.detect.detector import Settings
from transforms.detect.figures import LEAST_P, band
from transforms.detect.lifecycle import fingerprint

BASELINE_DAYS: Final = 28
LAUNCH_DAYS: Final = 14
PARTS_SHOWN: Final = 8
EARLIER_SHOWN: Final = 3


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


def alert_of(snapshot: Snapshot, telling: Telling, about: Circumstances) -> Alert:
    """The alert that a telling makes. Raises `StaleSnapshotError` where vacuum was faster."""
    event, told = telling.event, telling.told
    product, touchpoint = event.place.product, event.place.touchpoint
    begin, until = window_of(telling)
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
        figures = figures_of(telling, voices["people"])
        of_dimensions = shares_of(connection, figures, touchpoint)
        terms = terms_of(connection, product, touchpoint)
        launch = SQL.rows(
            connection, "launch", product=product, before=instant_of(telling.start + 1), days=LAUNCH_DAYS
        )
        said_in = {
            row["hour"]: row["people"] for row in SQL.rows(connection, "hours", begin=first - timedelta(hours=72))
        }
        quotes = quotes_of(connection, voices["authors"], terms)
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
            figures.observed - figures.expected,
            ratio,
            everywhere=is_everywhere(told),
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
        resolves_when=resolves_when(resolved),
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
        launch=launch_of(launch, telling.start, of_dimensions),
        terms=terms,
        quotes=quotes,
        quality=quality_of(
            telling,
            figures,
            left_out,
            back_filled=voices["back_filled"],
            lag_seconds=None if about.clock is None else max(0.0, (about.now - about.clock).total_seconds()),
            clock_jump=about.clock_jump,
        ),
        why=why_told(told, about.settings),
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
