"""Closing: one hour's items through counting, detector and lifecycle; a pure function, called hour by hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import NamedTuple

import numpy as np

from transforms.detect.clock import local_hour
from transforms.detect.detector import Hour, Scores, Settings, State, empty_state, step
from transforms.detect.evidence import AUTHOR_HOURS, UNKNOWN, Items, count_evidence, count_people
from transforms.detect.launches import Calendar, since_launch
from transforms.detect.layout import Floats, Ints, Layout, SeriesKey
from transforms.detect.lifecycle import Book, Event, advance_all, signals


class Item(NamedTuple):
    """One item of feedback. `identity` is unique; what is not known of author, conversation and cluster is None."""

    series: SeriesKey
    identity: str
    friction: bool
    author: str | None = None
    conversation: str | None = None
    cluster: str | None = None
    promotion: bool = False


@dataclass(frozen=True)
class Watching:
    """What is watched, and how: the same for all hours."""

    layout: Layout
    settings: Settings = field(default_factory=Settings)
    zone: tzinfo = UTC
    calendar: Calendar = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """All that is remembered from hour to hour."""

    state: State
    book: Book
    wrote: Mapping[int, frozenset[tuple[int, str]]]
    """Of each of the last 24 hours: which author was counted in which series."""


@dataclass(frozen=True)
class Closed:
    """What a closed hour, counted since the epoch, says."""

    hour: int
    scores: Scores
    events: tuple[Event, ...]


def set_out(watching: Watching) -> Course:
    """Before the first hour."""
    return Course(empty_state(watching.layout), Book({}), {})


def close(watching: Watching, course: Course, hour: int, items: Iterable[Item]) -> tuple[Course, Closed]:
    """The hour with these items, in any order; the same item given twice counts once.

    Raises `KeyError` for an item of a series that is not in the layout.
    """
    once = {item.identity: item for item in sorted(items, key=_whole)}
    counts, control, wrote = _counted(watching.layout, course.wrote, hour, [once[i] for i in sorted(once)])
    of_day, weekday = local_hour(hour, watching.zone)
    since = since_launch(watching.calendar, watching.layout.products, hour) if watching.calendar else None
    state, scores = step(
        watching.layout, watching.settings, course.state, Hour(of_day, weekday, counts, control, since)
    )
    book, events = advance_all(course.book, signals(watching.layout, scores, hour))
    return Course(state, book, wrote), Closed(hour, scores, events)


def _whole(item: Item) -> tuple[str, ...]:
    return (item.identity, *(repr(part) for part in item))


def _counted(
    at: Layout, wrote: Mapping[int, frozenset[tuple[int, str]]], hour: int, items: list[Item]
) -> tuple[Floats, Floats, Mapping[int, frozenset[tuple[int, str]]]]:
    """Evidence (K,), control (P,), and who wrote in the last 24 hours, this one included; items in order of name."""
    recent = {then: who for then, who in wrote.items() if hour - AUTHOR_HOURS <= then < hour}
    row_of = {key: row for row, key in enumerate(at.keys)}
    product_of = {product: number for number, product in enumerate(at.products)}
    numbers: dict[str, int] = {}

    before = [(row, then, author) for then in sorted(recent) for row, author in sorted(recent[then])]
    friction = [item for item in items if item.friction]
    rows = [(row, item) for item in friction for row in at.rows_of(row_of[item.series])]
    told = Items(
        series=_ints([row for row, _, _ in before] + [row for row, _ in rows]),
        hour=_ints([then for _, then, _ in before] + [hour] * len(rows)),
        identity=np.arange(len(before) + len(rows)),
        author=_ints(
            [_number(numbers, author) for *_, author in before]
            + [_number(numbers, item.author) for _, item in rows]
        ),
        conversation=_ints([UNKNOWN] * len(before) + [_number(numbers, item.conversation) for _, item in rows]),
        cluster=_ints([UNKNOWN] * len(before) + [_number(numbers, item.cluster) for _, item in rows]),
        promotion=np.array([False] * len(before) + [item.promotion for _, item in rows], dtype=bool),
    )
    counts = count_evidence(told, len(at), hour, 1).evidence[:, 0]
    calm = [item for item in items if not item.friction and not item.promotion]
    control = count_people(
        _ints([product_of[item.series.product] for item in calm]),
        _ints([_number(numbers, item.author) for item in calm]),
        len(at.products),
    )
    now = {(row, item.author) for row, item in rows if item.author is not None and not item.promotion}
    return counts, control, {**recent, hour: frozenset(now)}


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _number(numbers: dict[str, int], name: str | None) -> int:
    return UNKNOWN if name is None else numbers.setdefault(name, len(numbers))
