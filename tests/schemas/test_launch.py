"""What people may write for a launch."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.launch import InvalidLaunch, Launch, LaunchKind, RecordedBy, parse_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2021-06-01", datetime(2021, 6, 1, tzinfo=UTC)),
        ("2021-06-01T12:30", datetime(2021, 6, 1, 12, 30, tzinfo=UTC)),
        ("2021-06-01 01:30:00+02:00", datetime(2021, 5, 31, 23, 30, tzinfo=UTC)),
        ("2021-06-01T12:30:00Z", datetime(2021, 6, 1, 12, 30, tzinfo=UTC)),
        ("2021年12月13日", datetime(2021, 12, 13, tzinfo=UTC)),
        ("2021年2月3日", datetime(2021, 2, 3, tzinfo=UTC)),
    ],
)
def test_an_instant_is_utc(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(text).utcoffset() == instant.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2021-13-01",
        "01/06/2021",
        "20210601",
        "2021年13月1日",
        "1969-07-20",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidLaunch, match="launched_at"):
        parse_instant(text)


@given(st.text())
def test_no_text_breaks_the_date_reader(text: str) -> None:
    with contextlib.suppress(InvalidLaunch):
        assert parse_instant(text).tzinfo is UTC


def test_aliases_and_lists_are_understood() -> None:
    launch = Launch.parse(
        {
            "product": "app",
            "version": 89,
            "date": "2021-06-01",
            "release": "New.",
            "touchpoint": "usability| Billing",
        }
    )
    assert launch == Launch(
        "app",
        datetime(2021, 6, 1, tzinfo=UTC),
        version="89",
        note="New.",
        touchpoints=("billing", "usability"),
    )


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"launched_at": "2021-06-01"}, "product is missing"),
        ({"product": "app", "launched_at": " "}, "launched_at is missing"),
        ({"product": "app", "launched_at": "2021-06-01", "date": "2021-06-02"}, "launched_at is given twice"),
        ({"product": "app", "launched_at": "2021-06-01", "kind": "party"}, "release, fix, campaign, outage"),
        ({"product": "app", "launched_at": "2021-06-01", "touchpoints": "biling"}, "did you mean billing"),
        ({"product": "app", "launched_at": "2021-06-01", "verson": "1"}, "did you mean version"),
        ({"product": ["app"], "launched_at": "2021-06-01"}, "product must be text"),
        ({"product": "app", "launched_at": "2021-06-01", "touchpoints": 3}, "separated by semicolons"),
        ({"product": "app", "launched_at": "2021-06-01", "platform": ["ios"]}, "platform must be text"),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": 0.5}, "rollout must be steps such as"),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": "2021-06-01"}, "has the step '2021-06-01'"),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": "soon=1"}, "rollout 'soon' is not a date"),
        (
            {"product": "app", "launched_at": "2021-06-01", "rollout": "2021-06-01=0"},
            "the share '0'; a share is above",
        ),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": "2021-06-01=1.1"}, "at most 1"),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": "2021-06-01=nan"}, "at most 1"),
        (
            {"product": "app", "launched_at": "2021-06-01", "rollout": [{"at": "2021-06-01", "share": True}]},
            "'True'",
        ),
        ({"product": "app", "launched_at": "2021-06-02", "rollout": "2021-06-01=1"}, "begins before the launch"),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": "2021-06-01=0.5;2021-06-01=1"}, "must rise"),
        ({"product": "app", "launched_at": "2021-06-01", "rollout": "2021-06-01=1;2021-06-02=0.5"}, "must rise"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidLaunch, match=complaint):
        Launch.parse(fields)


def test_identity_is_product_kind_and_name() -> None:
    base = Launch("app", datetime(2021, 6, 1, tzinfo=UTC), version="1", title="One")
    same = Launch("app", datetime(2021, 6, 2, tzinfo=UTC), version="1", title="Uno", note="moved")
    others = [
        Launch("app", base.launched_at, version="1", kind=LaunchKind.FIX),
        Launch("app", base.launched_at, version="2"),
        Launch("app", base.launched_at, title="One"),
        Launch("app", base.launched_at),
        Launch("app", same.launched_at),
        Launch("web", base.launched_at, version="1"),
    ]
    assert same.launch_id == base.launch_id
    assert len({launch.launch_id for launch in [base, *others]}) == 1 + len(others)


def test_a_platform_is_part_of_the_identity_and_its_absence_is_not() -> None:
    everywhere, ios, android = (
        Launch.parse({"product": "app", "launched_at": "2021-06-01", "version": "4.2", "platform": platform})
        for platform in (None, "iOS", "android")
    )
    assert len({everywhere.launch_id, ios.launch_id, android.launch_id}) == 3
    assert ios.platform == "ios"
    # What version 0.1 made of it.
    assert everywhere.launch_id == "3d8e42cf351d9da4ad49e5127de50ee4"


def test_a_rollout_is_one_text_or_a_list() -> None:
    stated = {"product": "app", "launched_at": "2024-05-01"}
    text = Launch.parse({**stated, "rollout": " 2024-05-01=0.1; 2024-05-08T12:00:00+02:00=1;"})
    steps = [{"at": "2024-05-01", "share": 0.1}, {"at": "2024-05-08T10:00:00Z", "share": 1}]
    assert text == Launch.parse({**stated, "rollout": steps})
    assert [(step.at.day, step.share) for step in text.rollout] == [(1, 0.1), (8, 1.0)]


@pytest.mark.parametrize(
    ("days", "one", "other", "near"),
    [
        (14, None, None, True),
        (15, None, None, False),
        (-14, None, "ios", True),
        (3, "ios", "ios", True),
        (3, "ios", "android", False),
    ],
)
def test_neighbours_share_days_and_platforms(days: int, one: str | None, other: str | None, near: bool) -> None:
    first = Launch("app", datetime(2024, 6, 1, tzinfo=UTC), version="1", platform=one)
    second = Launch("app", first.launched_at + timedelta(days=days), version="2", platform=other)
    assert first.is_neighbour_of(second) is near
    assert second.is_neighbour_of(first) is near
    assert not first.is_neighbour_of(replace(second, product="web"))
    assert not first.is_neighbour_of(first)


def test_what_a_statement_leaves_out_is_taken_from_the_one_before() -> None:
    earlier = Launch.parse(
        {"product": "app", "launched_at": "2024-05-01", "version": "1", "touchpoints": "billing", "note": "Old."}
        | {"rollout": "2024-05-01=0.5"}
    )
    later = Launch("app", earlier.launched_at, version="1", note="New.")
    assert later.filled_from(earlier) == replace(earlier, note="New.")
    moved = replace(later, launched_at=datetime(2024, 5, 2, tzinfo=UTC))
    assert moved.filled_from(earlier).rollout == ()  # its steps would begin before the launch


def test_a_row_holds_the_launch() -> None:
    launch = Launch.parse(
        {"product": "app", "launched_at": "2021-06-01", "touchpoints": "billing", "url": "https://example.org"}
        | {"platform": "web", "rollout": "2021-06-01=0.5;2021-06-02=1"}
    )
    assert Launch.of_row(launch.row(datetime(2021, 7, 1, tzinfo=UTC), RecordedBy.CLI)) == launch
