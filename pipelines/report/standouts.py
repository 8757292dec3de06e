"""Days that stand out: friction far above what the same weekdays before promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from pipelines.report.daily import DailyCounts
from pipelines.report.excess import Exceedance, exceedance
from pipelines.report.impact import Launch
from pipelines.report.quotes import Quote
from pipelines.report.scope import BASELINE_DAYS, Scope
from pipelines.report.series import ANY
from pipelines.report.words import Episode
from schemas.touchpoint import OTHER

SCORE: Final = 3.72
"""Standard deviations: by chance one day in ten thousand, one in two and a half years over eleven touchpoints."""

MINIMUM_PEOPLE: Final = 8
MINIMUM_EXCESS: Final = 5
LAUNCH_NEAR_DAYS: Final = 14
SHOWN: Final = 12


@dataclass(frozen=True)
class StandOut:
    """Consecutive days that stand out, told by their highest one.

    `touchpoint` is the one with the highest score on the peak day, `also` the others that stand out in these days.
    `launch` is the last launch up to `LAUNCH_NEAR_DAYS` before the peak.
    """

    first_day: date
    last_day: date
    peak: date
    touchpoint: str
    exceedance: Exceedance
    also: tuple[str, ...]
    launch: Launch | None
    words: Sequence[str] = ()
    quotes: Sequence[Quote] = ()

    @property
    def episode(self) -> Episode:
        """The peak day, for its words and quotes."""
        return Episode(f"day {self.peak}", self.touchpoint, self.peak, self.peak)

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return (self.last_day - self.first_day).days + 1

    def telling(self, words: Sequence[str], quotes: Sequence[Quote]) -> StandOut:
        """The same with its words and quotes."""
        return replace(self, words=tuple(words), quotes=tuple(quotes))


def find_stand_outs(scope: Scope, daily: DailyCounts, launches: Sequence[Launch]) -> list[StandOut]:
    """At most `SHOWN` episodes, the furthest above their baseline first.

    Days that stand out one after the other are one episode, whatever their touchpoints: one problem is one row.
    """
    hits: dict[date, dict[str, Exceedance]] = {}
    for touchpoint in daily.counts:
        for day, found in _hits(scope, daily, touchpoint):
            hits.setdefault(day, {})[touchpoint] = found
    episodes = [_tell(days, hits, launches) for days in _runs(sorted(hits))]
    episodes.sort(key=lambda episode: (-episode.exceedance.score, episode.peak))
    return episodes[:SHOWN]


def _hits(scope: Scope, daily: DailyCounts, touchpoint: str) -> Iterable[tuple[date, Exceedance]]:
    for offset in range(scope.days):
        day = scope.first_day + timedelta(days=offset)
        (observed,) = daily.between(touchpoint, day, day)
        if observed is None or observed < MINIMUM_PEOPLE:
            continue
        before = daily.between(touchpoint, day - timedelta(days=BASELINE_DAYS), day - timedelta(days=1))
        whole_weeks = before[len(before) % 7 :]
        found = exceedance(observed, whole_weeks, SCORE)
        if found is not None and found.score >= SCORE and observed - found.expected >= MINIMUM_EXCESS:
            yield day, found


def _runs(days: Sequence[date]) -> list[list[date]]:
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _tell(days: Sequence[date], hits: dict[date, dict[str, Exceedance]], launches: Sequence[Launch]) -> StandOut:
    def rank(day: date, touchpoint: str) -> tuple[bool, float]:
        # A named touchpoint says more than "somewhere", even where the sum of all is further out.
        return touchpoint not in (ANY, OTHER), hits[day][touchpoint].score

    peak, touchpoint = max(((day, name) for day in days for name in hits[day]), key=lambda hit: rank(*hit))
    named = {name for day in days for name in hits[day]} - {touchpoint, ANY}
    near = [launch for launch in launches if 0 <= (peak - launch.day).days <= LAUNCH_NEAR_DAYS]
    return StandOut(
        first_day=days[0],
        last_day=days[-1],
        peak=peak,
        touchpoint=touchpoint,
        exceedance=hits[peak][touchpoint],
        also=tuple(sorted(named)),
        launch=max(near, key=lambda launch: launch.day) if near else None,
    )
