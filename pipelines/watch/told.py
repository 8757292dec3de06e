"""Told: an event of the lifecycle with what the detector knew when it came, which is what an alert rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import numpy as np

from transforms.detect.baseline import expect
from transforms.detect.clock import local_hour
from transforms.detect.detector import Scores, State
from transforms.detect.figures import busyness, q_values
from transforms.detect.layout import Floats, Ints, Layout, SeriesKey
from transforms.detect.lifecycle import ALL_TOUCHPOINTS, Event, Place
from transforms.detect.silence import SILENT_EXPECTED

SHOWN_HOURS: Final = 72
"""Of the hours before an event it is told what was usual."""


@dataclass(frozen=True)
class Standing:
    """One series at the close of an hour: what was seen since `since`, and what was to be expected.

    `hours`: those of them with anybody. `since` is -1 where the series has no evidence.
    """

    touchpoint: str
    source: str | None
    since: int
    seen: float
    expected: float
    hours: int
    dispersion: float
    surprise: float
    q: float
    learning: bool


@dataclass(frozen=True)
class Told:
    """An event of the lifecycle, and what the detector knew when it came.

    `standings`: the series behind it, the most surprising first; of a whole product its own, then its touchpoints'.
    `control`: how much busier the product was than usual. `silent`: its sources that deliver nothing. `usual`: people
    to be expected in each of the last hours, oldest first, over all sources.
    """

    event: Event
    standings: tuple[Standing, ...] = ()
    control: float | None = None
    silent: tuple[str, ...] = ()
    usual: tuple[tuple[int, float], ...] = ()

    @property
    def shown(self) -> Standing | None:
        """The series whose figures are shown: the sum over sources, or a single one where the sum has no evidence."""
        with_evidence = [one for one in self.standings if one.since >= 0]
        if self.event.place.touchpoint == ALL_TOUCHPOINTS:
            with_evidence = [one for one in with_evidence if one.touchpoint == ALL_TOUCHPOINTS]
        return next((one for one in with_evidence if one.source is None), next(iter(with_evidence), None))


def facts(
    series: Layout, before: State, after: State, scores: Scores, since: Ints, events: Sequence[Event], zone: tzinfo
) -> tuple[Told, ...]:
    """What the detector, `before` and `after` the hour, knew of each of its events. `since` (K,): as of `Standing`."""
    q = q_values(series, before, scores)
    told = []
    for event in events:
        rows = [row for row, key in enumerate(series.keys) if _is_of(key, event.place)]
        of_event = series.keys.index(SeriesKey(event.place.product, event.place.touchpoint))
        whole = series.wide
        on = [row for row in rows if scores.active[row] or scores.alarm[row] or whole[row]]
        on = on if len(on) > int(whole[of_event]) else rows
        on.sort(key=lambda row: (not whole[row], -scores.surprise[row], -after.stretch.seen[row], row))
        told.append(
            Told(
                event,
                tuple(_standing(series, after, scores, since, q, row) for row in on),
                busyness(after.control, series.products.index(event.place.product)),
                _silent(series, after, event.place.product),
                _usual(series, after, of_event, event.hour, zone),
            )
        )
    return tuple(told)


def _standing(series: Layout, after: State, scores: Scores, since: Ints, q: Floats, row: int) -> Standing:
    key = series.keys[row]
    return Standing(
        key.touchpoint,
        key.source,
        int(since[row]),
        float(after.stretch.seen[row]),
        float(after.stretch.expected[row]),
        int(after.stretch.hours[row]),
        float(scores.variance[row] / max(scores.mean[row], 1e-12)),
        float(scores.surprise[row]),
        float(q[row]),
        bool(scores.learning[row]),
    )


def _silent(series: Layout, after: State, product: str) -> tuple[str, ...]:
    """Sources of the product that deliver nothing."""
    silent = after.silence.missing >= SILENT_EXPECTED
    feeds = {
        str(key.source)
        for key, feed in zip(series.keys, series.feed.tolist(), strict=True)
        if key.product == product and feed >= 0 and silent[feed]
    }
    return tuple(sorted(feeds))


def _usual(series: Layout, after: State, row: int, hour: int, zone: tzinfo) -> tuple[tuple[int, float], ...]:
    alone = np.ones(len(series))
    of_hours = []
    for at in range(hour - SHOWN_HOURS + 1, hour + 1):
        mean = expect(after.baseline, series.pool, *local_hour(at, zone), alone).mean
        of_hours.append((at, round(float(mean[row]), 4)))
    return tuple(of_hours)


def _is_of(key: SeriesKey, place: Place) -> bool:
    return key.product == place.product and place.touchpoint in {key.touchpoint, "*"}
