"""friction(…): people counted over buckets of a time zone, and parts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.connect import connect, connect_locked
from pipelines.query import run_query
from schemas.errors import UsageError
from tests.pipelines.feedback_table import event, mention, store

FRICTION, PRAISE = mention("account", 0.9), mention("billing", 0.1, label="positive", sentiment=0.5)


def _at(moment: str, number: int, *mentions: dict[str, Any], **others: Any) -> dict[str, Any]:
    instant = datetime.fromisoformat(moment).astimezone(UTC)
    return event(f"{moment}/{number}", instant.date().isoformat(), *mentions, occurred_at=instant, **others)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = str(tmp_path_factory.mktemp("tables"))
    store(
        root,
        [
            # Berlin's clocks go back at 01:00 UTC on 27 October 2024: the hour from 2 to 3 comes twice.
            _at("2024-10-26T22:30:00+00:00", 1, FRICTION, author="ann"),  # 00:30 summer time
            _at("2024-10-27T00:30:00+00:00", 2, FRICTION, author="ann"),  # 02:30 summer time
            _at("2024-10-27T01:30:00+00:00", 3, PRAISE, author="bob"),  # 02:30 winter time
            _at("2024-10-27T22:59:00+00:00", 4, FRICTION, PRAISE, author="bob"),  # 23:59
            _at("2024-10-27T23:00:00+00:00", 5, PRAISE, author="ann", segment={"plan": "pro"}),  # 00:00 next day
            _at("2024-03-31T12:00:00+00:00", 6, FRICTION, author="cid"),  # clocks went forward that day
            _at("2024-10-27T12:00:00+00:00", 7, FRICTION, author="dan", product="other"),
        ],
    )
    return root


@pytest.fixture(scope="module")
def db(root: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(root) as connection:
        yield connection


def _ask(db: duckdb.DuckDBPyConnection, columns: str, **parameters: str) -> list[tuple[Any, ...]]:
    given = ", ".join(f"{name} := '{value}'" for name, value in parameters.items())
    return db.execute(f"SELECT {columns} FROM friction(of_product := 'app', {given}) ORDER BY ALL").fetchall()


def test_days_of_a_zone_begin_at_its_midnight(db: duckdb.DuckDBPyConnection) -> None:
    found = _ask(db, "local_start::VARCHAR, hours, authors, friction_authors", zone="Europe/Berlin")
    assert found == [
        ("2024-03-31 00:00:00", 23, 1, 1),
        ("2024-10-27 00:00:00", 25, 2, 2),
        ("2024-10-28 00:00:00", 24, 1, 0),
    ]
    assert [row[:1] for row in _ask(db, "local_start::VARCHAR, authors")] == [
        ("2024-03-31 00:00:00",), ("2024-10-26 00:00:00",), ("2024-10-27 00:00:00",)
    ]  # fmt: skip


def test_the_hour_that_comes_twice_is_two(db: duckdb.DuckDBPyConnection) -> None:
    day = {"from_day": "2024-10-27", "to_day": "2024-10-27", "zone": "Europe/Berlin", "bucket": "hour"}
    found = _ask(db, "starts_at, local_start::VARCHAR, authors", **day)
    assert [(row[0].astimezone(UTC).isoformat(), *row[1:]) for row in found] == [
        ("2024-10-26T22:00:00+00:00", "2024-10-27 00:00:00", 1),
        ("2024-10-27T00:00:00+00:00", "2024-10-27 02:00:00", 1),
        ("2024-10-27T01:00:00+00:00", "2024-10-27 02:00:00", 1),
        ("2024-10-27T22:00:00+00:00", "2024-10-27 23:00:00", 1),
    ]


def test_days_asked_for_are_days_of_the_zone(db: duckdb.DuckDBPyConnection) -> None:
    assert _ask(db, "events", from_day="2024-10-27", to_day="2024-10-27", bucket="all") == [(4,)]
    assert _ask(db, "events", from_day="2024-10-27", to_day="2024-10-27", bucket="all", zone="Europe/Berlin") == [
        (4,)
    ]
    assert _ask(db, "events", from_day="2024-10-28", bucket="all", zone="Europe/Berlin") == [(1,)]
    assert _ask(db, "events", from_day="2024-10-28", bucket="all") == []


def test_a_person_counts_once_in_each_bucket_and_part(db: duckdb.DuckDBPyConnection) -> None:
    assert _ask(db, "authors, friction_authors, events", bucket="all") == [(3, 3, 6)]
    assert _ask(db, "part, authors, friction_authors", bucket="all", split="touchpoint") == [
        ("account", 3, 3), ("billing", 2, 0)
    ]  # fmt: skip
    assert _ask(db, "part, authors", bucket="all", split="segment:plan") == [("free", 3), ("pro", 1)]
    assert _ask(db, "part, authors", bucket="all", split="segment:nothing") == [(None, 3)]
    assert _ask(db, "authors", bucket="year", at_touchpoint="billing") == [(2,)]


def test_a_wrong_split_is_named(root: str) -> None:
    with (
        connect_locked(root) as locked,
        pytest.raises(UsageError, match="split nothing: is none; it is touchpoint"),
    ):
        list(run_query(locked, "FROM friction(split := 'nothing')").pieces)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = str(tmp_path_factory.mktemp("many"))
    begin = datetime(2024, 3, 1, tzinfo=UTC)
    store(root, [_at((begin + timedelta(minutes=73 * n)).isoformat(), n, FRICTION) for n in range(1500)])
    with connect(root) as connection:
        yield connection


@settings(max_examples=15, deadline=None)
@given(
    zone=st.sampled_from(
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "Africa/Cairo"]
    ),
    bucket=st.sampled_from(["hour", "day", "week", "month"]),
)
def test_buckets_are_those_of_an_independent_clock(
    many: duckdb.DuckDBPyConnection, zone: str, bucket: str
) -> None:
    begin = datetime(2024, 3, 1, tzinfo=UTC)
    expected: dict[Any, int] = {}
    for number in range(1500):
        local = (begin + timedelta(minutes=73 * number)).astimezone(ZoneInfo(zone))
        key = {
            "hour": (local.date(), local.hour, local.utcoffset()),
            "day": local.date(),
            "week": local.date() - timedelta(days=local.weekday()),
            "month": date(local.year, local.month, 1),
        }[bucket]
        expected[key] = expected.get(key, 0) + 1
    found = many.execute(
        f"SELECT events FROM friction(zone := '{zone}', bucket := '{bucket}') ORDER BY starts_at"
    ).fetchall()
    assert [row[0] for row in found] == list(expected.values())
