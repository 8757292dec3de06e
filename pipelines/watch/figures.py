"""Figures: of an alert's window, how many people there were, how many were to be expected, and how rare that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.watch.ledger import Telling
from schemas.alert import WHOLE_PRODUCT, Kind
from transforms.detect.lifecycle import ALL_SOURCES

LEAD_HOURS: Final = 3 * 24
"""So long at most evidence adds up before it is enough for an alarm."""


@dataclass(frozen=True)
class Figures:
    """Of the hours from `since` until before `until`; `q` is None where it was not tested in this hour."""

    since: int
    until: int
    observed: float
    expected: float
    dispersion: float
    surprise: float
    q: float | None
    learning: bool


def window_of(telling: Telling) -> tuple[int, int]:
    """Hours that the figures count, end exclusive: since evidence came up, or since the episode began.

    Evidence that came up long before the episode is that of the one it was split from.
    """
    shown = None if telling.ends else telling.told.shown
    begin = telling.start if shown is None or shown.since < telling.start - LEAD_HOURS else shown.since
    return begin, max(telling.window_until, telling.start + 1)


def figures_of(telling: Telling, people: float) -> Figures:
    """The figures of `window_of`, in which `people` were counted."""
    told = telling.told
    begin, until = window_of(telling)
    shown = told.shown
    surprise = max(telling.event.surprise, 0.0 if shown is None else shown.surprise)
    alone = told.event.members == {ALL_SOURCES}
    tested = [one.q for one in told.standings if one.since >= 0 and (alone or one.touchpoint != WHOLE_PRODUCT)]
    q = min(tested, default=None) if telling.event.kind in {Kind.OPENED, Kind.REOPENED} else None
    learning = bool(told.standings) and all(one.learning for one in told.standings)
    dispersion = 1.0 if shown is None else shown.dispersion
    if shown is not None and not telling.ends and begin == shown.since:
        observed, expected = shown.seen, shown.expected
    else:  # what was said in the whole of the episode
        usual = dict(told.usual)
        mean = sum(usual.values()) / len(usual) if usual else 0.0
        observed, expected = people, sum(usual.get(hour, mean) for hour in range(begin, until))
    return Figures(begin, until, float(observed), float(expected), dispersion, surprise, q, learning)
