"""The hours an alert's figures count."""

from __future__ import annotations

import pytest

from pipelines.watch.figures import LEAD_HOURS, figures_of, window_of
from pipelines.watch.ledger import Telling
from pipelines.watch.told import Standing, Told
from schemas.alert import Kind
from transforms.detect.lifecycle import Event, Place

START = 450_000


def telling(since: int, *, touchpoint: str = "billing", ends: bool = False) -> Telling:
    place = Place("app", touchpoint)
    standing = Standing(touchpoint, None, since, 40.0, 8.0, 20, 1.2, 7.0, 0.01, False)
    event = Event(Kind.OPENED, f"f-{START}", place, START, frozenset({"*"}), 6.0, 40.0)
    usual = tuple((hour, 0.5) for hour in range(START - 71, START + 1))
    return Telling(Told(event, (standing,), usual=usual), START, START + 1, ends=ends)


@pytest.mark.parametrize("touchpoint", ["billing", "*"])
def test_they_begin_with_the_evidence(touchpoint: str) -> None:
    one = telling(START - 10, touchpoint=touchpoint)
    assert window_of(one) == (START - 10, START + 1)
    figures = figures_of(one, 3.0)
    assert (figures.observed, figures.expected, figures.q) == (40.0, 8.0, 0.01)


def test_evidence_of_the_episode_before_a_split_is_not_counted_again() -> None:
    one = telling(START - LEAD_HOURS - 1)
    assert window_of(one) == (START, START + 1)
    figures = figures_of(one, 3.0)
    assert (figures.observed, figures.expected) == (3.0, 0.5)


def test_of_what_is_over_the_whole_episode_counts() -> None:
    assert window_of(telling(START - 10, ends=True)) == (START, START + 1)
