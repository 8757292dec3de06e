"""What came from few is noted where it happened, and in the alerts of that place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from pipelines.snapshot import open_snapshot
from pipelines.watch.days import day_fingerprints
from pipelines.watch.evidence import read_days
from pipelines.watch.left_out import FloodNote, NotCounted
from tests.pipelines.watch.world import INCIDENT, START, said, store_rows, told, until, watch, world
from transforms.detect.floods import FloodKind

HOUR = timedelta(hours=1)
PASTED = "I started a mail without an address and when I left the page the draft was gone for good"


def noted(tables: Path, *rows: dict[str, Any]) -> list[NotCounted]:
    store_rows(tables, rows, "all")
    snapshot = open_snapshot(str(tables))
    return [day.not_counted for day in read_days(snapshot, list(day_fingerprints(snapshot)))]


def test_one_loud_author_is_a_flood_of_the_source(tmp_path: Path) -> None:
    loud = [said(number, START, "billing", author="a") for number in range(12)]
    others = [said(100 + number, START) for number in range(3)]
    (day,) = noted(tmp_path, *loud, *others)
    (flood,) = day.floods
    assert (flood.product, flood.touchpoint, flood.source) == ("app", "*", "tickets")
    assert (flood.kind, flood.posts, flood.authors) == (FloodKind.LOUD, 12, 1)
    assert str(flood) == "app, tickets: 12 posts by one author (loud author)"
    assert day.posts == {}, "they count, as one"


def test_a_loud_author_in_a_busy_source_is_a_flood_of_the_touchpoint(tmp_path: Path) -> None:
    loud = [said(number, START, "billing", author="a") for number in range(12)]
    others = [said(100 + number, START) for number in range(30)]
    (day,) = noted(tmp_path, *loud, *others)
    assert [flood.place for flood in day.floods] == ["app, tickets, billing"]


def test_promotion_and_copies_are_floods_and_are_counted_as_left_out(tmp_path: Path) -> None:
    spam = [said(number, START, unscored_reason="noise:spam", mentions=[]) for number in range(15)]
    copies = [
        said(100 + number, START + HOUR, "login", author=None, text=PASTED, source="reviews")
        for number in range(11)
    ]
    (day,) = noted(tmp_path, *spam, *copies)
    assert [(flood.kind, flood.posts, flood.authors) for flood in day.floods] == [
        (FloodKind.PROMOTION, 15, 15),
        (FloodKind.PASTED, 11, 0),
    ]
    assert sum(day.posts.values()) == 25
    first = day.floods[0].hour
    assert day.within(first, first + 1).posts_of("app") == 15


def test_ordinary_feedback_has_no_floods(tmp_path: Path) -> None:
    assert not any(day.floods for day in noted(tmp_path, *world(seed=3, days=2)))


def test_floods_concern_their_touchpoint_and_those_of_a_source_all() -> None:
    whole = FloodNote(5, "app", "*", "tickets", FloodKind.LOUD, 20, 1)
    part = FloodNote(5, "app", "login", "tickets", FloodKind.PASTED, 12, 12)
    other = FloodNote(5, "shop", "*", "tickets", FloodKind.LOUD, 20, 1)
    notes = NotCounted((whole, part, other))
    assert notes.at("app", "login") == (whole, part)
    assert notes.at("app", "billing") == (whole,)
    assert notes.at("app", "*") == (whole, part)


def test_an_alert_tells_of_the_flood_beside_it(tmp_path: Path) -> None:
    """One person writes forty times in an incident: people are counted, and the reader is told why posts are many."""
    rows = until(world(), INCIDENT + timedelta(hours=6))
    loud = [said(5_000_000 + number, INCIDENT + HOUR, "billing", author="loud") for number in range(40)]
    spam = [
        said(6_000_000 + number, INCIDENT + HOUR, unscored_reason="noise:spam", mentions=[])
        for number in range(30)
    ]
    store_rows(tmp_path, sorted([*rows, *loud, *spam], key=lambda row: row["occurred_at"]), "all")
    looks = watch(tmp_path, INCIDENT + timedelta(hours=7))
    assert {note.kind for look in looks for note in look.floods} >= {FloodKind.LOUD}
    opened = next(alert for alert in told(tmp_path) if alert.touchpoint == "billing")
    assert opened.posts >= opened.authors + 39
    assert opened.promotion == 30
    assert any("40 posts by one author" in note for note in opened.quality.notes)
