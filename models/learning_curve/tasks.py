"""What is learned in a learning curve: texts with the topic that people gave them, in time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.data import LabelledSets, heldout_hash
from schemas.html_text import html_to_text
from schemas.label import Label
from schemas.own_touchpoints import NO_OWN, OwnTouchpoints, load_own_touchpoints

_HERE: Final = Path(__file__).parent
_TEST_SHARE: Final = 0.3
"""The last part of the time, by which a model is judged."""
_MOST_TEST: Final = 2_000
_MOST_POOL: Final = 8_000
"""Texts to draw labels from, and to judge by; more are thinned out evenly over time."""

AIRLINE_REASONS: Final = {
    "Customer Service Issue": "customer_service",
    "Late Flight": "late_flight",
    "Cancelled Flight": "cancelled_flight",
    "Lost Luggage": "lost_luggage",
    "Damaged Luggage": "damaged_luggage",
    "Bad Flight": "bad_flight",
    "Flight Booking Problems": "booking_problems",
    "Flight Attendant Complaints": "flight_attendants",
    "longlines": "long_lines",
}
"""Reasons of the labelled tweets, but those that say that there is none, as touchpoints of `airline.yaml`."""


@dataclass(frozen=True)
class Task:
    """`pool` is what labels are drawn from, `test`, later in time, what is judged; both with their labels."""

    name: str
    own: OwnTouchpoints
    pool: Sequence[Label]
    test: Sequence[Label]


SHIPPED_REASONS: Final = "airline reasons, shipped touchpoints"
OWN_REASONS: Final = "airline reasons, own touchpoints"
TOPICS: Final = "Firefox topics, own touchpoints"
TASKS: Final = (SHIPPED_REASONS, OWN_REASONS, TOPICS)


def read_task(data: Path, name: str) -> Task:
    """One of `TASKS`, from the streams and labels of `data`."""
    sets = LabelledSets(data)
    if name == TOPICS:
        own = load_own_touchpoints(_HERE / "firefox.yaml")
        return _task(name, own, _firefox_topics(data, own), sets)
    reasons = [
        (row["text"], AIRLINE_REASONS[row["label_reason"]])
        for row in _stream(data, "airline_tweets", "created_at")
        if row.get("label_reason") in AIRLINE_REASONS
    ]
    if name == OWN_REASONS:
        return _task(name, load_own_touchpoints(_HERE / "airline.yaml"), reasons, sets)
    mapped = {
        AIRLINE_REASONS[label]: touchpoint
        for (name_of_set, label), (touchpoint, sure) in sets.touchpoint_map.items()
        if name_of_set == "airline" and label in AIRLINE_REASONS and sure != "l"
    }
    return _task(name, NO_OWN, [(text, mapped[reason]) for text, reason in reasons if reason in mapped], sets)


def _firefox_topics(data: Path, own: OwnTouchpoints) -> list[tuple[str, str]]:
    """What English speakers asked, with the topic they chose, where it is one of `own`."""
    return [
        (f"{row['title']}\n{html_to_text(row['content'] or '')}", topic)
        for row in _stream(data, "firefox_support", "created")
        if (topic := (row["topic"] or "").replace("-", "_")) in own.definitions and row["locale"] == "en-US"
    ]


def _task(name: str, own: OwnTouchpoints, rows: Sequence[tuple[str, str]], sets: LabelledSets) -> Task:
    """Rows in time, without those held out and without later copies of a text, cut into pool and test."""
    first: dict[str, Label] = {}
    for text, touchpoint in rows:
        digest = heldout_hash(text)
        if not sets.is_held_out(text):
            first.setdefault(digest, Label(digest, text, touchpoint=touchpoint))
    labels = list(first.values())
    cut = round(len(labels) * (1 - _TEST_SHARE))
    return Task(name, own, _thinned(labels[:cut], _MOST_POOL), _thinned(labels[cut:], _MOST_TEST))


def _thinned(labels: Sequence[Label], most: int) -> list[Label]:
    step = max(1.0, len(labels) / most)
    return [labels[int(number * step)] for number in range(min(most, len(labels)))]


def _stream(data: Path, name: str, time: str) -> list[dict[str, Any]]:
    with gzip.open(data / "streams" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return sorted((json.loads(line) for line in lines), key=lambda row: row[time])
