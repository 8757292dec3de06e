"""Judge: alarms against the truth of a world. Episodes are counted, never hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes import world as simulated
from benchmarks.spikes.world import HOURS, PRODUCTS, SERIES, SOURCES, TOUCHPOINTS, WARM_UP, WEEK_HOURS, World
from schemas.alert import Kind
from transforms.detect.lifecycle import ALL_TOUCHPOINTS, Event

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

GAP_HOURS: Final = 18
"""Six hours to resolve and twelve of cool-down: what comes back within them is the same episode."""

GRACE_HOURS: Final = 3
"""An alarm this long after the end of an incident still belongs to it."""

BUDGET: Final = 0.005
"""False episodes a series and week at which rules are compared."""

TEST_WEEKS: Final = (HOURS - WARM_UP) / WEEK_HOURS
SIZES: Final = (10, 20, 40)
NEVER: Final = HOURS * 10


@dataclass(frozen=True)
class Episodes:
    """Row (series, or 600 + product x touchpoint), first hour and hour after the last."""

    row: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def episodes(on: Flags, gap: int = GAP_HOURS) -> Episodes:
    """Stretches of flagged hours of (rows, hours) after the warm-up; gaps of up to `gap` hours are bridged."""
    row, hour = np.nonzero(on[:, WARM_UP:])
    hour += WARM_UP
    if not len(row):
        return Episodes(row, hour, hour)
    new = np.concatenate([[True], (np.diff(row) != 0) | (np.diff(hour) > gap)])
    last = np.concatenate([np.nonzero(new)[0][1:], [len(row)]]) - 1
    return Episodes(row[new], hour[new], hour[last] + 1)


def rows_of(event: simulated.Event) -> NDArray[np.int64]:
    """Rows an event shows in: its series, and the sum over sources."""
    return np.concatenate([event.series, SERIES + np.unique(event.series // SOURCES)])


def truth(events: Iterable[simulated.Event]) -> NDArray[np.int64]:
    """(rows, hours): number of the event an hour belongs to, -1 for none."""
    owner = np.full((SERIES + SERIES // SOURCES, HOURS), -1, dtype=np.int64)
    for number, event in enumerate(events):
        owner[rows_of(event), event.start : event.end + GRACE_HOURS] = number
    return owner


@dataclass
class Verdict:
    """What came of one rule on one world."""

    extra: NDArray[np.int64]
    delay: NDArray[np.int64]
    """Hours from onset to the hour that raised the alarm; `NEVER` for a miss."""
    found_episodes: int
    false_episodes: int
    causes: Counter[str] = field(default_factory=Counter)


def judge(world: World, on: Flags, owner: NDArray[np.int64], *, opens: Flags | None = None) -> Verdict:
    """Match flagged hours with incidents; `opens` where an alarm's first hour is known better than from the gaps."""
    if opens is None:
        found = episodes(on)
    else:
        row, hour = np.nonzero(opens[:, WARM_UP:])
        found = Episodes(row, hour + WARM_UP, hour + WARM_UP + 1)
    touched = np.cumsum(np.pad(owner[: len(on)] >= 0, ((0, 0), (1, 0))), axis=1)
    true = touched[found.row, found.end] > touched[found.row, found.start]
    flagged = on if opens is None else opens
    delay = [_delay(flagged, incident) for incident in world.incidents]
    names, going_on = _causes(world)
    causes = Counter(
        names[int(going_on[row, start:end].max(initial=0))]
        for row, start, end in zip(found.row[~true], found.start[~true], found.end[~true], strict=True)
    )
    extra = np.array([incident.extra for incident in world.incidents], dtype=np.int64)
    return Verdict(extra, np.array(delay, dtype=np.int64), int(true.sum()), int((~true).sum()), causes)


def _delay(on: Flags, incident: simulated.Event) -> int:
    rows = rows_of(incident)
    hours = np.nonzero(on[rows[rows < len(on)], incident.start : incident.end + GRACE_HOURS].any(axis=0))[0]
    return int(hours[0]) if len(hours) else NEVER


def _causes(world: World) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """What goes on beside incidents, by name, and (rows, hours) which of them; the later name covers the earlier."""
    names = ("noise", "launch", "flood", "loud author", "outage")
    going_on = np.zeros((SERIES + SERIES // SOURCES, HOURS), dtype=np.int8)
    for number, events in enumerate((world.launches, world.floods, world.loud, world.outages), start=1):
        for event in events:
            going_on[rows_of(event), event.start : event.end + 1] = number
    return names, going_on


def recall(verdicts: Sequence[Verdict]) -> tuple[float, ...]:
    """Share of incidents with at least 10, 20 and 40 extra authors that raised an alarm."""
    extra = np.concatenate([verdict.extra for verdict in verdicts])
    caught = np.concatenate([verdict.delay for verdict in verdicts]) < NEVER
    return tuple(float(caught[extra >= size].mean()) if (extra >= size).any() else float("nan") for size in SIZES)


def delays(verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """Median and 90 % quantile of the delay of caught incidents with at least 10 extra authors."""
    extra = np.concatenate([verdict.extra for verdict in verdicts])
    delay = np.concatenate([verdict.delay for verdict in verdicts])
    caught = delay[(delay < NEVER) & (extra >= SIZES[0])]
    return (float(np.median(caught)), float(np.quantile(caught, 0.9))) if len(caught) else (float("nan"),) * 2


def false_per_series_week(verdicts: Sequence[Verdict]) -> float:
    """False episodes, of both levels, for each of the 600 series and weeks."""
    return sum(verdict.false_episodes for verdict in verdicts) / (len(verdicts) * SERIES * TEST_WEEKS)


def at_budget(worlds: Sequence[World], scores: Sequence[Floats], budget: float = BUDGET) -> list[Verdict]:
    """Verdicts at the lowest threshold whose false episodes stay within the budget."""
    owners = [truth(world.incidents) for world in worlds]
    low, high = 0.0, float(max(score[:, WARM_UP:].max() for score in scores)) + 1

    def verdicts(threshold: float) -> list[Verdict]:
        return [
            judge(world, score >= threshold, owner)
            for world, score, owner in zip(worlds, scores, owners, strict=True)
        ]

    for _ in range(16):
        middle = (low + high) / 2
        false = sum(
            len(found.row) - _true_episodes(found, owner)
            for score, owner in zip(scores, owners, strict=True)
            for found in [episodes(score >= middle)]
        )
        within = false <= budget * len(worlds) * SERIES * TEST_WEEKS
        low, high = (low, middle) if within else (middle, high)
    return verdicts(high)


def _true_episodes(found: Episodes, owner: NDArray[np.int64]) -> int:
    touched = np.cumsum(np.pad(owner >= 0, ((0, 0), (1, 0))), axis=1)
    return int((touched[found.row, found.end] > touched[found.row, found.start]).sum())


def notifications(world: World, active: Flags) -> tuple[int, int]:
    """Stretches of a touchpoint, sources grouped, that concern an incident; and the incidents they notice."""
    grouped = active[:SERIES].reshape(-1, SOURCES, HOURS).any(axis=1) | active[SERIES:]
    found = episodes(grouped, gap=12)
    owner = truth(world.incidents)
    owners = [
        set(owner[SERIES + row, start:end].tolist()) - {-1}
        for row, start, end in zip(found.row, found.start, found.end, strict=True)
    ]
    return sum(bool(each) for each in owners), len(set().union(*owners)) if owners else 0


def opens(world: World, told: Iterable[Event]) -> tuple[int, int, int]:
    """Notifications that something opened or reopened: true ones, false ones, and the incidents they notice."""
    owner, noticed, true, false = truth(world.incidents), set[int](), 0, 0
    places = {f"product {p:02}": p * TOUCHPOINTS for p in range(PRODUCTS)}
    for event in told:
        if event.kind not in {Kind.OPENED, Kind.REOPENED}:
            continue
        first = SERIES + places[event.place.product]
        one = event.place.touchpoint != ALL_TOUCHPOINTS
        rows = [first + int(event.place.touchpoint.split()[1])] if one else range(first, first + TOUCHPOINTS)
        concerns = {int(owner[row, event.hour]) for row in rows} - {-1}
        noticed |= concerns
        true, false = true + bool(concerns), false + (not concerns)
    return true, false, len(noticed)
