"""The fewest values that explain a rise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.detect.attribution import causes, shares

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50).map(float), min_size=1)


def test_the_value_that_grew_explains_and_the_large_one_does_not() -> None:
    version = shares({"88.0": 40, "89.0": 60}, {"88.0": 95, "89.0": 5}, observed=100, expected=40)
    source = shares({"tickets": 80, "reviews": 20}, {"tickets": 80, "reviews": 20}, observed=100, expected=40)
    (cause,) = causes({"source": source, "version": version})
    assert (cause.dimension, cause.values) == ("version", ("89.0",))
    assert cause.explains == pytest.approx((60 - 2) / 60)


def test_a_dimension_of_one_value_explains_nothing() -> None:
    assert causes({"source": shares({"tickets": 9}, {"tickets": 100}, observed=9, expected=1)}) == ()


def test_a_value_never_said_before_surprises() -> None:
    (cause,) = causes({"locale": shares({"de": 20, "en": 5}, {"en": 30}, observed=25, expected=6)})
    assert cause.values == ("de",)


@given(COUNTS, COUNTS, st.floats(1, 1000), st.floats(0, 1000))
def test_parts_add_up_to_the_whole(
    during: dict[str, float], before: dict[str, float], observed: float, expected: float
) -> None:
    parts = shares(during, before, observed, expected)
    if sum(during.values()):
        assert sum(part.observed for part in parts) == pytest.approx(observed)
        assert sum(part.expected for part in parts) == pytest.approx(expected)
        if abs(observed - expected) > 1e-3:
            assert sum(part.explains for part in parts) == pytest.approx(1, abs=1e-4)
    assert all(part.surprise >= -1e-12 for part in parts)
    for cause in causes({"any": parts}):
        assert 1 <= len(cause.values) <= 3
        assert cause.explains >= 0.67
