"""What the tables hold, counted as people; in whatever portions it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.snapshot import open_snapshot
from pipelines.watch import evidence as counted
from pipelines.watch.closing import closed_until
from pipelines.watch.days import day_fingerprints
from pipelines.watch.evidence import DayEvidence, first_hour, hour_of, read_days
from tests.pipelines.watch.world import ROWS_OF_THREE_DAYS, START, said, store_rows
from transforms.detect.layout import SeriesKey

BILLING = SeriesKey("app", "billing", "tickets")
HOUR = timedelta(hours=1)
PASTED = "I started a mail without an address and when I left the page the draft was gone for good"


def read(tables: Path) -> list[DayEvidence]:
    snapshot = open_snapshot(str(tables))
    return list(read_days(snapshot, list(day_fingerprints(snapshot))))


def counts(tables: Path, key: SeriesKey = BILLING) -> list[float]:
    """Evidence of the first hours."""
    hours = {hour.hour: hour for day in read(tables) for hour in day.hours}
    first = hour_of(START)
    return [hours[first + at].counts.get(key, 0.0) if first + at in hours else 0.0 for at in range(4)]


def events(tables: Path, *rows: dict[str, Any]) -> None:
    store_rows(tables, rows, "all")


def test_an_author_counts_once_a_day_in_a_series(tmp_path: Path) -> None:
    events(
        tmp_path,
        said(1, START, "billing", author="a"),
        said(2, START + 2 * HOUR, "billing", author="a"),
        said(3, START + 2 * HOUR, "billing", "login", author="b"),
        said(4, START + 30 * HOUR, "billing", author="a"),
    )
    assert counts(tmp_path) == [1, 0, 1, 0]
    assert counts(tmp_path, SeriesKey("app", "login", "tickets")) == [0, 0, 1, 0]
    assert [sum(hour.counts[BILLING] for hour in day.hours) for day in read(tmp_path)] == [2, 1]


def test_a_conversation_counts_once_an_hour_and_an_unknown_author_half(tmp_path: Path) -> None:
    events(
        tmp_path,
        said(1, START, "billing", thread="t"),
        said(2, START, "billing", thread="t"),
        said(3, START, "billing", author=None),
        said(4, START + HOUR, "billing", thread="t"),
    )
    assert counts(tmp_path) == [1.5, 1, 0, 0]


def test_a_pasted_text_is_one_voice(tmp_path: Path) -> None:
    """Of known authors one an hour; of unknown ones one a day, for it may be one person."""
    known = [said(number, START, "billing", text=f"{PASTED} {number}") for number in range(5)]
    unknown = [
        said(9 + number, START + (1 + number) * HOUR, "login", author=None, text=PASTED) for number in range(3)
    ]
    events(tmp_path, *known, *unknown)
    assert counts(tmp_path) == [1, 0, 0, 0]
    assert counts(tmp_path, SeriesKey("app", "login", "tickets")) == [0, 0.5, 0, 0]
    assert sum(day.quality.pasted for day in read(tmp_path)) == 2


def test_many_people_may_say_the_same_few_words(tmp_path: Path) -> None:
    events(tmp_path, *(said(number, START, "billing", text="does not work") for number in range(5)))
    assert counts(tmp_path) == [5, 0, 0, 0]


def test_the_control_counts_people_without_friction_who_were_scored(tmp_path: Path) -> None:
    events(
        tmp_path,
        said(1, START, author="a"),
        said(2, START, author="a"),
        said(3, START, author=None),
        said(4, START, "billing", author="b"),
        said(5, START, unscored_reason="noise:spam", mentions=[]),
        said(6, START, author="agent", author_kind="agent"),
    )
    (day,) = read(tmp_path)
    assert [hour.control for hour in day.hours] == [{"app": 2.0}]
    assert day.quality.noise == 1


def test_feedback_without_a_product_is_a_product_of_its_own(tmp_path: Path) -> None:
    events(tmp_path, said(1, START, "billing", product=None))
    assert counts(tmp_path, SeriesKey("", "billing", "tickets")) == [1, 0, 0, 0]


def test_a_date_after_its_receipt_is_not_believed(tmp_path: Path) -> None:
    events(
        tmp_path,
        said(1, START, "billing", received=-2 * HOUR),
        said(2, START, "billing", received=-HOUR / 2),
    )
    assert counts(tmp_path) == [1, 0, 0, 0]
    assert sum(day.quality.in_future for day in read(tmp_path)) == 1


def test_an_edit_replaces_and_a_deletion_takes_away(tmp_path: Path) -> None:
    first, second = said(1, START, "billing"), said(2, START, "billing")
    events(
        tmp_path,
        first,
        second,
        {
            **first,
            "event_id": "f" * 32,
            "revision": "2",
            "revised_at": START + HOUR,
            "deleted": True,
            "mentions": [],
        },
    )
    assert counts(tmp_path) == [1, 0, 0, 0]


@pytest.mark.parametrize("most_days", [1, 2])
def test_portions_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_days: int) -> None:
    store_rows(tmp_path, ROWS_OF_THREE_DAYS, "all")
    whole = read(tmp_path)
    monkeypatch.setattr(counted, "_MOST_DAYS", most_days)
    assert read(tmp_path) == whole
    assert [hour.digest for day in read(tmp_path) for hour in day.hours] == [
        hour.digest for day in whole for hour in day.hours
    ]


def test_hours_close_by_the_third_newest_event_of_a_history(tmp_path: Path) -> None:
    late = timedelta(days=9)
    rows = [said(number, START + number * HOUR, "billing", received=late) for number in range(10)]
    store_rows(tmp_path, rows[:2], "two")
    snapshot = open_snapshot(str(tmp_path))
    now = datetime(2030, 1, 1, tzinfo=UTC)
    assert closed_until(snapshot, list(day_fingerprints(snapshot)), now, timedelta(0)) is None
    store_rows(tmp_path, rows[2:], "others")
    snapshot = open_snapshot(str(tmp_path))
    days = list(day_fingerprints(snapshot))
    assert closed_until(snapshot, days, now, timedelta(0)) == hour_of(START) + 7
    assert closed_until(snapshot, days, now, timedelta(minutes=1)) == hour_of(START) + 6


def test_hours_of_a_live_stream_close_by_the_clock(tmp_path: Path) -> None:
    store_rows(tmp_path, [said(number, START, "billing") for number in range(3)], "all")
    snapshot = open_snapshot(str(tmp_path))
    now = START + timedelta(hours=40, minutes=9)
    days = list(day_fingerprints(snapshot))
    assert closed_until(snapshot, days, now, timedelta(minutes=10)) == hour_of(START) + 39
    assert first_hour(days[0]) == hour_of(START)
