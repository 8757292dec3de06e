"""The interval of the difference of two rates of the same people."""

from __future__ import annotations

import math

import pytest

from pipelines.comparison.interval import Rate, Shared, difference_interval

Z = 1.959963984540054


def rate(friction: int, people: int) -> Rate:
    share = friction / people
    centre = (share + Z**2 / (2 * people)) / (1 + Z**2 / people)
    half = Z * math.sqrt(share * (1 - share) / people + Z**2 / (4 * people**2)) / (1 + Z**2 / people)
    return Rate(people, friction, max(centre - half, 0.0), min(centre + half, 1.0))


def paired(both: int, only_second: int, only_first: int, neither: int) -> tuple[float, float]:
    people = both + only_second + only_first + neither
    first, second = both + only_first, both + only_second
    return difference_interval(rate(first, people), rate(second, people), Shared(people, first, second, both))


@pytest.mark.parametrize("cells", [(20, 12, 2, 16), (36, 12, 2, 0), (18, 14, 4, 14), (300, 40, 10, 650)])
def test_of_the_same_people_it_is_newcombes_method_10(cells: tuple[int, int, int, int]) -> None:
    """His formula as he writes it, with the cells of the fourfold table."""
    e, f, g, h = cells
    n = sum(cells)
    p1, p2 = rate(e + f, n), rate(e + g, n)
    product = e * h - f * g
    corrected = max(product - n / 2, 0) if product > 0 else product
    margins = (e + f) * (g + h) * (e + g) * (f + h)
    phi = corrected / math.sqrt(margins) if margins else 0.0
    dl1, du1 = p1.share - p1.low, p1.high - p1.share
    dl2, du2 = p2.share - p2.low, p2.high - p2.share
    difference = (f - g) / n
    low = difference - math.sqrt(dl1**2 - 2 * phi * dl1 * du2 + du2**2)
    high = difference + math.sqrt(du1**2 - 2 * phi * du1 * dl2 + dl2**2)
    assert paired(*cells) == pytest.approx((low, high))


def test_an_example_in_figures() -> None:
    assert paired(20, 12, 2, 16) == pytest.approx((0.0562, 0.3292), abs=5e-5)


def test_where_nobody_changes_it_has_a_width_and_holds_zero() -> None:
    low, high = paired(150, 0, 0, 350)
    assert -0.01 < low < 0 < high < 0.01
    assert paired(15, 0, 0, 35)[1] > high


@pytest.mark.parametrize("cells", [(0, 50, 0, 0), (0, 0, 50, 0), (50, 0, 0, 0), (0, 0, 0, 1), (0, 1, 0, 0)])
def test_it_stays_within_what_a_difference_can_be(cells: tuple[int, int, int, int]) -> None:
    low, high = paired(*cells)
    assert -1 <= low <= (cells[1] - cells[2]) / sum(cells) <= high <= 1


def test_people_of_one_side_only_are_not_paired() -> None:
    """With nobody in both, it is the interval of two independent shares: Newcombe's other method 10."""
    first, second = rate(56, 70), rate(48, 80)
    low, high = difference_interval(first, second, Shared(0, 0, 0, 0))
    assert (-high, -low) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_more_shared_people_make_it_narrower() -> None:
    first, second = rate(30, 100), rate(40, 100)
    widths = []
    for people in (0, 50, 100):
        low, high = difference_interval(
            first, second, Shared(people, 30 * people // 100, 40 * people // 100, 30 * people // 100)
        )
        widths.append(high - low)
    assert widths[0] > widths[1] > widths[2]
