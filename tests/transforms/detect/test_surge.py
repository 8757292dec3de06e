"""The surge lane: what is unusual for whom, what is told, and that nothing but its state is remembered."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from transforms.detect.layout import Floats
from transforms.detect.surge import (
    BINS_A_DAY,
    LEAST_USUAL,
    TIRE,
    USUAL,
    Surge,
    Told,
    no_surge,
    none_told,
    tell,
    watch_bin,
)

HOURLY = np.array([120.0, 120.0, 6.0])


def counted(bins: int, seed: int = 1) -> Floats:
    """(3, bins): calm, restless and small series; the second doubles and halves within the day."""
    random, wave = np.random.default_rng(seed), np.ones((3, bins))
    wave[1] = np.exp2(np.sin(np.arange(bins) / 20))
    return np.asarray(random.poisson(wave * HOURLY[:, None] / 12), dtype=np.float64)


def watched(counts: Floats, hourly: Floats, state: Surge | None = None) -> tuple[Surge, Floats]:
    state, said = state or no_surge(len(counts)), np.zeros(counts.shape)
    for at in range(counts.shape[1]):
        state, said[:, at] = watch_bin(state, counts[:, at], hourly)
    return state, said


def told_at(unusual: list[float], threshold: float, rest: int) -> list[int]:
    state, places = none_told(1), []
    for now, value in enumerate(unusual):
        state, told = tell(state, now, np.array([value]), threshold, rest)
        places += [now] if told[0] else []
    return places


def test_as_much_as_expected_is_nought_and_more_is_more() -> None:
    as_expected = np.tile(HOURLY[:, None] / 12, (1, 30))
    assert watched(as_expected, HOURLY)[1] == pytest.approx(np.zeros((3, 30)))
    once, twice = (watched(as_expected * times, HOURLY)[1][:, 0] for times in (2, 4))
    assert np.all((once > 0) & (twice > once))
    # The first bin is measured by what a new series starts with.
    assert once[0] == pytest.approx(np.log((20 + 12) / (10 + 12)) / USUAL)


def test_the_two_windows_are_averaged() -> None:
    state, _ = watched(np.tile(HOURLY[:, None] / 12, (1, 40)), HOURLY)
    usual = state.sizes[0] + 3 * BINS_A_DAY * USUAL
    usual /= state.weight + 3 * BINS_A_DAY
    _, said = watch_bin(state, HOURLY / 12 + 60, HOURLY)
    in_half_an_hour, in_two_hours = np.log((60 + 60 + 12) / (60 + 12)), np.log((240 + 60 + 12) / (240 + 12))
    assert said[0] * usual == pytest.approx((in_half_an_hour + in_two_hours) / 2)


def test_a_restless_series_must_bring_more() -> None:
    counts = counted(10 * BINS_A_DAY)
    state, _ = watched(counts, HOURLY)
    _, burst = watched(np.tile(4 * HOURLY[:, None] / 12, (1, 24)), HOURLY, state)
    assert burst[0, -1] > 2 * burst[1, -1] > 0


def test_four_posts_are_no_surge_where_there_were_none() -> None:
    state, nothing = no_surge(1), np.zeros(1)
    for _ in range(60 * BINS_A_DAY):
        state, _ = watch_bin(state, nothing, nothing)
    said = [float(watch_bin(state, np.array([posts]), nothing)[1][0]) for posts in (4.0, 12.0)]
    assert said == pytest.approx([np.log(16 / 12) / LEAST_USUAL, np.log(2) / LEAST_USUAL])
    assert said[0] < 3 < said[1]


def test_only_the_state_is_remembered_to_the_bit() -> None:
    counts = counted(600)
    whole, said = watched(counts, HOURLY)
    half, first = watched(counts[:, :300], HOURLY)
    state, rest = watched(counts[:, 300:], HOURLY, pickle.loads(pickle.dumps(half)))
    np.testing.assert_array_equal(np.column_stack([first, rest]), said)
    np.testing.assert_array_equal(state.sizes, whole.sizes)
    assert len(pickle.dumps(whole)) == len(pickle.dumps(half)), "it grows"


def test_a_series_does_not_depend_on_those_beside_it() -> None:
    counts = counted(600)
    _, together = watched(counts, HOURLY)
    for row in range(3):
        _, alone = watched(counts[[row]], HOURLY[[row]])
        np.testing.assert_array_equal(alone[0], together[row])


def test_a_state_is_never_changed() -> None:
    state, told = no_surge(3), none_told(3)
    watch_bin(state, np.full(3, 50.0), HOURLY)
    tell(told, 0, np.full(3, 9.0), 3.0)
    assert not state.recent.any()
    assert not state.sizes.any()
    assert not told.raised.any()
    assert told.until.tolist() == [0, 0, 0]


def test_nothing_further_is_told_while_it_rests() -> None:
    loud = [9.0] * 30
    assert told_at(loud, 3.0, rest=12) == [0, 12, 24]
    assert told_at(loud, 3.0, rest=40) == [0]
    assert told_at([2.99] * 30, 3.0, rest=12) == []


def test_the_next_must_be_twice_as_improbable_and_that_is_forgotten() -> None:
    assert told_at([3.0, 0.0, 3.6, 0.0, 3.7], 3.0, rest=1) == [0, 4]
    state, told = tell(none_told(1), 0, np.array([9.0]), 3.0, 0)
    assert told.all()
    assert state.raised[0] == TIRE
    for now in range(1, 28 * BINS_A_DAY + 1):
        state, told = tell(state, now, np.zeros(1), 3.0, 0)
        assert not told.any()
    assert state.raised[0] == pytest.approx(TIRE / np.e)


def test_many_thresholds_and_rests_are_told_as_each_alone() -> None:
    unusual = np.random.default_rng(2).exponential(1.5, 400).tolist()
    thresholds, rests = np.array([2.0, 3.0]), np.array([6, 50])
    state, places = none_told(2, 2), []
    for now, value in enumerate(unusual):
        state, told = tell(state, now, np.array(value), thresholds[:, None], rests)
        places.append(told)
    assert isinstance(state, Told)
    for at, threshold in enumerate(thresholds):
        for other, rest in enumerate(rests):
            together = np.nonzero(np.array(places)[:, at, other])[0].tolist()
            assert together == told_at(unusual, float(threshold), int(rest))
            assert together
