"""What one number of people who could have complained may be."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.exposure import InvalidExposure, parse_count, parse_day, parse_hour

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("value", "count"), [("0", 0), (" 12 ", 12), ("1.5", 1.5), (7, 7), ("1e6", 1e6)])
def test_a_count_is_a_number_and_zero_is_one(value: Any, count: float) -> None:
    assert parse_count(value) == count


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("-1", "negative"),
        (-0.5, "negative"),
        ("nan", "finite"),
        (float("inf"), "finite"),
        (True, "finite"),
        ("1,234", "not a number"),
        ("", "not a number"),
        (None, "not a number"),
    ],
)
def test_what_is_no_count_is_refused(value: Any, complaint: str) -> None:
    with pytest.raises(InvalidExposure, match=complaint):
        parse_count(value)


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01",
        " 2024-05-01 ",
        "2024-05-01T00:00:00+02:00",
        date(2024, 5, 1),
        datetime(2024, 5, 1, tzinfo=UTC),
    ],
)
def test_a_day_is_the_day_as_written(value: Any) -> None:
    assert parse_day(value) == date(2024, 5, 1)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("2024-05-01T10:00", "--hour-column"),
        ("2024-13-01", "not a date"),
        ("01/05/2024", "not a date"),
        ("20240501", "not a date"),
        (20240501, "not a date"),
        (None, "not a date"),
        ("1969-07-20", "outside 1990"),
    ],
)
def test_what_is_no_day_is_refused(value: Any, complaint: str) -> None:
    with pytest.raises(InvalidExposure, match=complaint):
        parse_day(value)


@pytest.mark.parametrize(
    ("value", "hour"),
    [
        ("2024-05-01T13:00", datetime(2024, 5, 1, 11, tzinfo=UTC)),
        ("2024-05-01 01", datetime(2024, 4, 30, 23, tzinfo=UTC)),
        ("2024-05-01T13:00:00Z", datetime(2024, 5, 1, 13, tzinfo=UTC)),
        ("2024-05-01T10:00+05:30", datetime(2024, 5, 1, 4, 30, tzinfo=UTC)),
        (datetime(2024, 1, 1, 1), datetime(2024, 1, 1, 0, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_an_hour_is_an_instant(value: Any, hour: datetime) -> None:
    assert parse_hour(value, BERLIN) == hour


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("2024-05-01T13:30", "start of an hour"),
        ("2024-03-31T02:00", "left out by the clocks of Europe/Berlin"),
        ("13", "not one"),
        ("2024-05-01", "not one"),
        (13, "not one"),
        (None, "not one"),
    ],
)
def test_what_is_no_hour_is_refused(value: Any, complaint: str) -> None:
    with pytest.raises(InvalidExposure, match=complaint):
        parse_hour(value, BERLIN)


@given(st.text() | st.floats() | st.integers() | st.none())
def test_nothing_breaks_the_readers(value: Any) -> None:
    with contextlib.suppress(InvalidExposure):
        assert parse_count(value) >= 0
    with contextlib.suppress(InvalidExposure):
        assert 1990 <= parse_day(value).year <= 2099
    with contextlib.suppress(InvalidExposure):
        assert parse_hour(value, BERLIN).tzinfo is UTC
