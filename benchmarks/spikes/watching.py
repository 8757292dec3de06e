"""Watching: the detector over a simulated world, and an oracle that knows the world's mean."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes.judge import GRACE_HOURS, rows_of
from benchmarks.spikes.world import (
    FIRST_HOUR,
    HOURS,
    PRODUCTS,
    SERIES,
    SOURCES,
    TOUCHPOINTS,
    WARM_UP,
    World,
    level_counts,
)
from transforms.detect import calibration, cusum
from transforms.detect.baseline import LEVEL_UNCERTAINTY, Expected
from transforms.detect.clock import local_hour
from transforms.detect.detector import Hour, Scores, Settings, State, empty_state, state_bytes, step
from transforms.detect.launches import since_launch
from transforms.detect.layout import ALL_TOUCHPOINTS, Layout, SeriesKey, layout
from transforms.detect.lifecycle import Book, Event, advance_all, signals

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def product_name(product: int) -> str:
    """In the order of their numbers when sorted."""
    return f"product {product:02}"


def watched() -> Layout:
    """All series of a world, then the sums over sources, then the products."""
    sources = [
        SeriesKey(product_name(p), f"touchpoint {t}", f"source {s}")
        for p in range(PRODUCTS)
        for t in range(TOUCHPOINTS)
        for s in range(SOURCES)
    ]
    sums = [SeriesKey(*key[:2]) for key in sources if key.source == "source 0"]
    return layout([*sources, *sums, *(SeriesKey(product_name(p), ALL_TOUCHPOINTS) for p in range(PRODUCTS))])


@dataclass(frozen=True)
class Watched:
    """What the detector said of series and sums over sources, arrays of shape (rows, hours), and what it cost."""

    surprise: NDArray[np.float32]
    stratum: NDArray[np.int8]
    ready: Flags
    """Neither learning nor gated."""
    score: NDArray[np.float32]
    """Surprise where the guards allow an alarm, 0 elsewhere."""
    alarm: Flags
    active: Flags
    key_hours_per_second: float
    state_bytes_per_key: float


@dataclass(frozen=True)
class Known:
    """What is known besides the counts."""

    calendar: bool = False
    """Launches, and releases that are none, beforehand."""
    zone: tzinfo = UTC


def watch(
    world: World, counts: NDArray[np.int64], settings: Settings | None = None, known: Known | None = None
) -> Watched:
    """Every hour of these counts, (series, hour), in order, with sums over sources and whole products beside them."""
    rows = SERIES + SERIES // SOURCES
    shape = (rows, HOURS)
    surprise, stratum = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.int8)
    flags = {name: np.zeros(shape, dtype=bool) for name in ("enough", "learning", "gated", "alarm", "active")}
    began = time.process_time()
    state = empty_state(watched())
    for hour, (after, scores) in enumerate(hours(world, counts, settings, known)):
        state = after
        surprise[:, hour], stratum[:, hour] = scores.surprise[:rows], scores.stratum[:rows]
        for name, of_hours in flags.items():
            of_hours[:, hour] = getattr(scores, name)[:rows]
    seconds = time.process_time() - began
    ready = ~flags["learning"] & ~flags["gated"]
    return Watched(
        surprise,
        stratum,
        ready,
        np.where(flags["enough"] & ready, surprise, 0).astype(np.float32),
        flags["alarm"],
        flags["active"],
        len(watched()) * HOURS / seconds,
        len(state_bytes(state)) / len(watched()),
    )


def hours(
    world: World, counts: NDArray[np.int64], settings: Settings | None = None, known: Known | None = None
) -> Iterator[tuple[State, Scores]]:
    """State and scores after each hour."""
    series, state = watched(), empty_state(watched())
    known = known or Known()
    calendar: dict[str, list[int]] = {}
    for product, hour in world.calendar if known.calendar else ():
        calendar.setdefault(product_name(product), []).append(FIRST_HOUR + hour)
    of_products = counts.reshape(PRODUCTS, -1, HOURS).sum(
        axis=1
    )  # nobody writes at two touchpoints in these worlds
    all_levels = np.concatenate([counts, level_counts(counts), of_products]).astype(np.float64)
    control = world.control.astype(np.float64)
    for hour in range(HOURS):
        since = since_launch(calendar, series.products, FIRST_HOUR + hour) if known.calendar else None
        of_day, weekday = local_hour(FIRST_HOUR + hour, known.zone)
        now = Hour(of_day, weekday, all_levels[:, hour], control[:, hour], since)
        state, scores = step(series, settings or Settings(), state, now)
        yield state, scores


def live(world: World, known: Known | None = None) -> list[Event]:
    """What the lifecycle tells of a world, the warm-up left out."""
    series, book = watched(), Book({})
    told: list[Event] = []
    for hour, (_, scores) in enumerate(hours(world, world.evidence, known=known)):
        book, events = advance_all(book, signals(series, scores, hour))
        told += events
    return [event for event in told if event.hour >= WARM_UP]


def oracle(world: World) -> Floats:
    """Scores of the same CUSUM with the true mean and dispersion, its tail taken from hours without incidents."""
    counts = np.concatenate([world.evidence, level_counts(world.evidence)]).astype(np.float64)
    by_touchpoint = world.expected.reshape(-1, SOURCES, HOURS)
    noise = (world.expected * world.dispersion[:, None]).reshape(-1, SOURCES, HOURS).sum(axis=1)
    sums = np.maximum(by_touchpoint.sum(axis=1), 1e-9)
    mean = np.concatenate([np.maximum(world.expected, 1e-9), sums])
    dispersion = np.concatenate([np.broadcast_to(world.dispersion[:, None], world.expected.shape), noise / sums])
    evidence, one = np.zeros(mean.shape), np.ones(len(mean))
    before = np.zeros(len(mean))
    for hour in range(HOURS):
        phi = np.maximum(dispersion[:, hour], 1.0)
        expected = Expected(mean[:, hour], phi * mean[:, hour], phi, one, one, one, one, LEVEL_UNCERTAINTY * one)
        before = cusum.accumulate(
            before, cusum.increment(expected, counts[:, hour]), np.zeros(len(mean), dtype=bool)
        )
        evidence[:, hour] = before
    padded = np.cumsum(np.pad(mean, ((0, 0), (24, 0))), axis=1)
    stratum = calibration.stratum(padded[:, 24:] - padded[:, :-24])
    chance = np.ones(mean.shape, dtype=bool)
    chance[:, :WARM_UP] = False
    for incident in world.incidents:
        chance[rows_of(incident), incident.start : incident.end + 24 + GRACE_HOURS] = False
    tail = calibration.observe(calibration.prior_tail(), evidence.ravel(), stratum.ravel(), chance.ravel())
    return calibration.surprise(tail, evidence.ravel(), stratum.ravel()).reshape(mean.shape)
