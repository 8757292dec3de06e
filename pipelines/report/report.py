"""Report: everything the page and the terminal summary show, measured once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from pipelines.report.daily import DailyCounts, read_daily
from pipelines.report.excess import Excess
from pipelines.report.impact import (
    WINDOW_DAYS,
    Impact,
    Launch,
    measure_impacts,
    read_launches,
    worst_by_touchpoint,
)
from pipelines.report.queries import Row, rows
from pipelines.report.quotes import Quote, choose_quotes
from pipelines.report.scope import Scope
from pipelines.report.series import (
    ANY,
    LONGEST_DAILY_WINDOW_DAYS,
    LONGEST_DAILY_WINDOW_OF_TOUCHPOINT_DAYS,
    Series,
    read_series,
)
from pipelines.report.standouts import StandOut, find_stand_outs
from pipelines.report.words import Episode, distinguishing_words
from schemas.touchpoint import OTHER

_QUOTES_OF_TOUCHPOINT = 5
_QUOTES_OF_EPISODE = 3
_TOUCHPOINTS_QUOTED = 8


@dataclass(frozen=True)
class WorstLaunch:
    """The launch that hurt most, at the touchpoint where it hurt most, with the words and quotes that tell."""

    impact: Impact
    overall: Excess
    touchpoint: str
    excess: Excess
    words: Sequence[str]
    quotes: Sequence[Quote]


@dataclass(frozen=True)
class Report:
    """One product over one window. `launches` are those of the window, `impacts` the same in order of harm.

    `series` is for all touchpoints together, `by_touchpoint` for each; their grains may differ.
    """

    scope: Scope
    totals: Row
    series: Series
    by_touchpoint: Series
    daily: DailyCounts
    launches: Sequence[Launch]
    impacts: Sequence[Impact]
    worst: WorstLaunch | None
    worst_by_touchpoint: Mapping[str, tuple[Impact, Excess]]
    stand_outs: Sequence[StandOut]
    quotes: Mapping[str, Sequence[Quote]]
    sources: Sequence[Row]
    versions: Mapping[str, int]
    as_of: datetime | None
    models: Sequence[str]


def compose(
    connection: duckdb.DuckDBPyConnection, scope: Scope, versions: Mapping[str, int], as_of: datetime | None = None
) -> Report:
    """Measure a report. `versions` are the log versions of the tables that `connection` reads, `as_of` an instant.

    Makes temporary tables in `connection`, so that the views are read once; run it on a connection of its own.
    """
    for table in ("heard", "said", "complaints"):
        rows(connection, table, **scope.parameters)
    series = read_series(connection, scope, LONGEST_DAILY_WINDOW_DAYS)
    by_touchpoint = read_series(connection, scope, LONGEST_DAILY_WINDOW_OF_TOUCHPOINT_DAYS)
    daily = read_daily(connection, scope)
    known = read_launches(connection, scope)
    launches = [launch for launch in known if launch.day >= scope.first_day]
    impacts = measure_impacts(connection, scope, launches, daily)
    stand_outs = find_stand_outs(scope, daily, known)
    hurt = _hurt_most(impacts)
    around = _around(hurt, scope)
    episodes = [*([around] if around else ()), *(found.episode for found in stand_outs)]
    words = distinguishing_words(connection, scope, episodes)
    quotes = choose_quotes(connection, scope, episodes, words, _QUOTES_OF_EPISODE)
    return Report(
        scope=scope,
        totals=rows(connection, "totals", **scope.parameters)[0],
        series=series,
        by_touchpoint=by_touchpoint,
        daily=daily,
        launches=launches,
        impacts=impacts,
        worst=None
        if hurt is None or around is None
        else WorstLaunch(*hurt, words[around.key], quotes[around.key]),
        worst_by_touchpoint=worst_by_touchpoint(impacts),
        stand_outs=[found.telling(words[found.episode.key], quotes[found.episode.key]) for found in stand_outs],
        quotes=_touchpoint_quotes(connection, scope, series),
        sources=rows(connection, "sources", **scope.parameters),
        versions=versions,
        as_of=as_of,
        models=[row["model_version"] for row in rows(connection, "models", **scope.parameters)],
    )


def _hurt_most(impacts: Sequence[Impact]) -> tuple[Impact, Excess, str, Excess] | None:
    """The first impact, where its rise is beyond chance, with its worst touchpoint."""
    if not impacts or impacts[0].overall is None or impacts[0].overall.low <= 0:
        return None
    impact, overall = impacts[0], impacts[0].overall
    named = [part for part in impact.parts if part[0] != OTHER]
    touchpoint, found = max(named, key=lambda part: part[1].low) if named else (ANY, overall)
    return impact, overall, touchpoint, found


def _around(hurt: tuple[Impact, Excess, str, Excess] | None, scope: Scope) -> Episode | None:
    if hurt is None:
        return None
    launch = hurt[0].launch
    last_day = min(launch.day + timedelta(days=WINDOW_DAYS - 1), scope.last_day)
    return Episode(f"launch {launch.launch_id}", hurt[2], launch.day, last_day)


def _touchpoint_quotes(
    connection: duckdb.DuckDBPyConnection, scope: Scope, series: Series
) -> dict[str, Sequence[Quote]]:
    touchpoints = [name for name in series.touchpoints if name != OTHER][:_TOUCHPOINTS_QUOTED]
    episodes = [Episode(name, name, scope.first_day, scope.last_day) for name in touchpoints]
    nothing: dict[str, Any] = {}
    chosen = choose_quotes(connection, scope, episodes, nothing, _QUOTES_OF_TOUCHPOINT)
    return {name: found for name, found in chosen.items() if found}
