"""What people may write for a launch."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.launch import InvalidLaunch, Launch, LaunchKind, parse_instant


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


def test_a_row_holds_the_launch() -> None:
    launch = Launch("app", datetime(2021, 6, 1, tzinfo=UTC), touchpoints=("billing",), url="https://example.org")
    assert Launch.of_row(launch.row(datetime(2021, 7, 1, tzinfo=UTC))) == launch
