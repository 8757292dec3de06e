"""Impact: how many more people than expected met friction in the two weeks after a launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb

from pipelines.report.daily import DailyCounts
from pipelines.report.excess import Excess, dispersion, excess
from pipelines.report.queries import hold, rows
from pipelines.report.scope import Scope
from pipelines.report.series import ANY

WINDOW_DAYS: Final = 14
"""People are counted once in a window of this length after the launch, and in two such windows before it.

Windows of whole weeks hold the same weekdays.
"""

SHORTEST_WINDOW_DAYS: Final = 7
MINIMUM_PEOPLE: Final = 10
"""A launch, or a touchpoint of it, is ranked where at least so many people met friction after it."""


@dataclass(frozen=True)
class Launch:
    """One launch in the window of the report."""

    launch_id: str
    version: str | None
    day: date
    kind: str
    touchpoints: tuple[str, ...]
    title: str | None

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.title or self.version or f"the {self.kind} of {self.day}"

    @property
    def label(self) -> str:
        """What to call it on an axis."""
        return self.version or self.title or self.day.isoformat()


@dataclass(frozen=True)
class Impact:
    """A launch with its excess by touchpoint, `any` among them; empty, with the reason, where it cannot be said."""

    launch: Launch
    days: int
    by_touchpoint: Mapping[str, Excess]
    unranked: str | None = None

    @property
    def overall(self) -> Excess | None:
        """Excess over all touchpoints, each person counted once."""
        return self.by_touchpoint.get(ANY)

    @property
    def parts(self) -> list[tuple[str, Excess]]:
        """Touchpoints with enough people to speak of, the surest rise first."""
        enough = [
            (name, found)
            for name, found in self.by_touchpoint.items()
            if name != ANY and max(found.observed, found.expected) >= MINIMUM_PEOPLE
        ]
        return sorted(enough, key=lambda part: (-part[1].low, part[0]))


def read_launches(connection: duckdb.DuckDBPyConnection, scope: Scope) -> list[Launch]:
    """Launches of the window, in order of time."""
    return [
        Launch(
            launch_id=row["launch_id"],
            version=row["version"],
            day=row["day"],
            kind=row["kind"],
            touchpoints=tuple(row["touchpoints"]),
            title=row["title"],
        )
        for row in rows(connection, "launches", **scope.parameters)
    ]


def measure_impacts(
    connection: duckdb.DuckDBPyConnection, scope: Scope, launches: Sequence[Launch], daily: DailyCounts
) -> list[Impact]:
    """Every launch with its excess, the launch that surely hurt most first.

    The order is that of the lower bound, so that a small series with a wide interval does not come first by luck;
    launches that cannot be ranked come last, in order of time.
    """
    windows = {launch.launch_id: _windows(launch, scope, daily.begins) for launch in launches}
    spans = [
        (f"{launch.launch_id} {place}", first, last)
        for launch in launches
        for place, (first, last) in enumerate(windows[launch.launch_id])
    ]
    hold(connection, "spans", "span VARCHAR, first_day DATE, last_day DATE", spans)
    people: dict[tuple[str, str], int] = {
        (row["span"], row["touchpoint"]): row["friction_authors"] for row in rows(connection, "windows")
    }
    impacts = [_impact(launch, windows[launch.launch_id], people, daily) for launch in launches]
    ranked = [impact for impact in impacts if impact.overall is not None]
    ranked.sort(key=lambda impact: (-(impact.overall.low if impact.overall else 0.0), impact.launch.day))
    return [*ranked, *(impact for impact in impacts if impact.overall is None)]


def worst_by_touchpoint(impacts: Sequence[Impact]) -> dict[str, tuple[Impact, Excess]]:
    """For each touchpoint the launch after which friction rose most surely; touchpoints without one are left out."""
    worst: dict[str, tuple[Impact, Excess]] = {}
    for impact in impacts:
        for touchpoint, found in impact.parts:
            if found.low > 0 and (touchpoint not in worst or found.low > worst[touchpoint][1].low):
                worst[touchpoint] = (impact, found)
    return dict(sorted(worst.items(), key=lambda item: -item[1][1].low))


def _windows(launch: Launch, scope: Scope, known_from: date) -> list[tuple[date, date]]:
    """First and last day of the window after the launch and of those before it that are known, newest first.

    Less than one week after or no whole window before leaves the first one alone: nothing to compare.
    """
    days = min(WINDOW_DAYS, (scope.last_day - launch.day).days + 1)
    starts = [launch.day, launch.day - timedelta(days=WINDOW_DAYS), launch.day - timedelta(days=2 * WINDOW_DAYS)]
    return [
        (first, first + timedelta(days=days - 1)) for first in starts if first >= known_from or first == launch.day
    ]


def _impact(
    launch: Launch,
    windows: Sequence[tuple[date, date]],
    people: Mapping[tuple[str, str], int],
    daily: DailyCounts,
) -> Impact:
    first, last = windows[0]
    days = (last - first).days + 1
    if days < SHORTEST_WINDOW_DAYS:
        return Impact(launch, days, {}, f"only {days} day{'s' if days > 1 else ''} of feedback after it")
    if len(windows) == 1:
        return Impact(launch, days, {}, f"less than {WINDOW_DAYS} days of feedback before it")
    silent = sum(windows[-1][0] <= day <= last for day in daily.gaps)
    if silent:
        return Impact(
            launch, days, {}, f"all sources were silent on {silent} of the days compared: see launch_impact"
        )
    measured = {}
    for touchpoint in daily.counts:
        after, *before = (
            people.get((f"{launch.launch_id} {place}", touchpoint), 0) for place in range(len(windows))
        )
        baseline = daily.between(touchpoint, windows[-1][0], launch.day - timedelta(days=1))
        measured[touchpoint] = excess(after, before, dispersion(baseline, before))
    overall = measured.get(ANY)
    if overall is None or max(overall.observed, overall.expected) < MINIMUM_PEOPLE:
        return Impact(launch, days, {}, f"fewer than {MINIMUM_PEOPLE} people met friction around it")
    return Impact(launch, days, measured)
