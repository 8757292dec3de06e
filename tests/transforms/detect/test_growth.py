"""A state takes in series that come later, and keeps what it knows of the others."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.detect.detector import Hour, Settings, empty_state, state_bytes, step
from transforms.detect.growth import grown, with_series
from transforms.detect.layout import Layout, SeriesKey, layout

A = SeriesKey("m", "billing", "tickets")
B = SeriesKey("m", "billing", "reviews")
C = SeriesKey("a", "login", "tickets")


def wide(keys: list[SeriesKey], *found: SeriesKey, most: int = 100) -> Layout:
    made = with_series(keys, found, most)
    assert made is not None
    return made


M, N = SeriesKey("m", "*"), SeriesKey("a", "*")


def test_series_come_with_the_sums_they_belong_to_and_behind_the_others() -> None:
    first = wide([], A)
    assert first.keys == (A, SeriesKey("m", "billing"), M)
    second = wide(list(first.keys), C, B)
    assert second.keys[:3] == first.keys
    assert second.keys[3:] == (C, SeriesKey("a", "login"), N, B)
    assert second.products == ("a", "m")
    assert with_series(second.keys, [A, B, C]) is None
    assert with_series([], [M, SeriesKey("m", "billing")]) is None


def test_beyond_the_most_series_further_ones_are_left_out() -> None:
    assert wide([], A, B, C, most=2).keys == (C, SeriesKey("a", "login"), N, B, SeriesKey("m", "billing"), M)
    assert with_series(wide([], A, B, most=2).keys, [C], 2) is None


def test_what_was_known_stays_and_new_series_have_seen_nothing() -> None:
    before, chance = wide([], A), np.random.default_rng(1)
    state = empty_state(before)
    for hour in range(100):
        count = float(chance.poisson(1))
        state, _ = step(before, Settings(), state, Hour(hour % 24, 0, np.full(3, count), np.array([3.0])))
    after = wide(list(before.keys), C, B)
    more = grown(state, before, after)
    assert more.baseline.hour_seen[:3].tolist() == state.baseline.hour_seen.tolist()
    assert not more.baseline.hour_seen[3:].any()
    assert more.control.seen[1].tolist() == state.control.seen[0].tolist()
    assert not more.control.seen[0].any()
    assert more.silence.missing[: before.feeds].tolist() == state.silence.missing.tolist()
    assert more.tail is state.tail
    assert len(more.alarmed) == len(after)
    assert state_bytes(grown(state, before, before)) == state_bytes(state)


def test_a_layout_grows_at_its_end_alone() -> None:
    before = wide([], A)
    with pytest.raises(ValueError, match="grows at its end"):
        grown(empty_state(before), before, layout([C, *before.keys]))
