"""`python -m benchmarks.spikes.fit --tables DIR`: what real streams say about the parameters of the simulated world.

Everything is a moment of hourly counts of distinct authors with friction, by source and product, so it can be checked
by hand:

- *profiles*: share of each hour of the day and each weekday, ratio of sums, as mean 1.
- *drift*: c(k) = cov(D(t), D(t+k)) / mean² of daily counts has no Poisson noise in it for k >= 1; under an AR(1) of the
  logarithm, rho = (c(7) / c(1))^(1/6) a day and sigma² = c(1) / rho.
- *over-dispersion*: mean Pearson chi² of hourly counts around level x season, where the level is the centred mean of
  7 days and the most surprising 0.5 % of the hours are left out, so that incidents are no noise; over the same figure
  of Poisson counts.
- *reply bursts*: the Fano factor F of counts in windows of 1 to 8 hours; a self-exciting process of branching ratio n
  has F = 1 / (1 - n)² in long windows (Hardiman and Bouchaud 2014, arXiv:1403.5227), so n = 1 - 1 / sqrt(F). It is an
  upper limit, since drift and incidents within the window raise F as well.
- *loud authors*: authors with 5 posts or more within a day, a thousand author-days.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import click
import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.connect import connect

Floats = NDArray[np.float64]

DAY_HOURS: Final = 24
WEEK_HOURS: Final = 168
KEPT_QUANTILE: Final = 0.995
FANO_HOURS: Final = (1, 2, 4, 8)
FEWEST_AUTHORS: Final = 2000
"""Smaller series say more about their noise than about the world."""

_HOURLY: Final = """
    SELECT source, product, touchpoint, date_trunc('hour', occurred_at) AS hour,
           count(DISTINCT author) FILTER (friction) AS friction, count(DISTINCT author) FILTER (NOT friction) AS control
    FROM event_touchpoints WHERE day IS NOT NULL GROUP BY ALL
"""

_LOUD: Final = """
    SELECT 1000 * avg((posts >= 5)::INT) FROM (
        SELECT count(*) AS posts FROM events WHERE source = $source AND product = $product
        AND author_key IS NOT NULL GROUP BY author, day)
"""


@dataclass(frozen=True)
class Fitted:
    """Parameters of one series of authors with friction."""

    source: str
    product: str
    touchpoint: str
    weeks: int
    hourly_mean: float
    hour_profile: Floats
    weekday_profile: Floats
    drift_sigma: float
    drift_rho: float
    control_correlation: float
    dispersion: float
    fano: tuple[float, ...]
    loud_per_1000: float

    @property
    def branching(self) -> float:
        """Upper limit of the replies an item causes."""
        return 1 - 1 / math.sqrt(max(self.fano[-1], 1.0))


def fit(connection: duckdb.DuckDBPyConnection) -> Iterator[Fitted]:
    """One row for each source, product and touchpoint with enough authors; busiest first."""
    connection.execute(f"CREATE TEMP TABLE hourly AS {_HOURLY}")
    keys = connection.execute(
        "SELECT source, product, touchpoint FROM hourly GROUP BY ALL HAVING sum(friction) >= ? "
        "AND date_diff('day', min(hour), max(hour)) >= 28 ORDER BY source, product, sum(friction) DESC",
        [FEWEST_AUTHORS],
    ).fetchall()
    for source, product, touchpoint in keys:
        friction, control = _series(connection, source, product, touchpoint)
        loud = connection.execute(_LOUD, {"source": source, "product": product}).fetchone()
        yield _fitted((source, product, touchpoint), friction, control, float((loud or (0,))[0] or 0))


def _series(
    connection: duckdb.DuckDBPyConnection, source: str, product: str, touchpoint: str
) -> tuple[Floats, Floats]:
    """Authors with friction and without, an hour, of whole weeks from the first Monday on; 0 where nobody wrote."""
    rows = connection.execute(
        "SELECT date_diff('hour', date_trunc('week', min(hour) OVER ()) + INTERVAL 7 DAY, hour) AS since, "
        "friction, control FROM hourly WHERE source = ? AND product = ? AND touchpoint = ? ORDER BY since",
        [source, product, touchpoint],
    ).fetchnumpy()
    at = np.asarray(rows["since"], dtype=np.int64)
    hours = (int(at.max()) + 1) // WEEK_HOURS * WEEK_HOURS
    inside = (at >= 0) & (at < hours)
    friction, control = np.zeros(hours), np.zeros(hours)
    friction[at[inside]] = np.asarray(rows["friction"])[inside]
    control[at[inside]] = np.asarray(rows["control"])[inside]
    return friction, control


def _fitted(key: tuple[str, str, str], friction: Floats, control: Floats, loud: float) -> Fitted:
    days = friction.reshape(-1, DAY_HOURS)
    weeks = days.reshape(-1, 7, DAY_HOURS)
    hour_profile = days.sum(axis=0) / days.sum() * DAY_HOURS
    weekday_profile = weeks.sum(axis=(0, 2)) / days.sum() * 7
    season = np.tile(np.outer(weekday_profile, hour_profile).ravel(), len(weeks))
    deseasoned = days.sum(axis=1) / np.tile(weekday_profile, len(weeks))
    deseasoned = np.minimum(deseasoned, np.quantile(deseasoned, 0.98))
    sigma, rho = _drift(deseasoned)
    others = control.reshape(-1, DAY_HOURS).sum(axis=1)
    level = np.convolve(np.pad(deseasoned, 3, mode="edge"), np.full(7, 1 / 7), mode="valid")
    expected = np.maximum(np.repeat(level, DAY_HOURS) / DAY_HOURS * season, 1e-9)
    return Fitted(
        *key,
        weeks=len(weeks),
        hourly_mean=float(friction.mean()),
        hour_profile=hour_profile,
        weekday_profile=weekday_profile,
        drift_sigma=sigma,
        drift_rho=rho,
        control_correlation=_noise_free_correlation(deseasoned, others),
        dispersion=_fano(friction, expected, 1),
        fano=tuple(_fano(friction, expected, hours) for hours in FANO_HOURS),
        loud_per_1000=loud,
    )


def _drift(daily: Floats) -> tuple[float, float]:
    """Standard deviation of the log level and its autocorrelation from one day to the next."""
    relative = daily / daily.mean() - 1
    first, week = (float(np.mean(relative[:-lag] * relative[lag:])) for lag in (1, 7))
    if first <= 0 or week <= 0:
        return 0.0, 0.0
    rho = min((week / first) ** (1 / 6), 1.0)
    return float(np.sqrt(first / rho)), float(rho)


def _noise_free_correlation(one: Floats, other: Floats) -> float:
    """Correlation of two daily levels from covariances a day apart, which counting noise does not touch."""

    def ahead(a: Floats, b: Floats) -> float:
        a, b = a / a.mean() - 1, b / b.mean() - 1
        return float(np.mean(a[:-1] * b[1:] + b[:-1] * a[1:]) / 2)

    if other.sum() == 0:
        return 0.0
    scale = ahead(one, one) * ahead(other, other)
    return float(np.clip(ahead(one, other) / np.sqrt(scale), -1, 1)) if scale > 0 else 0.0


def _fano(counts: Floats, expected: Floats, hours: int) -> float:
    """Variance over mean in windows of `hours`, relative to Poisson counts of the same mean that are trimmed alike."""
    chance = np.random.default_rng(0).poisson(expected).astype(np.float64)
    return _trimmed(counts, expected, hours) / _trimmed(chance, expected, hours)


def _trimmed(counts: Floats, expected: Floats, hours: int) -> float:
    seen = counts.reshape(-1, hours).sum(axis=1)
    mean = expected.reshape(-1, hours).sum(axis=1)
    pearson = (seen - mean) ** 2 / mean
    return float(pearson[pearson <= np.quantile(pearson, KEPT_QUANTILE)].mean())


@click.command()
@click.option("--tables", required=True, help="Tables of the real streams.")
def program(tables: str) -> None:
    """Print what the streams say, one line a series."""
    click.echo(
        "| series | weeks | mean/h | busiest:quietest | weekday | sigma | rho/day | with control | phi | n <= | loud |"
    )
    click.echo("|---|---|---|---|---|---|---|---|---|---|---|")
    for found in fit(connect(tables)):
        hours, weekdays = found.hour_profile, found.weekday_profile
        click.echo(
            f"| {found.source}, {found.product}, {found.touchpoint} | {found.weeks} | {found.hourly_mean:.2f} "
            f"| {hours.max() / max(hours.min(), 1e-9):.1f} | {weekdays.min():.2f}-{weekdays.max():.2f} "
            f"| {found.drift_sigma:.2f} | {found.drift_rho:.3f} | {found.control_correlation:.2f} "
            f"| {found.dispersion:.2f} | {found.branching:.2f} | {found.loud_per_1000:.2f} |"
        )


if __name__ == "__main__":
    sys.exit(program())
