"""launch_impact against simulated launches whose effect is known, and against statsmodels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy import stats

from schemas.arrow import LAUNCHES
from tests.pipelines.views.relations import NO_GAPS, ask, connect_over

WEEKDAYS = np.array([1.2, 1.15, 1.1, 1.05, 1.0, 0.75, 0.75])
BEFORE, AFTER = 56, 14
FIRST = date(1, 1, 1)
Days = Mapping[str, "np.ndarray[Any, Any]"]


def daily_table(series: Mapping[str, tuple[date, Days]]) -> pa.Table:
    """Product to its first day and, by touchpoint, friction authors a day; days without are not stored."""
    columns: dict[str, list[np.ndarray[Any, Any]]] = {
        "product": [],
        "touchpoint": [],
        "day": [],
        "friction_authors": [],
    }
    for product, (first, touchpoints) in series.items():
        for touchpoint, counts in touchpoints.items():
            days = np.datetime64(first) + np.arange(len(counts))
            columns["product"].append(np.full(len(counts), product))
            columns["touchpoint"].append(np.full(len(counts), touchpoint))
            columns["day"].append(days.astype("datetime64[D]"))
            columns["friction_authors"].append(np.asarray(counts, dtype=np.int64))
    table = pa.table({name: pa.array(np.concatenate(parts)) for name, parts in columns.items()})
    return table.append_column("authors", table["friction_authors"])


def launch(product: str, day: date, *touchpoints: str, launch_id: str | None = None) -> dict[str, Any]:
    return {
        "launch_id": launch_id or product,
        "product": product,
        "version": "1",
        "launched_at": datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
        "day": day,
        "kind": "release",
        "touchpoints": list(touchpoints),
        "title": "T",
        "recorded_at": datetime(2020, 1, 1, tzinfo=UTC),
        "deleted": False,
    }


def connect_to(
    series: Mapping[str, tuple[date, Days]], launches: list[dict[str, Any]], gaps: pa.Table = NO_GAPS
) -> duckdb.DuckDBPyConnection:
    return connect_over(
        {
            "rollup_daily_product": daily_table(series),
            "tables.launches": pa.Table.from_pylist(launches, schema=LAUNCHES),
            "product_gaps": gaps,
        },
        "launches",
        "launch_curve",
        "launch_comparison",
        "launch_impact",
    )


class World(NamedTuple):
    """How a simulated pair of series varies: by `dispersion` within a day, `spread` from day to day with memory."""

    level: float
    control: float
    dispersion: float
    memory: float
    spread: float
    effect: float


WORLDS = {
    "independent people": World(20, 80, 1, 0, 0, 1.5),
    "over-dispersed": World(20, 80, 2, 0, 0, 1.5),
    "auto-correlated": World(20, 80, 2, 0.5, 0.15, 1.5),
    "nothing happened": World(20, 80, 2, 0.5, 0.15, 1),
    "a large effect": World(20, 80, 2, 0.5, 0.15, 3),
    "few people": World(2, 20, 1.3, 0.3, 0.2, 2),
}
LAUNCHES_EACH = 1000


def wander(rng: np.random.Generator, memory: float, spread: float) -> np.ndarray[Any, Any]:
    """Log-normal factors of mean 1 a launch and day, each day remembering the one before."""
    steps = rng.normal(size=(LAUNCHES_EACH, BEFORE + AFTER))
    for day in range(1, BEFORE + AFTER):
        steps[:, day] = memory * steps[:, day - 1] + np.sqrt(1 - memory**2) * steps[:, day]
    return np.exp(spread * steps - spread**2 / 2)


def people(rng: np.random.Generator, mean: np.ndarray[Any, Any], dispersion: float) -> np.ndarray[Any, Any]:
    if dispersion > 1:
        mean = rng.gamma(mean / (dispersion - 1), dispersion - 1)
    return rng.poisson(mean)


class Simulation(NamedTuple):
    connection: duckdb.DuckDBPyConnection
    rows: dict[str, list[dict[str, Any]]]
    effects: dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    rng = np.random.default_rng(11)
    series: dict[str, tuple[date, Days]] = {}
    launches, effects = [], {}
    # One product after the other, so that none is a control of another.
    first = FIRST
    for name, world in WORLDS.items():
        season = np.tile(WEEKDAYS, (BEFORE + AFTER) // 7) * wander(rng, 0.7, 0.2)
        treated = world.level * season * wander(rng, world.memory, world.spread)
        control = world.control * season * wander(rng, world.memory, world.spread)
        calm = treated[:, BEFORE:].sum(axis=1)
        treated[:, BEFORE:] *= world.effect
        effects[name] = treated[:, BEFORE:].sum(axis=1) - calm
        counts, others = people(rng, treated, world.dispersion), people(rng, control, world.dispersion)
        for number in range(LAUNCHES_EACH):
            product = f"{name}/{number:04d}"
            heard = {"usability": counts[number], "account": others[number]}
            series[product] = (first, heard)
            launches.append(launch(product, first + timedelta(days=BEFORE), "usability"))
            first += timedelta(days=BEFORE + AFTER)
    connection = connect_to(series, launches)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in WORLDS}
    for row in ask(connection, "SELECT * FROM launch_impact WHERE touchpoint = 'usability' ORDER BY product"):
        rows[row["product"].split("/")[0]].append(row)
    yield Simulation(connection, rows, effects)
    connection.close()


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


@pytest.mark.parametrize("world", WORLDS)
class TestSimulatedLaunches:
    def test_the_interval_covers_the_effect(self, simulation: Simulation, world: str) -> None:
        effect = WORLDS[world].effect
        found = [row for row in simulation.rows[world] if row["ratio"] is not None]
        assert len(found) > 0.99 * LAUNCHES_EACH
        covered = share([row["ratio_low"] <= effect <= row["ratio_high"] for row in found])
        assert covered == share(
            [row["excess_low"] <= row["observed"] * (1 - 1 / effect) <= row["excess_high"] for row in found]
        )
        # The lower limit is that of 94 % with the chance of 1,000 draws; independent people are covered too well.
        assert 0.93 < covered < (0.975 if world == "independent people" else 0.97)

    def test_the_excess_is_not_biased(self, simulation: Simulation, world: str) -> None:
        found = list(zip(simulation.rows[world], simulation.effects[world], strict=True))
        told = [(row["excess"], true) for row, true in found if row["excess"] is not None]
        error = np.array([excess - true for excess, true in told])
        scale = np.mean([true for _, true in told]) or np.mean([row["observed"] for row, _ in found])
        assert abs(error.mean()) < 0.02 * scale + 2 * error.std() / np.sqrt(len(error))

    def test_a_p_value_is_as_rare_as_it_says(self, simulation: Simulation, world: str) -> None:
        for row in simulation.rows[world]:
            if row["p_value"] is not None:
                assert (row["p_value"] < 0.05) == (not row["ratio_low"] <= 1 <= row["ratio_high"]) or row[
                    "p_value"
                ] == pytest.approx(0.05, abs=1e-3)
        rare = share([row["p_value"] < 0.05 for row in simulation.rows[world] if row["p_value"] is not None])
        assert rare < 0.07 if WORLDS[world].effect == 1 else rare > 0.5

    def test_the_expectation_by_the_weeks_before_is_covered_too(self, simulation: Simulation, world: str) -> None:
        # The season wanders here, and weeks before tell by how much.
        effects = simulation.effects[world]
        covered = share(
            [
                row["excess_before_low"] <= true <= row["excess_before_high"]
                for row, true in zip(simulation.rows[world], effects, strict=True)
            ]
        )
        assert covered > 0.93
        assert covered < 0.97 or WORLDS[world].effect > 1  # of a real effect the chance is counted in too


# Two counts a side are a saturated model: it has no residual degrees of freedom, and statsmodels says so.
@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore::statsmodels.tools.sm_exceptions.PerfectSeparationWarning"
)
class TestAgainstStatsmodels:
    def test_dispersion_ratio_and_p_value(self, simulation: Simulation) -> None:
        compared = 0
        for world in WORLDS:
            for row in simulation.rows[world][:40]:
                if row["ratio"] is None or (row["ratio"] > 1 and row["dispersion"] > 1):
                    continue  # there the variance is not a multiple of the binomial one
                weeks = weekly(simulation.connection, row["product"])
                # Pearson's statistic of a share from week to week is that of independence in a table.
                pearson, _, freedom, _ = stats.chi2_contingency(weeks[:8])
                lowest = stats.chi2.ppf(0.05, 7) / 7
                assert (row["freedom"], row["dispersion"]) == (
                    freedom,
                    pytest.approx(max(pearson / freedom, lowest), rel=1e-9 if pearson > 7 * lowest else 0.05),
                )
                counts = np.array([weeks[4:8].sum(axis=0), weeks[8:].sum(axis=0)])
                model = sm.GLM(counts, [[1, 0], [1, 1]], family=sm.families.Binomial()).fit()
                error = model.bse[1] * np.sqrt(row["dispersion"])
                correction = np.log(1 + max(1, row["dispersion"]) / row["control_before"])
                logged = model.params[1] + correction
                assert np.log(row["ratio"]) == pytest.approx(logged, abs=1e-6)
                assert np.log(row["ratio_high"]) == pytest.approx(logged + stats.t.ppf(0.975, 7) * error, abs=1e-3)
                assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(logged / error), 7), abs=1e-6)
                compared += 1
        assert compared > 40

    def test_it_is_the_interaction_of_a_quasi_poisson_model(self, simulation: Simulation) -> None:
        row = simulation.rows["over-dispersed"][0]
        weeks = weekly(simulation.connection, row["product"])
        counts = np.concatenate([weeks[4:, 0], weeks[4:, 1]])
        after, treated = np.tile([0, 0, 0, 0, 1, 1], 2), np.repeat([1, 0], 6)
        design = np.column_stack([np.ones(12), after, treated, after * treated])
        model = sm.GLM(counts, design, family=sm.families.Poisson()).fit(scale="X2")
        correction = 1 + max(1, row["dispersion"]) / row["control_before"]
        assert row["ratio"] == pytest.approx(np.exp(model.params[3]) * correction, rel=1e-6)

    def test_the_interval_by_the_weeks_before(self, simulation: Simulation) -> None:
        for row in simulation.rows["nothing happened"][:50]:
            treated = weekly(simulation.connection, row["product"])[:, 0]
            constant = sm.GLM(treated[:8], np.ones(8), family=sm.families.Poisson()).fit(scale="X2")
            phi = max(constant.scale, stats.chi2.ppf(0.05, 7) / 7)
            after, before, half = row["observed"], row["before"], row["before"] / 2
            phi_after = 1 + (phi - 1) * max(1, after / half) if phi > 1 else phi
            low, high = score(after, phi_after)
            low_before, high_before = (bound / 2 for bound in score(before, phi))
            assert row["expected_before"] == half
            assert row["excess_before_low"] == pytest.approx(
                after - half - np.hypot(after - low, high_before - half), rel=0.02, abs=0.5
            )
            assert row["excess_before_high"] == pytest.approx(
                after - half + np.hypot(high - after, half - low_before), rel=0.02, abs=0.5
            )


def score(count: float, phi: float) -> tuple[float, float]:
    """Roots m of (count - m)² = t² phi m."""
    t2 = stats.t.ppf(0.975, 7) ** 2
    low, high = sorted(np.roots([1, -(2 * count + t2 * phi), count**2]))
    return float(low), float(high)


def weekly(connection: duckdb.DuckDBPyConnection, product: str) -> np.ndarray[Any, Any]:
    """Ten weeks of friction authors, treated and control."""
    found = connection.execute(
        """SELECT sum(friction_authors) FILTER (touchpoint = 'usability'),
            sum(friction_authors) FILTER (touchpoint = 'account')
        FROM (SELECT *, (day - min(day) OVER ()) // 7 AS week FROM rollup_daily_product WHERE product = $1)
        GROUP BY week ORDER BY week""",
        [product],
    ).fetchall()
    return np.array(found, dtype=float)


START = date(2024, 1, 1)
LAUNCHED = START + timedelta(days=BEFORE)
STEADY = np.tile([9, 10, 11, 10, 10, 9, 11, 12, 8], 12)


def impact(
    heard: Mapping[str, Days] | Days, *launches: dict[str, Any], touchpoint: str = "usability"
) -> dict[str, Any]:
    """The first launch's row; `heard` is the series of the product app, or of several by name."""
    products = heard if any(isinstance(days, dict) for days in heard.values()) else {"app": heard}
    series = {product: (START, days) for product, days in products.items()}
    connection = connect_to(series, list(launches))  # type: ignore[arg-type]
    (row,) = ask(
        connection,
        "SELECT * FROM launch_impact WHERE launch_id = $1 AND touchpoint = $2",
        launches[0]["launch_id"],
        touchpoint,
    )
    return row


class TestControls:
    def test_untouched_touchpoints_where_the_launch_names_some(self) -> None:
        heard: Days = dict.fromkeys(("usability", "account", "billing", "speed"), STEADY[:70])
        row = impact(heard, launch("app", LAUNCHED, "usability", "speed"))
        assert (row["control"], row["touched"]) == ("untouched touchpoints", True)
        assert row["control_before"] == 2 * row["before"] == 2 * STEADY[28:56].sum()
        row = impact(heard, launch("app", LAUNCHED, "usability", "speed"), touchpoint="account")
        assert (row["control"], row["touched"], row["expected"], row["p_value"]) == (None, False, None, None)
        assert row["null_reason"] == "no control: the launch does not touch this touchpoint"
        assert row["excess_before"] is not None

    def test_other_touchpoints_where_it_names_none(self) -> None:
        row = impact(
            {"usability": STEADY[:70], "account": STEADY[:70], "other": STEADY[:70]}, launch("app", LAUNCHED)
        )
        assert (row["control"], row["touched"]) == ("other touchpoints", None)
        assert row["control_before"] == 2 * row["before"]

    def test_other_products_for_any(self) -> None:
        heard: dict[str, Days] = {
            "app": {"any": STEADY[:70]},
            "heard throughout": {"any": 2 * STEADY[:70], "account": STEADY[:70]},
            "gone silent": {"any": STEADY[:60]},
        }
        row = impact(heard, launch("app", LAUNCHED), touchpoint="any")
        assert (row["control"], row["control_before"]) == ("other products", 2 * row["before"])
        assert row["ratio"] == pytest.approx(1, abs=0.01)
        alone = impact({"any": STEADY[:70]}, launch("app", LAUNCHED), touchpoint="any")
        assert alone["null_reason"] == "no control: no other product was heard throughout"
        assert (alone["expected"], alone["expected_before"]) == (None, STEADY[28:56].sum() / 2)

    def test_a_season_that_moves_all_alike_is_no_effect(self) -> None:
        doubled = STEADY[:70] * np.repeat([1, 2], [BEFORE, AFTER])
        row = impact({"usability": doubled, "account": 3 * doubled}, launch("app", LAUNCHED, "usability"))
        assert row["ratio"] == pytest.approx(1, abs=0.01)
        assert row["p_value"] > 0.5
        assert row["excess_before_low"] > 100

    def test_a_control_that_the_launch_hit_is_told(self) -> None:
        """The launch names nothing, hurts account most and usability a little: against account that looks good."""
        days = np.repeat([1, 2], [BEFORE, AFTER])
        row = impact(
            {"usability": STEADY[:70] * days, "account": STEADY[:70] * days**3 * 2}, launch("app", LAUNCHED)
        )
        assert row["excess_high"] < 0 < row["excess_before_low"]
        assert row["disputed"]
        assert row["control_change"] == pytest.approx(7, abs=0.2)
        calm = impact({"usability": STEADY[:70], "account": STEADY[:70]}, launch("app", LAUNCHED))
        assert not calm["disputed"]
        assert calm["control_change"] == pytest.approx(0, abs=0.05)


class TestCourse:
    def test_half_life_and_recovery_of_a_known_decay(self) -> None:
        decay = 1024 * 2.0 ** (-np.arange(29) / 4)
        usability = np.concatenate([np.full(BEFORE, 100), 100 + np.where(decay < 8, 0, decay).round()])
        row = impact({"usability": usability, "account": np.full(85, 300)}, launch("app", LAUNCHED, "usability"))
        assert (row["peak_day"], row["peak_excess"], row["half_life_days"]) == (0, 1024, 4)
        # The curve's interval holds 0 where excess <= 1.96 sqrt(max(count, 1) + 100 / 4).
        excess = usability[BEFORE:] - 100
        calm = excess <= 1.959963984540054 * np.sqrt(usability[BEFORE:] + 25)
        first = next(day for day in range(23) if calm[day : day + 7].all())
        assert row["days_to_recover"] == first
        assert row["recovery_reason"] is None

    def test_what_stays_has_not_recovered(self) -> None:
        usability = np.concatenate([STEADY[:BEFORE], 3 * STEADY[:29]])
        heard = {"usability": usability, "account": STEADY[:85]}
        row = impact(heard, launch("app", LAUNCHED, "usability"))
        assert (row["days_to_recover"], row["recovery_reason"]) == (None, "not recovered within 28 days")
        row = impact({name: days[:80] for name, days in heard.items()}, launch("app", LAUNCHED, "usability"))
        assert row["recovery_reason"] == "not recovered yet: the feedback ends or has a gap within 28 days"

    def test_what_did_not_rise_has_no_course(self) -> None:
        row = impact({"usability": STEADY[:85], "account": STEADY[:85]}, launch("app", LAUNCHED, "usability"))
        assert (row["peak_day"], row["half_life_days"], row["recovery_reason"]) == (
            None,
            None,
            "friction did not rise",
        )


class TestWhatCannotBeSaid:
    HEARD: ClassVar[Days] = {"usability": STEADY[:70], "account": STEADY[:70]}

    @pytest.mark.parametrize(
        ("product", "day", "reason"),
        [
            ("ghost", LAUNCHED, "no feedback about this product"),
            ("app", START + timedelta(days=70), "the launch is after the last day of the product's feedback"),
            ("app", START + timedelta(days=4000), "the launch is after the last day of the product's feedback"),
            ("app", START + timedelta(days=64), "less than 7 days of feedback after the launch"),
            ("app", START + timedelta(days=27), "less than 28 days of feedback before the launch"),
            ("app", START - timedelta(days=400), "less than 28 days of feedback before the launch"),
        ],
    )
    def test_is_null_with_the_reason(self, product: str, day: date, reason: str) -> None:
        row = impact(self.HEARD, launch(product, day), touchpoint="any")
        assert row["null_reason"] == row["recovery_reason"] == reason
        numbers = (
            "expected",
            "excess",
            "ratio",
            "p_value",
            "expected_before",
            "excess_before",
            "excess_before_low",
        )
        assert {row[number] for number in (*numbers, "peak_day", "days_to_recover", "half_life_days")} == {None}

    def test_seven_days_are_one_week(self) -> None:
        row = impact(self.HEARD, launch("app", START + timedelta(days=60), "usability"))
        assert (row["after_days"], row["observed"]) == (7, STEADY[60:67].sum())
        assert row["expected_before"] == STEADY[32:60].sum() / 4

    def test_one_author_is_not_a_crowd(self) -> None:
        row = impact({"usability": np.ones(70), "account": STEADY[:70]}, launch("app", LAUNCHED, "usability"))
        assert row["null_reason"].startswith("never two people")
        assert (row["ratio_low"], row["excess_before_low"], row["p_value"]) == (None, None, None)

    def test_a_constant_series_has_a_width(self) -> None:
        row = impact(
            {"usability": np.full(70, 5), "account": np.full(70, 20)}, launch("app", LAUNCHED, "usability")
        )
        assert row["ratio_low"] < 0.95
        assert row["excess_before_low"] < -5

    def test_no_friction_before_at_the_touchpoint(self) -> None:
        usability = np.repeat([0, 4], [BEFORE, AFTER])
        row = impact({"usability": usability, "account": STEADY[:70]}, launch("app", LAUNCHED, "usability"))
        assert row["null_reason"] == "fewer than 10 friction author-days before: see excess_before"
        assert (row["ratio"], row["excess_before"]) == (None, 56)
        assert 20 < row["excess_before_low"] < 56

    def test_friction_that_ends(self) -> None:
        usability = np.concatenate([STEADY[:BEFORE], np.zeros(AFTER)])
        row = impact({"usability": usability, "account": STEADY[:70]}, launch("app", LAUNCHED, "usability"))
        assert (row["observed"], row["ratio"]) == (0, 0)
        assert 0 < row["ratio_high"] < 0.1
        assert row["p_value"] < 0.01

    def test_a_control_that_falls_silent(self) -> None:
        account = np.concatenate([STEADY[:BEFORE], np.zeros(AFTER)])
        row = impact({"usability": STEADY[:70], "account": account}, launch("app", LAUNCHED, "usability"))
        assert row["null_reason"].startswith("no control: fewer than 10")
        assert row["ratio"] is None


def test_neighbours_are_launches_within_a_fortnight() -> None:
    heard = {"usability": STEADY[:100], "account": STEADY[:100]}
    first = launch("app", LAUNCHED, "usability", launch_id="first")
    elsewhere = launch("app", LAUNCHED + timedelta(days=14), "account", launch_id="elsewhere")
    far = launch("app", LAUNCHED + timedelta(days=15), "usability", launch_id="far")
    unsaid = launch("app", LAUNCHED - timedelta(days=3), launch_id="unsaid")
    of = [
        (row["neighbours"], row["overlapping"])
        for row in (
            impact(heard, first, far),
            impact(heard, first, elsewhere, far),
            impact(heard, first, elsewhere, unsaid),
        )
    ]
    assert of == [(0, False), (1, False), (2, True)]
    assert impact(heard | {"any": STEADY[:100]}, first, elsewhere, touchpoint="any")["overlapping"] is True
