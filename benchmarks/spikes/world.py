"""A world of friction whose truth is known: hourly counts of 600 series, and what happened in it.

Twenty products, six touchpoints and five sources, twelve weeks, of which four are for warming up. Where a parameter can
be fitted to real streams it is (`benchmarks.spikes.fit`), and stands in `Parameters` beside what the streams said.

What one hour of one series holds is counted in three ways, because systems differ in what they count: posts, distinct
authors, and evidence (`transforms.detect.evidence`: distinct authors with conversations and near-duplicates collapsed
and promotion left out).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRODUCTS: Final = 20
TOUCHPOINTS: Final = 6
SOURCES: Final = 5
SERIES: Final = PRODUCTS * TOUCHPOINTS * SOURCES
WEEK_HOURS: Final = 168
WEEKS: Final = 12
WARM_UP: Final = 4 * WEEK_HOURS
HOURS: Final = WEEKS * WEEK_HOURS
FIRST_HOUR: Final = 452_856
"""Of a world, since the epoch: Monday, 30 August 2021, midnight UTC."""

ZONE: Final = ZoneInfo("Atlantic/Azores")
CLOCK_CHANGE: Final = 8 * WEEK_HOURS + 6 * 24 + 1
"""Hour at which local time goes back by one: there at 01:00 UTC on the last Sunday of October, and UTC before."""


@dataclass(frozen=True)
class Parameters:
    """How the world behaves when nothing happens, how much happens, and what the real streams say of it."""

    median_per_hour: float = 0.5
    """Of a series, before drift and launches; streams: 0.05 to 2.0, the busiest 4.8."""
    spread: tuple[float, float, float] = (0.7, 0.6, 0.6)
    """Standard deviation of the log rate between products, touchpoints and sources."""
    busiest_to_quietest: tuple[float, float] = (2.8, 8.0)
    """Hour of the day, by source; streams: 2.8 to 8.2 (support 3, reviews 4 to 8)."""
    quietest_weekday: tuple[float, float] = (0.70, 0.95)
    """Sunday against the mean, by source; streams: 0.70 to 0.88."""
    own_profile: float = 0.10
    """Standard deviation of the log hour profile of a series around its source's."""
    drift_rho: float = 0.95
    """Autocorrelation of the log level from day to day; streams: 0.92 to 0.97."""
    product_drift: float = 0.20
    """Standard deviation of what a product's series share, with its control; streams: sigma 0.18 to 0.30 within
    three years of support, 0.3 to 0.9 within five years of reviews, of which 0.6 to 0.9 correlates with the control."""
    series_drift: float = 0.12
    """Standard deviation of a series' own drift."""
    dispersion: tuple[float, float] = (1.05, 1.8)
    """Variance over mean within an hour; streams: 1.0 to 1.3, so the world is harsher."""
    control_ratio: float = 1.5
    """Items without friction per item with, by product."""
    reply_bursts: float = 0.0
    """Chance of an item to start a burst of replies; streams: no threads to see it in, branching at most 0.08."""
    incidents: int = 150
    """Of one series: x2 to x7 for 4 to 36 hours."""
    touchpoint_incidents: int = 12
    """Of a touchpoint on all sources: x1.8 to x4 for 4 to 36 hours."""
    launches: int = 12
    """All volume of a product x1.6 to x3 at once, decaying; a third leave the level higher for good."""
    quiet_releases: int = 36
    """Releases in the calendar after which nobody writes more: most launches that are known beforehand are such."""
    loud_authors: int = 80
    """One person, 12 to 60 posts in 1 to 5 hours; streams: 0.3 of 1,000 author-days have 5 posts or more."""
    floods: int = 20
    """Promotion or one text pasted by many accounts, 40 to 300 posts in 2 to 12 hours."""
    outages: int = 0
    """Product and source silent for 6 to 36 hours; half of them deliver what they held back in the hour after."""
    newcomers: int = 0
    """Products that appear in week 6, one of them in the middle of an incident."""
    clock_change: bool = False
    """Whether people's hour of the day moves against UTC in week 9."""


PLAIN: Final = Parameters()
WORLDS: Final[dict[str, Parameters]] = {
    "plain": PLAIN,
    "bursty 2 %": replace(PLAIN, reply_bursts=0.02),
    "bursty 6 %": replace(PLAIN, reply_bursts=0.06),
    "plain, 0.7 an hour": replace(PLAIN, median_per_hour=0.7),
    "null": replace(PLAIN, incidents=0, touchpoint_incidents=0, launches=0, loud_authors=0, floods=0),
    "null, quiet": replace(
        PLAIN, median_per_hour=0.05, incidents=0, touchpoint_incidents=0, launches=0, loud_authors=0, floods=0
    ),
    "outage": replace(PLAIN, outages=40),
    "clock change": replace(PLAIN, clock_change=True),
    "cold start": replace(PLAIN, newcomers=3),
}
"""The worlds by name; floods, loud authors and launches are part of every one but the two null ones. The quiet one has
series of half an author a day in it, which the other has not."""

BURST_TAIL: Final = 1.6
BURST_LARGEST: Final = 150
BURST_HOURS: Final = 0.7
"""Replies to an item: Pareto, at most this many authors, delayed by this many hours on average."""


@dataclass(frozen=True)
class Event:
    """Something that happened: in these series, in the hours from `start` until before `end`."""

    series: Ints
    start: int
    end: int
    extra: int = 0
    """Authors who came because of it."""

    @property
    def is_touchpoint(self) -> bool:
        return len(self.series) > 1


@dataclass
class World:
    """Counts of shape (series, hour), and the truth behind them."""

    parameters: Parameters
    expected: Floats
    """Mean authors without incidents: what an oracle knows."""
    dispersion: Floats
    """Variance over mean of each series."""
    posts: Ints
    authors: Ints
    evidence: Ints
    control: Ints
    """(product, hour): authors whose items hold no friction."""
    delivered: NDArray[np.bool_]
    """Whether the source delivered: only the truth knows, a detector has to notice."""
    incidents: list[Event] = field(default_factory=list)
    launches: list[Event] = field(default_factory=list)
    loud: list[Event] = field(default_factory=list)
    floods: list[Event] = field(default_factory=list)
    outages: list[Event] = field(default_factory=list)
    calendar: list[tuple[int, int]] = field(default_factory=list)
    """(product, hour) of all releases that are known beforehand: the launches and the quiet ones."""


def product_of(series: Ints) -> Ints:
    """Product of each series; series are ordered by product, touchpoint, source."""
    return series // (TOUCHPOINTS * SOURCES)


def touchpoint_of(series: Ints) -> Ints:
    """Product x touchpoint of each series."""
    return series // SOURCES


def source_of(series: Ints) -> Ints:
    """Source of each series."""
    return series % SOURCES


def make_world(parameters: Parameters, seed: int) -> World:
    """The world of that seed; the same seed gives the same world, whatever else was drawn before."""
    random = np.random.default_rng([seed, 6])
    series = np.arange(SERIES)
    season = _season(parameters, random)
    product_drift = _drift(random, parameters.drift_rho, parameters.product_drift, PRODUCTS)
    own_drift = _drift(random, parameters.drift_rho, parameters.series_drift, SERIES)
    rate = _rates(parameters, random)
    volume, launches = _launches(parameters, random)
    expected = rate[:, None] * season * own_drift * (product_drift * volume)[product_of(series)]
    alive = _newcomers(parameters, expected)
    dispersion = random.uniform(*parameters.dispersion, SERIES)

    factor, incidents = _incidents(parameters, random)
    usual = _negative_binomial(random, expected, dispersion[:, None])
    extra = _negative_binomial(random, expected * (factor - 1), dispersion[:, None])
    incidents = [replace(i, extra=int(extra[i.series, i.start : i.end].sum())) for i in incidents]
    authors = usual + extra
    world = World(
        parameters,
        expected,
        dispersion,
        posts=authors + random.binomial(authors, 0.1),
        authors=authors.copy(),
        evidence=authors.copy(),
        control=_control(parameters, random, rate, season, product_drift * volume * alive),
        delivered=np.ones((SERIES, HOURS), dtype=bool),
        incidents=incidents,
        launches=launches,
    )
    _add_reply_bursts(world, random)
    _add_loud_authors(world, random)
    _add_floods(world, random)
    _add_outages(world, random)
    _add_calendar(world, np.random.default_rng([seed, 7]))
    return world


def _rates(parameters: Parameters, random: np.random.Generator) -> Floats:
    between_products, between_touchpoints, between_sources = parameters.spread
    log_rate = (
        np.log(parameters.median_per_hour)
        + random.normal(0, between_products, (PRODUCTS, 1, 1))
        + random.normal(0, between_touchpoints, (PRODUCTS, TOUCHPOINTS, 1))
        + random.normal(0, between_sources, (PRODUCTS, TOUCHPOINTS, SOURCES))
    )
    return np.asarray(np.exp(log_rate).ravel())


def _season(parameters: Parameters, random: np.random.Generator) -> Floats:
    """(series, hour), mean 1: each source's hour of the day and weekday, and a little of the series' own."""
    swing = np.log(random.uniform(*parameters.busiest_to_quietest, SOURCES)) / 2
    peak = random.uniform(13, 21, SOURCES)
    clock = np.arange(24)
    daily = np.exp(swing[:, None] * np.cos((clock - peak[:, None]) * 2 * np.pi / 24))
    sunday = random.uniform(*parameters.quietest_weekday, SOURCES)
    weekly = np.ones((SOURCES, 7))
    weekly[:, 6] = sunday
    weekly[:, 5] = (1 + sunday) / 2
    of_series = np.arange(SERIES) % SOURCES
    own = _smooth(random.normal(0, 1, (SERIES, 24))) * parameters.own_profile
    daily = daily[of_series] * np.exp(own)
    daily /= daily.mean(axis=1, keepdims=True)
    weekly /= weekly.mean(axis=1, keepdims=True)
    hours = np.arange(HOURS)
    local = hours - (hours >= CLOCK_CHANGE) * int(parameters.clock_change)
    return np.asarray(daily[:, local % 24] * weekly[of_series][:, local // 24 % 7])


def _smooth(noise: Floats) -> Floats:
    """Noise around the clock that changes over some three hours, of standard deviation 1."""
    smooth = (np.roll(noise, 1, axis=1) + noise + np.roll(noise, -1, axis=1)) / 3
    return np.asarray(smooth / smooth.std())


def _drift(random: np.random.Generator, rho: float, sigma: float, count: int) -> Floats:
    """(count, hour): exponential of an AR(1) by day, straight lines between noons, mean about 1."""
    days = HOURS // 24 + 1
    steps = random.normal(0, sigma * np.sqrt(1 - rho**2), (count, days))
    steps[:, 0] = random.normal(0, sigma, count)
    for day in range(1, days):
        steps[:, day] += rho * steps[:, day - 1]
    at = np.arange(HOURS) / 24
    before, part = at.astype(int), at % 1
    return np.exp(steps[:, before] * (1 - part) + steps[:, before + 1] * part)


def _launches(parameters: Parameters, random: np.random.Generator) -> tuple[Floats, list[Event]]:
    """Factor on all volume of a product, (product, hour), and what was launched when."""
    volume = np.ones((PRODUCTS, HOURS))
    events = []
    for product in random.choice(PRODUCTS, parameters.launches, replace=parameters.launches > PRODUCTS):
        start = int(random.integers(WARM_UP, HOURS - 3 * 24))
        rise, decay_hours = random.uniform(0.6, 2.0), random.uniform(36, 120)
        lasting = random.uniform(0.15, 0.35) if random.random() < 1 / 3 else 0.0
        since = np.arange(HOURS - start)
        volume[product, start:] *= 1 + lasting + (rise - lasting) * np.exp(-since / decay_hours)
        series = np.arange(SERIES)
        events.append(Event(series[product_of(series) == product], start, min(start + 72, HOURS)))
    return volume, events


def _newcomers(parameters: Parameters, expected: Floats) -> Floats:
    """(product, hour): 0 before a product exists; `expected` is silenced with it."""
    alive = np.ones((PRODUCTS, HOURS))
    alive[: parameters.newcomers, : 6 * WEEK_HOURS] = 0
    expected *= alive[product_of(np.arange(SERIES))]
    return alive


def _incidents(parameters: Parameters, random: np.random.Generator) -> tuple[Floats, list[Event]]:
    """Factor on the friction of each series, (series, hour), and the incidents; none of them overlap in a series."""
    factor = np.ones((SERIES, HOURS))
    events: list[Event] = []
    kinds = [(parameters.touchpoint_incidents, SOURCES, 1.8, 4.0), (parameters.incidents, 1, 2.0, 7.0)]
    for count, width, low, high in kinds:
        for number in range(count):
            while True:
                first = int(random.integers(0, SERIES // width)) * width
                start, length = int(random.integers(WARM_UP, HOURS - 40)), int(random.integers(4, 37))
                if width == 1 and number == 0 and parameters.newcomers:
                    first, start = 0, 6 * WEEK_HOURS
                # A day on either side belongs to one incident alone, so that an alert belongs to one.
                if (factor[first : first + width, max(0, start - 24) : start + length + 24] == 1).all():
                    break
            factor[first : first + width, start : start + length] = random.uniform(low, high)
            events.append(Event(np.arange(first, first + width), start, start + length))
    return factor, events


def _negative_binomial(random: np.random.Generator, mean: Floats, dispersion: Floats) -> Ints:
    """Counts of that mean whose variance is dispersion x mean."""
    shape = np.maximum(mean / (dispersion - 1), 1e-12)
    return np.asarray(random.poisson(random.gamma(shape, 1.0) * (dispersion - 1)))


def _control(
    parameters: Parameters, random: np.random.Generator, rate: Floats, season: Floats, volume: Floats
) -> Ints:
    usual = (rate[:, None] * season).reshape(PRODUCTS, -1, HOURS).sum(axis=1)
    own = _drift(random, parameters.drift_rho, parameters.series_drift, PRODUCTS)
    mean = usual * parameters.control_ratio * volume * own
    return _negative_binomial(random, mean, np.full((PRODUCTS, 1), 1.3))


def _add_reply_bursts(world: World, random: np.random.Generator) -> None:
    """Conversations: every reply has an author of its own; as evidence a conversation counts once an hour."""
    if not world.parameters.reply_bursts:
        return
    roots = random.binomial(world.authors, world.parameters.reply_bursts)
    series, hour = (np.repeat(at, roots[roots > 0]) for at in np.nonzero(roots))
    sizes = np.minimum(random.pareto(BURST_TAIL, len(series)) + 1, BURST_LARGEST).astype(int)
    series, root_hour = np.repeat(series, sizes), np.repeat(hour, sizes)
    conversation = np.repeat(np.arange(len(sizes)), sizes)
    reply_hour = root_hour + (random.random(len(series)) + random.exponential(BURST_HOURS, len(series))).astype(
        int
    )
    inside = reply_hour < HOURS
    series, reply_hour, conversation = series[inside], reply_hour[inside], conversation[inside]
    np.add.at(world.authors, (series, reply_hour), 1)
    np.add.at(world.posts, (series, reply_hour), 1)
    once = np.unique(np.stack([conversation, reply_hour, series]), axis=1)
    later = once[1] > hour[once[0]]  # in the hour of its root the conversation is counted already
    np.add.at(world.evidence, (once[2][later], once[1][later]), 1)


def _add_loud_authors(world: World, random: np.random.Generator) -> None:
    """One person's posts: an author in each hour, evidence only once within a day."""
    for _ in range(world.parameters.loud_authors):
        series, start = int(random.integers(SERIES)), int(random.integers(WARM_UP, HOURS - 6))
        length, posts = int(random.integers(1, 6)), int(random.integers(12, 61))
        each = random.multinomial(posts, np.full(length, 1 / length))
        world.posts[series, start : start + length] += each
        world.authors[series, start : start + length] += each > 0
        world.evidence[series, start + int(np.argmax(each > 0))] += 1
        world.loud.append(Event(np.array([series]), start, start + length))


def _add_floods(world: World, random: np.random.Generator) -> None:
    """Pasted texts from many accounts: promotion is no friction; the rest is one cluster, once an hour."""
    for _ in range(world.parameters.floods):
        series, start = int(random.integers(SERIES)), int(random.integers(WARM_UP, HOURS - 13))
        length, posts = int(random.integers(2, 13)), int(random.integers(40, 301))
        accounts = int(random.integers(1, 120))
        each = random.multinomial(posts, np.full(length, 1 / length))
        world.posts[series, start : start + length] += each
        world.authors[series, start : start + length] += np.minimum(each, accounts)
        if random.random() < 0.3:
            world.evidence[series, start : start + length] += each > 0
        world.floods.append(Event(np.array([series]), start, start + length))


def _add_outages(world: World, random: np.random.Generator) -> None:
    """A product's source is silent; every second one sends what it held back within an hour, dated then."""
    series = np.arange(SERIES)
    for number in range(world.parameters.outages):
        product, source = int(random.integers(PRODUCTS)), int(random.integers(SOURCES))
        start, length = int(random.integers(WARM_UP, HOURS - 40)), int(random.integers(6, 37))
        silent = series[(product_of(series) == product) & (source_of(series) == source)]
        hours = slice(start, start + length)
        for counts in (world.posts, world.authors, world.evidence):
            if number % 2:
                counts[silent, start + length] += counts[silent, hours].sum(axis=1)
            counts[silent, hours] = 0
        world.delivered[silent, hours] = False
        world.outages.append(Event(silent, start, start + length + 1))


def _add_calendar(world: World, random: np.random.Generator) -> None:
    """Drawn apart, so that a world is the same with or without."""
    loud = [(int(product_of(launch.series)[0]), launch.start) for launch in world.launches]
    quiet = [
        (int(random.integers(PRODUCTS)), int(random.integers(WARM_UP, HOURS)))
        for _ in range(world.parameters.quiet_releases)
    ]
    world.calendar = sorted(loud + quiet)


def level_counts(counts: Ints) -> Ints:
    """(product x touchpoint, hour) from (series, hour): nobody writes to two sources within an hour here."""
    return np.asarray(counts.reshape(-1, SOURCES, HOURS).sum(axis=1))


def worlds(name: str, seeds: tuple[int, ...]) -> Iterator[World]:
    """The world of that name for each seed, one at a time: a world takes some 80 MB."""
    for seed in seeds:
        yield make_world(WORLDS[name], seed)
