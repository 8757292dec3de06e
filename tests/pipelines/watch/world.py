"""A small world of feedback in tables: one product, two touchpoints, two sources, and one incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.alerts.ledger import stored_alerts
from pipelines.watch.checkpoint import load
from pipelines.watch.course import Rules
from pipelines.watch.watcher import Look, Watcher, WatchSettings
from schemas.alert import Alert
from schemas.event import partition_day
from tests.pipelines.feedback_table import event, mention, store
from transforms.detect.detector import state_bytes

START = datetime(2024, 3, 1, tzinfo=UTC)
DAYS = 18
INCIDENT = START + timedelta(days=15, hours=8)
INCIDENT_HOURS = 12
AFTERWARDS = START + timedelta(days=DAYS + 2)
WORDS = (
    "slow",
    "login",
    "fails",
    "payment",
    "screen",
    "freezes",
    "again",
    "today",
    "since",
    "update",
    "cannot",
    "open",
)


def said(
    number: int,
    at: datetime,
    *touchpoints: str,
    source: str = "tickets",
    author: str | None = "",
    product: str | None = "app",
    received: timedelta = timedelta(minutes=2),
    text: str | None = None,
    **others: Any,
) -> dict[str, Any]:
    """One event with friction at these touchpoints, without any where none is named."""
    words = np.random.default_rng(number).choice(WORDS, 9)
    spoken = " ".join(words) if text is None else text
    mentions = [mention(word, 0.9, span=(0, len(spoken))) for word in touchpoints] or [
        mention("other", 0.1, span=(0, len(spoken)), label="positive", sentiment=0.5)
    ]
    row = event(
        str(number),
        "2024-03-01",
        *mentions,
        source=source,
        author=f"author {number}" if author == "" else author,
        product=product,
        text=spoken,
        **others,
    )
    times = {"occurred_at": at, "revised_at": at, "received_at": at + received, "day": partition_day(at)}
    return {**row, **times}


def world(seed: int = 1, days: int = DAYS, received: timedelta = timedelta(minutes=2)) -> list[dict[str, Any]]:
    """Its events in the order of time; `received` so long after they were said."""
    chance = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    number = seed * 1_000_000
    for hour in range(days * 24):
        begin = START + timedelta(hours=hour)
        busy = 0.5 if begin.hour < 8 else 1.2
        raised = 7.0 if INCIDENT <= begin < INCIDENT + timedelta(hours=INCIDENT_HOURS) else 1.0
        for source in ("tickets", "reviews"):
            spoken = [
                ("billing",) * int(chance.poisson(0.5 * busy * raised)),
                ("login",) * int(chance.poisson(0.3 * busy)),
                ("",) * int(chance.poisson(2.0 * busy)),
            ]
            for touchpoint in (word for words in spoken for word in words):
                number += 1
                at = begin + timedelta(seconds=int(chance.integers(0, 3600)))
                rows.append(
                    said(number, at, *([touchpoint] if touchpoint else []), source=source, received=received)
                )
    return sorted(rows, key=lambda row: row["occurred_at"])


def until(rows: Iterable[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    return [row for row in rows if row["occurred_at"] < at]


def store_rows(tables: Path, rows: Sequence[dict[str, Any]], batch: str) -> None:
    if rows:
        store(str(tables), rows, batch)


def watcher(tables: Path, now: datetime = AFTERWARDS, **settings: Any) -> Watcher:
    return Watcher(str(tables), lambda: now, WatchSettings(tell_within=timedelta(days=9000), **settings))


def watch(tables: Path, now: datetime = AFTERWARDS, **settings: Any) -> list[Look]:
    return list(watcher(tables, now, **settings).looks())


def remembered(tables: Path, rules: Rules | None = None) -> tuple[Any, ...]:
    """All that a watcher of the tables knows, to the bit."""
    kept = load(str(tables), rules or Rules())
    assert kept is not None
    course = kept.course
    return (
        course.hour,
        course.heard,
        course.layout.keys,
        state_bytes(course.state),
        course.since.tolist(),
        dict(course.book.episodes),
        kept.events,
        {day: (seen.hours, seen.whole) for day, seen in kept.days.items()},
    )


def told(tables: Path) -> list[Alert]:
    return stored_alerts(str(tables))


ROWS_OF_THREE_DAYS = world(seed=2, days=3)
