"""Excess: how many more people than expected, with an interval that small counts and uneven days cannot fool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, mean, median
from typing import Final

CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
_WEEK: Final = 7


@dataclass(frozen=True)
class Excess:
    """`observed` minus `expected`, people; the interval covers the true difference with `CONFIDENCE`.

    `dispersion` is the variance of the counts as a multiple of their mean, 1 for a Poisson count.
    """

    observed: int
    expected: float
    low: float
    high: float
    dispersion: float

    @property
    def excess(self) -> float:
        """People more than expected; negative when fewer."""
        return self.observed - self.expected

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no room for "nothing happened"."""
        return self.low > 0 or self.high < 0


def count_interval(count: float, dispersion: float = 1.0) -> tuple[float, float]:
    """Score interval of the mean behind a count whose variance is `dispersion` times its mean.

    The means m with |count - m| <= z sqrt(dispersion m); Barker 2002, The American Statistician 56:85,
    carried over to an over-dispersed count. A count of zero has an upper bound above zero.

    >>> [round(bound, 1) for bound in count_interval(10)]
    [5.4, 18.4]
    """
    shift = dispersion * _Z**2 / 2
    high = count + shift + _Z * sqrt(dispersion * count + dispersion**2 * _Z**2 / 4)
    # The bounds are the roots of m² - (2 count + 2 shift) m + count²; their product is exact where a difference is not.
    return count**2 / high, high


def excess(after: int, before: Sequence[int], dispersion: float) -> Excess:
    """People in one window against the mean of the windows `before` it, all of one length and the same weekdays.

    The interval of the difference recovers the variance of each side at its own bound (MOVER; Zou & Donner 2008,
    Statistics in Medicine 27:1693). Raises `ValueError` for no window before.
    """
    if not before:
        raise ValueError("an excess needs at least one window before")
    total, windows = sum(before), len(before)
    expected = total / windows
    after_low, after_high = count_interval(after, dispersion)
    before_low, before_high = (bound / windows for bound in count_interval(total, dispersion))
    return Excess(
        observed=after,
        expected=expected,
        low=after - expected - sqrt((after - after_low) ** 2 + (before_high - expected) ** 2),
        high=after - expected + sqrt((after_high - after) ** 2 + (expected - before_low) ** 2),
        dispersion=dispersion,
    )


def dispersion(days: Sequence[int | None], windows: Sequence[int] = ()) -> float:
    """How much more than Poisson counts a series varies: the larger of day to day and window to window, at least 1.

    `days` are consecutive whole weeks; each day is compared with the mean of its weekday (Pearson's statistic over
    its degrees of freedom; McCullagh & Nelder 1989, section 6.2); days that are None are left out. `windows` are the
    counts of consecutive windows: a series that drifts varies more from window to window than its days tell.
    """
    return max(1.0, _pearson([days[weekday::_WEEK] for weekday in range(_WEEK)]), _pearson([windows]))


def _pearson(groups: Sequence[Sequence[int | None]]) -> float:
    """Pearson's statistic of counts around the mean of their group, per degree of freedom."""
    statistic, freedom = 0.0, 0
    for days in groups:
        group = _known(days)
        if len(group) > 1 and any(group):
            level = mean(group)
            statistic += sum((count - level) ** 2 for count in group) / level
            freedom += len(group) - 1
    return statistic / freedom if freedom else 0.0


@dataclass(frozen=True)
class Exceedance:
    """One day against its own baseline. `score` is in standard deviations, so 3.7 happens by chance on one day in
    ten thousand; `high` is the largest count that is still ordinary at the given score."""

    observed: int
    expected: float
    high: float
    score: float


def exceedance(observed: int, before: Sequence[int | None], score: float) -> Exceedance | None:
    """One day against the days `before` it, consecutive whole weeks up to the day before, oldest first, None where
    nothing is known.

    Expected is the mean of the same weekdays, the highest left out, so that one earlier incident does not hide the
    next; the dispersion comes from the median residual for the same reason. The bound is the two-thirds power
    one of Farrington et al. 1996 (JRSS A 159:547). None where fewer than four same weekdays are known.
    """
    same = sorted(_known(before[-_WEEK::-_WEEK]))
    if len(same) < 4:
        return None
    expected = max(mean(same[:-1]), 1 / len(same))
    spread = _robust_dispersion(before)
    tau = spread + spread / len(same)
    unit = (2 / 3) * sqrt(tau / expected)
    return Exceedance(
        observed=observed,
        expected=expected,
        high=expected * (1 + unit * score) ** 1.5,
        score=((observed / expected) ** (2 / 3) - 1) / unit,
    )


def _robust_dispersion(days: Sequence[int | None]) -> float:
    """Dispersion from the median absolute Pearson residual, which a few wild days do not move; at least 1."""
    residuals = []
    for weekday in range(_WEEK):
        group = _known(days[weekday::_WEEK])
        level = (median(group) or mean(group)) if group else 0
        if level:
            residuals += [abs(count - level) / sqrt(level) for count in group]
    return max(1.0, (median(residuals) / NormalDist().inv_cdf(0.75)) ** 2) if residuals else 1.0


def _known(days: Sequence[int | None]) -> list[int]:
    return [count for count in days if count is not None]
