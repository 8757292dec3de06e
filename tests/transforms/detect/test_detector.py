"""One hour of all series: what is expected, what is an alarm, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.detect.detector import Hour, Scores, Settings, State, empty_state, state_bytes, state_from, step
from transforms.detect.launches import since_launch
from transforms.detect.layout import Layout, SeriesKey, layout

SOURCES = ("reviews", "social")
WARM_UP = 28 * 24


def series(products: int = 4) -> Layout:
    sources = [SeriesKey(f"p{p}", "billing", source) for p in range(products) for source in SOURCES]
    return layout([*sources, *(SeriesKey(f"p{p}", "billing") for p in range(products))])


def run(
    counts: np.ndarray,
    control: np.ndarray,
    at: Layout,
    state: State | None = None,
    start: int = 0,
    launches: dict[str, list[int]] | None = None,
) -> tuple[State, list[Scores]]:
    state, said = state or empty_state(at), []
    for hour in range(counts.shape[1]):
        clock = start + hour
        both = np.concatenate([counts[:, hour], counts[:, hour].reshape(-1, len(SOURCES)).sum(axis=1)])
        since = None if launches is None else since_launch(launches, at.products, clock)
        now = Hour(clock % 24, clock // 24 % 7, both.astype(float), control[:, hour].astype(float), since)
        state, scores = step(at, Settings(), state, now)
        said.append(scores)
    return state, said


def quiet(hours: int, at: Layout, rate: float = 1.5, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    products = len(at.products)
    return random.poisson(rate, (products * 2, hours)), random.poisson(10, (products, hours))


def alarms(said: list[Scores]) -> list[tuple[int, int]]:
    return [(hour, int(row)) for hour, scores in enumerate(said) for row in np.nonzero(scores.alarm)[0]]


def test_an_incident_is_one_alarm() -> None:
    at = series()
    counts, control = quiet(WARM_UP + 60, at)
    counts[3, WARM_UP : WARM_UP + 30] += np.random.default_rng(2).poisson(6, 30)
    _, said = run(counts, control, at)
    of_series = [hour for hour, row in alarms(said) if row == 3]
    assert len(of_series) == 1
    assert WARM_UP <= of_series[0] < WARM_UP + 6
    assert not said[-1].active[3]


def test_what_moves_with_all_feedback_is_a_launch() -> None:
    at = series()
    counts, control = quiet(WARM_UP + 48, at)
    launched = slice(WARM_UP, WARM_UP + 48)
    random = np.random.default_rng(3)
    counts[0:2, launched] = random.poisson(4.5, (2, 48))
    with_control = control.copy()
    with_control[0, launched] = random.poisson(30, 48)
    assert alarms(run(counts, control, at)[1]) != []
    assert alarms(run(counts, with_control, at)[1]) == []


def test_a_launch_that_is_known_alarms_nobody_though_other_feedback_is_rare() -> None:
    at = series()
    counts, control = quiet(WARM_UP + 48, at)
    launched = slice(WARM_UP, WARM_UP + 48)
    random = np.random.default_rng(3)
    counts[0:2, launched] = random.poisson(4.5, (2, 48))
    control[0] = random.poisson(1, WARM_UP + 48)
    control[0, launched] = random.poisson(3, 48)
    assert alarms(run(counts, control, at)[1]) != []
    assert alarms(run(counts, control, at, launches={"p0": [WARM_UP]})[1]) == []


def test_a_launch_that_is_known_mutes_nothing() -> None:
    at = series()
    counts, control = quiet(WARM_UP + 48, at)
    counts[3, WARM_UP + 6 : WARM_UP + 30] += np.random.default_rng(2).poisson(6, 24)
    said = alarms(run(counts, control, at, launches={"p1": [WARM_UP]})[1])
    assert {row for _, row in said} >= {3}
    assert min(hour for hour, row in said if row == 3) < WARM_UP + 6 + 8


def test_hours_since_launches_are_of_all_products() -> None:
    at = series()
    counts, since = np.ones(len(at)), np.full(4, np.nan)
    for bad in (since, np.zeros(3), np.full(4, -1.0)):
        with pytest.raises(ValueError, match="for each of 4 products"):
            step(at, Settings(), empty_state(at), Hour(0, 0, counts, np.ones(4), bad))


def test_what_rises_everywhere_a_little_is_an_alarm_of_the_whole_product() -> None:
    """Six touchpoints of one product double for half a day: it is called before any of them, from its own budget."""
    names = [f"touchpoint {number}" for number in range(6)]
    products = ["kettle", "lamp", "phone"]
    sources = [SeriesKey(product, name, "reviews") for product in products for name in names]
    at = layout([*sources, *(SeriesKey(*key[:2]) for key in sources), *(SeriesKey(p, "*") for p in products)])
    random = np.random.default_rng(4)
    counts = random.poisson(0.6, (len(sources), WARM_UP + 14)).astype(float)
    counts[:6, WARM_UP:] += random.poisson(0.9, (6, 14))
    state, called = empty_state(at), []
    for hour in range(counts.shape[1]):
        of_hour = counts[:, hour]
        every = np.concatenate([of_hour, of_hour, of_hour.reshape(3, 6).sum(axis=1)])
        now = Hour(hour % 24, hour // 24 % 7, every, random.poisson(20, 3).astype(float))
        state, said = step(at, Settings(), state, now)
        called += [(hour, at.keys[row]) for row in np.nonzero(said.alarm)[0]]
    assert called[0][0] >= WARM_UP
    assert called[0][1] == SeriesKey("kettle", "*")
    wide = sum(key.touchpoint == "*" for _, key in called)
    assert (state.wide_budget.alarms.sum(), state.budget.alarms.sum()) == (wide, len(called) - wide)


def test_a_silent_source_is_neither_calm_nor_friction() -> None:
    at = series()
    counts, control = quiet(WARM_UP + 60, at)
    silent = slice(WARM_UP, WARM_UP + 30)
    held_back = counts[0, silent].sum()
    counts[0, silent] = 0
    counts[0, WARM_UP + 30] += held_back
    _, said = run(counts, control, at)
    gated = [hour for hour, scores in enumerate(said) if scores.gated[0]]
    assert gated[-1] == WARM_UP + 31
    assert gated[0] < WARM_UP + 12
    assert alarms(said) == []
    assert said[-1].mean[0] == pytest.approx(1.5, rel=0.25)


def test_a_new_series_starts_from_its_relatives() -> None:
    at = series()
    counts, control = quiet(WARM_UP, at)
    counts[0, : WARM_UP - 12] = 0
    _, said = run(counts, control, at)
    assert said[-1].learning[0]
    assert not said[-1].learning[1]
    assert said[-1].mean[0] == pytest.approx(1.5, rel=0.5)


def test_a_state_that_was_packed_goes_on_the_same() -> None:
    at = series()
    counts, control = quiet(200, at)
    whole, said = run(counts, control, at)
    half, _ = run(counts[:, :120], control[:, :120], at)
    resumed, rest = run(counts[:, 120:], control[:, 120:], at, state_from(state_bytes(half)), start=120)
    assert state_bytes(resumed) == state_bytes(whole)
    np.testing.assert_array_equal(rest[-1].surprise, said[-1].surprise)


def test_a_state_is_small() -> None:
    at = layout([SeriesKey(f"p{p}", f"t{t}", "s") for p in range(50) for t in range(10)])
    assert len(state_bytes(empty_state(at))) / len(at) < 2048


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_absurd_counts_are_refused_by_name(bad: float) -> None:
    at = series()
    counts = np.ones(len(at))
    counts[1] = bad
    with pytest.raises(
        ValueError, match=r"counts of SeriesKey\(product='p0', touchpoint='billing', source='social'\)"
    ):
        step(at, Settings(), empty_state(at), Hour(0, 0, counts, np.ones(4)))


def test_a_missing_series_is_refused() -> None:
    at = series()
    with pytest.raises(ValueError, match="there are 12 series"):
        step(at, Settings(), empty_state(at), Hour(0, 0, np.ones(3), np.ones(4)))


def test_a_series_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="named twice"):
        layout([SeriesKey("p", "t", "s"), SeriesKey("p", "t", "s")])


def test_a_sum_over_touchpoints_has_no_source() -> None:
    with pytest.raises(ValueError, match="leave the source out"):
        layout([SeriesKey("p", "*", "s")])
