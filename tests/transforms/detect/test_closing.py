"""Hour after hour: what is remembered stays small, and what comes twice or in another order changes nothing."""

from __future__ import annotations

import pickle
import random
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from transforms.detect.clock import local_hour
from transforms.detect.closing import Item, Watching, close, set_out
from transforms.detect.evidence import AUTHOR_HOURS
from transforms.detect.launches import since_launch
from transforms.detect.layout import SeriesKey, layout

KEYS = [SeriesKey("kettle", touchpoint, "reviews") for touchpoint in ("billing", "login")]
WATCHING = Watching(layout([*KEYS, SeriesKey("kettle", "billing"), SeriesKey("kettle", "*")]))


def complaint(identity: str, author: str | None = None, **more: object) -> Item:
    return Item(KEYS[0], identity, friction=True, author=author, **more)  # type: ignore[arg-type]


def test_order_and_repetition_change_nothing() -> None:
    chance = random.Random(2)
    items = [complaint(f"i{n}", f"a{n % 7}", conversation=f"c{n % 5}") for n in range(30)]
    again = items + items[:9]
    chance.shuffle(again)
    first, said = close(WATCHING, set_out(WATCHING), 500_000, items)
    second, also_said = close(WATCHING, set_out(WATCHING), 500_000, again)
    assert pickle.dumps(first.state) == pickle.dumps(second.state)
    np.testing.assert_array_equal(said.scores.authors, also_said.scores.authors)
    assert first.wrote == second.wrote


def test_who_wrote_yesterday_is_forgotten_after_a_day() -> None:
    course, _ = close(WATCHING, set_out(WATCHING), 500_000, [complaint("a", "ann")])
    same_day, _ = close(WATCHING, course, 500_000 + AUTHOR_HOURS, [complaint("b", "ann")])
    next_day, _ = close(WATCHING, course, 500_000 + AUTHOR_HOURS + 1, [complaint("b", "ann")])
    assert same_day.state.baseline.seen[0] < course.state.baseline.seen[0] < next_day.state.baseline.seen[0]
    assert list(next_day.wrote) == [500_000 + AUTHOR_HOURS + 1]


def test_the_course_does_not_grow() -> None:
    chance, course, sizes = random.Random(3), set_out(WATCHING), []
    for hour in range(150):
        items = [complaint(f"{hour}-{n}", f"{chance.randrange(10**9):09}") for n in range(5)]
        course, _ = close(WATCHING, course, 500_000 + hour, items)
        sizes.append(len(pickle.dumps(course)))
    assert len(course.wrote) == AUTHOR_HOURS + 1
    assert max(sizes[60:]) <= max(sizes[:60]) * 1.05


def test_an_item_counts_in_the_sums_over_it() -> None:
    other = Item(KEYS[1], "b", friction=True, author="bob")
    course, _ = close(WATCHING, set_out(WATCHING), 500_000, [complaint("a", "ann"), other])
    assert course.state.age.tolist() == [1, 1, 1, 1]
    course, _ = close(WATCHING, set_out(WATCHING), 500_000, [other])
    assert course.state.age.tolist() == [0, 1, 0, 1]


def test_hours_of_the_day_are_those_of_the_zone() -> None:
    berlin, change = ZoneInfo("Europe/Berlin"), 454_345  # 2021-10-31, 01:00 UTC: clocks go back from 3 to 2
    assert [local_hour(change + hour, berlin) for hour in (-2, -1, 0, 1)] == [(1, 6), (2, 6), (2, 6), (3, 6)]
    assert local_hour(change, UTC) == (1, 6)
    assert local_hour(0) == (0, 3)


def test_a_launch_counts_from_its_hour_on() -> None:
    since = [since_launch({"b": [10, 50]}, ["a", "b"], hour) for hour in (9, 10, 49, 50)]
    assert [each[1] for each in since] == [np.inf, 0, 39, 0]
    assert all(each[0] == np.inf for each in since)


def test_a_series_that_is_not_watched_is_named() -> None:
    with pytest.raises(KeyError, match="fax"):
        close(WATCHING, set_out(WATCHING), 0, [Item(SeriesKey("fax", "billing", "x"), "a", friction=True)])
