"""Detector and lifecycle together: one incident on two sources is one episode, told once."""

from __future__ import annotations

import numpy as np

from schemas.alert import Kind
from tests.transforms.detect.test_detector import WARM_UP, quiet, run, series
from transforms.detect.lifecycle import Book, Event, Place, advance_all, signals


def episodes(counts: np.ndarray, control: np.ndarray) -> list[Event]:
    at, book = series(), Book({})
    told: list[Event] = []
    for hour, scores in enumerate(run(counts, control, at)[1]):
        book, events = advance_all(book, signals(at, scores, hour))
        told += events
    return told


def test_an_incident_on_two_sources_is_one_episode() -> None:
    counts, control = quiet(WARM_UP + 72, series())
    counts[2:4, WARM_UP : WARM_UP + 20] += np.random.default_rng(2).poisson(6, (2, 20))
    told = episodes(counts, control)
    assert [event.kind for event in told if event.kind is not Kind.UPDATED] == [Kind.OPENED, Kind.RESOLVED]
    assert {event.place for event in told} == {Place("p1", "billing")}
    assert told[0].hour < WARM_UP + 6
    assert WARM_UP + 20 < told[-1].hour < WARM_UP + 40
    assert {"reviews", "social"} <= told[-1].members


def test_the_same_hours_are_the_same_episodes() -> None:
    counts, control = quiet(WARM_UP + 48, series())
    counts[2:4, WARM_UP : WARM_UP + 20] += 5
    assert episodes(counts, control) == episodes(counts.copy(), control.copy())
