"""A disordered stream loses nothing, and is the same for the same seed."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipelines.pubsub.disorder import AGAIN_WITHIN, disordered


@given(
    st.integers(0, 400),
    st.floats(0, 1),
    st.integers(0, 50),
    st.integers(),
)
def test_everything_comes_once_or_twice_and_near_its_place(
    length: int, duplicates: float, out_of_order: int, seed: int
) -> None:
    found = list(disordered(range(length), duplicates, out_of_order, seed))
    times = Counter(found)
    assert set(times) == set(range(length))
    assert set(times.values()) <= {1, 2}
    firsts = list(dict.fromkeys(found))
    assert all(abs(place - number) <= out_of_order for place, number in enumerate(firsts))
    assert found == list(disordered(range(length), duplicates, out_of_order, seed))


def test_the_share_of_duplicates_is_what_was_asked_for() -> None:
    assert len(list(disordered(range(10_000), 0.1, 0, seed=7))) in range(10_900, 11_100)
    assert len(list(disordered(range(500), 1.0, 0, seed=7))) == 1_000


def test_without_disorder_a_duplicate_follows_within_a_hundred() -> None:
    found = list(disordered(range(1_000), 1.0, 0, seed=7))
    assert list(dict.fromkeys(found)) == list(range(1_000))
    for number in range(1_000):
        first = found.index(number)
        between = found[first : found.index(number, first + 1)]
        assert max(between) <= number + AGAIN_WITHIN
