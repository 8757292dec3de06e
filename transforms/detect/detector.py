"""Detector: one closed hour of all series through baseline, evidence, calibration and false-discovery control.

A pure function of state and hour: the same hours in the same order give the same bits, and a state rebuilt from history
is the state that was kept. Nothing here knows of pages or people; `lifecycle` makes episodes of what comes out.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, TypeVar

import numpy as np

from transforms.detect import calibration, control, cusum, guards, multiplicity, silence
from transforms.detect.baseline import Baseline, empty_baseline, expect, learn
from transforms.detect.layout import Flags, Floats, Ints, Layout

LEARNING_HOURS: Final = 14 * 24
SETTLING_HOURS: Final = 48
"""A series gathers no evidence in its first two days: nothing is known that it could be compared with."""

LEARNING_SURPRISE: Final = 6.0
"""A series younger than 14 days alarms from p = 1e-6 on alone."""

RAISED_SURPRISE: Final = 3.0
"""From p = 1e-3 on a series is raised: it learns slowly and is no example of chance, until it is calm again."""

RAISED_WEIGHT: Final = 0.15

EXCURSION_HOURS: Final = 2.0
"""Hours above a threshold are one excursion of chance and not so many tests; 3.4 on average on null seeds 1 to 4, of
which less is used since series of one product move together."""

LONGEST_RAISED_HOURS: Final = 7 * 24
"""After a week what is raised is the new normal, and learnt as such."""

RECENT_HOURS: Final = 6.0
CALM_HOURS: Final = 6.0
"""The long window proves, the short one shows it is still on: calm is six hours without recent evidence."""

DAY_HOURS: Final = 24.0


@dataclass(frozen=True)
class Settings:
    """What a team may choose."""

    q: float = 0.05
    guards: guards.Guards = field(default_factory=guards.Guards)


@dataclass(frozen=True)
class Hour:
    """One closed hour. `counts` (K,): evidence of each series; `control` (P,): authors without friction.

    `since_launch` (P,): hours since each product's last launch that was known beforehand (`launches.since_launch`).
    """

    hour_of_day: int
    weekday: int
    counts: Floats
    control: Floats
    since_launch: Floats | None = None


@dataclass(frozen=True)
class State:
    """All that is remembered; `state_bytes` packs it. About 740 bytes a series."""

    baseline: Baseline
    control: control.Control
    silence: silence.Silence
    tail: calibration.Tail
    budget: multiplicity.Budget
    wide_budget: multiplicity.Budget
    """That of whole products."""
    stretch: guards.Stretch
    evidence: Floats
    recent: Floats
    calm: Floats
    raised: Floats
    """Hours since each series was raised, 0 where it is not."""
    alarmed: Flags
    """Whether it was called an alarm since."""
    daily: Floats
    age: Floats
    """Hours since its first item."""


@dataclass(frozen=True)
class Scores:
    """What one hour says, each (K,)."""

    mean: Floats
    variance: Floats
    evidence: Floats
    surprise: Floats
    """-log10 p, calibrated."""
    stratum: Ints
    enough: Flags
    learning: Flags
    gated: Flags
    alarm: Flags
    """Called an alarm in this hour; one incident is called once."""
    active: Flags
    """Called an alarm and not calm again."""
    on: Flags
    """In an alarm, with evidence in the last hours."""
    authors: Floats
    """Of the stretch since evidence last was 0."""


def empty_state(layout: Layout) -> State:
    """Nothing seen yet."""
    series = len(layout)

    def zeros() -> Floats:
        return np.zeros(series)

    return State(
        empty_baseline(series),
        control.empty_control(len(layout.products)),
        silence.empty_silence(layout.feeds),
        calibration.prior_tail(),
        multiplicity.whole_budget(),
        multiplicity.whole_budget(),
        guards.empty_stretch(series),
        zeros(), zeros(), zeros(), zeros(), np.zeros(series, dtype=bool), zeros(), zeros(),
    )  # fmt: skip


def step(layout: Layout, settings: Settings, state: State, hour: Hour) -> tuple[State, Scores]:
    """One hour further. Counts that are negative or no numbers raise `ValueError` that names the series."""
    _check(layout, hour)
    busy, factor, doubt = control.adjust(
        state.control, hour.hour_of_day, hour.weekday, hour.control, hour.since_launch
    )
    whole = expect(state.baseline, layout.pool, hour.hour_of_day, hour.weekday, factor[layout.product])
    quiet, gated = silence.listen(state.silence, layout.feed, hour.counts, whole.mean)
    heard = _share_heard(layout, whole.mean, gated)
    gated |= heard <= 0.5
    expected = expect(
        state.baseline,
        layout.pool,
        hour.hour_of_day,
        hour.weekday,
        factor[layout.product] * np.maximum(heard, 0.5),
        doubt[layout.product],
    )

    increments = cusum.increment(expected, hour.counts)
    age = np.where((state.age > 0) | (hour.counts > 0), state.age + 1, 0.0)
    learning = age < LEARNING_HOURS
    evidence = np.where(age < SETTLING_HOURS, 0.0, cusum.accumulate(state.evidence, increments, gated))
    stretch = guards.extend(state.stretch, evidence, hour.counts, expected.mean, gated)
    daily = np.where(gated, state.daily, state.daily + (24 * expected.mean - state.daily) / DAY_HOURS)
    of_stratum = calibration.stratum(daily)
    surprise = calibration.surprise(state.tail, evidence, of_stratum)

    enough = guards.enough(stretch, settings.guards) & ~gated
    testable = enough & ~state.alarmed & ~(learning & (surprise < LEARNING_SURPRISE))
    p_values = np.where(testable, 10.0**-surprise / EXCURSION_HOURS, 1.0)
    alarm = np.zeros(len(layout), dtype=bool)
    narrow, wide = ~state.alarmed & ~layout.wide, ~state.alarmed & layout.wide
    budget, alarm[narrow] = multiplicity.discover(state.budget, p_values[narrow], settings.q)
    wide_budget, alarm[wide] = multiplicity.discover(state.wide_budget, p_values[wide], settings.q)

    recent = np.where(gated, state.recent, np.maximum(state.recent * np.exp(-1 / RECENT_HOURS) + increments, -5.0))
    calm = np.where(gated, state.calm, np.where(recent <= 0, state.calm + 1, 0.0))
    raised = np.where((state.raised > 0) | (surprise >= RAISED_SURPRISE) | alarm, state.raised + 1, 0.0)
    over = (raised > 0) & (calm >= CALM_HOURS)
    raised = np.where(over, 0.0, raised)
    alarmed = (state.alarmed | alarm) & ~over

    ordinary = (raised == 0) | (raised > LONGEST_RAISED_HOURS) | learning
    weight = np.where(gated | (age == 0), 0.0, np.where(ordinary, 1.0, RAISED_WEIGHT))
    counted = ~alarmed & ~gated & (age > 0) & ~learning
    after = State(
        learn(state.baseline, expected, hour.hour_of_day, hour.weekday, hour.counts, weight),
        busy,
        quiet,
        calibration.observe(state.tail, evidence, of_stratum, counted),
        budget,
        wide_budget,
        guards.ended(stretch, over),
        np.where(over, 0.0, evidence),
        recent,
        calm,
        raised,
        alarmed,
        daily,
        age,
    )
    return after, Scores(
        expected.mean,
        expected.variance,
        evidence,
        surprise,
        of_stratum,
        enough,
        learning,
        gated,
        alarm,
        alarmed,
        alarmed & (recent > 0),
        stretch.seen,
    )


def _share_heard(layout: Layout, mean: Floats, gated: Flags) -> Floats:
    """Of each sum over sources the share of what it expects that comes from sources which deliver; 1 for others."""
    size = len(layout)
    all_of_it, silent = np.zeros(size), np.zeros(size)
    for above in (layout.parent, layout.whole):
        children = above >= 0
        all_of_it += np.bincount(above[children], mean[children], size)
        silent += np.bincount(above[children], (mean * gated)[children], size)
    return np.where(all_of_it > 0, 1 - silent / np.maximum(all_of_it, 1e-12), 1.0)


def _check(layout: Layout, hour: Hour) -> None:
    for name, values, owners in (
        ("counts", hour.counts, layout.keys),
        ("control", hour.control, layout.products),
    ):
        if values.shape != (len(owners),):
            raise ValueError(
                f"{name} has shape {values.shape}; there are {len(owners)} series, give one count for each"
            )
        bad = ~(values >= 0) | ~np.isfinite(values)
        if bad.any():
            at = int(np.argmax(bad))
            raise ValueError(f"{name} of {owners[at]} is {values[at]}; give a count of authors, 0 or more")
    since = hour.since_launch
    if since is not None and (since.shape != (len(layout.products),) or not (since >= 0).all()):
        raise ValueError(
            f"since_launch is not one number of hours, 0 or more, for each of {len(layout.products)} products"
        )


Record = TypeVar("Record")


def state_bytes(state: State) -> bytes:
    """The state as a NumPy archive: read back by `state_from`, bit for bit."""
    packed = io.BytesIO()
    np.savez(packed, **_flat(state, ""))
    return packed.getvalue()


def state_from(packed: bytes) -> State:
    """The state `state_bytes` packed."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return _rebuilt(State, dict(arrays), "")


def _flat(record: Any, prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for each in fields(record):
        value = getattr(record, each.name)
        name = prefix + each.name
        flat.update(_flat(value, name + ".") if is_dataclass(value) else {name: value})
    return flat


_PARTS: Final[dict[str, type]] = {
    "baseline": Baseline,
    "control": control.Control,
    "silence": silence.Silence,
    "tail": calibration.Tail,
    "budget": multiplicity.Budget,
    "wide_budget": multiplicity.Budget,
    "stretch": guards.Stretch,
}


def _rebuilt(kind: type[Record], arrays: dict[str, Any], prefix: str) -> Record:
    values = {}
    for each in fields(kind):  # type: ignore[arg-type]
        name = prefix + each.name
        if name in arrays:
            values[each.name] = int(arrays[name]) if arrays[name].ndim == 0 else arrays[name]
        else:
            values[each.name] = _rebuilt(_PARTS[each.name], arrays, name + ".")
    return kind(**values)
