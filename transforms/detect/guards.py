"""Guards: the least an alarm must rest on, however improbable it is. Every limit is one a person can argue with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.detect.layout import Flags, Floats


@dataclass(frozen=True)
class Guards:
    """Limits on the stretch of hours since a series' evidence last was 0."""

    authors: float = 5.0
    hours_with_somebody: float = 2.0
    excess: float = 5.0
    ratio: float = 1.5


@dataclass(frozen=True)
class Stretch:
    """Since evidence last was 0, each (K,): authors seen, expected, and hours with anybody."""

    seen: Floats
    expected: Floats
    hours: Floats


def empty_stretch(series: int) -> Stretch:
    """No evidence anywhere."""
    return Stretch(np.zeros(series), np.zeros(series), np.zeros(series))


def extend(state: Stretch, evidence: Floats, counts: Floats, mean: Floats, gated: Flags) -> Stretch:
    """The stretch with this hour, or none where evidence is 0; a gated hour changes nothing."""
    goes_on = evidence > 0

    def next_value(value: Floats, by: Floats) -> Floats:
        return np.where(gated, value, np.where(goes_on, value + by, 0.0))

    return Stretch(
        next_value(state.seen, counts),
        next_value(state.expected, mean),
        next_value(state.hours, (counts > 0).astype(np.float64)),
    )


def ended(state: Stretch, over: Flags) -> Stretch:
    """The stretch, none where an excursion is over: what comes after it has to stand on its own people."""

    def left(value: Floats) -> Floats:
        return np.where(over, 0.0, value)

    return Stretch(left(state.seen), left(state.expected), left(state.hours))


def enough(state: Stretch, guards: Guards) -> Flags:
    """Whether the stretch of each series may be called an alarm, (K,)."""
    return np.asarray(
        (state.seen >= guards.authors)
        & (state.hours >= guards.hours_with_somebody)
        & (state.seen - state.expected >= guards.excess)
        & (state.seen >= guards.ratio * state.expected)
    )
