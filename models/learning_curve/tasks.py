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


def tasks(data: Path) -> list[Task]:
    """All tasks for which `data` holds the streams and labels."""
    sets = LabelledSets(data)
    tweets = _stream(data, "airline_tweets", "created_at")
    reasons = [(row["text"], AIRLINE_REASONS[row["label_reason"]])
               for row in tweets if row.get("label_reason") in AIRLINE_REASONS]  # fmt: skip
    mapped = {
        AIRLINE_REASONS[label]: touchpoint
        for (name, label), (touchpoint, sure) in sets.touchpoint_map.items()
        if name == "airline" and label in AIRLINE_REASONS and sure != "l"
    }
    firefox = load_own_touchpoints(_HERE / "firefox.yaml")
    asked = [
        (f"{row['title']}\n{html_to_text(row['content'] or '')}", row["topic"].replace("-", "_"))
        for row in _stream(data, "firefox_support", "created")
        if row["locale"] == "en-US" and (row["topic"] or "").replace("-", "_") in firefox.definitions
    ]
    return [
        _task("airline reasons, shipped touchpoints", NO_OWN,
              [(text, mapped[reason]) for text, reason in reasons if reason in mapped], sets),
        _task("airline reasons, own touchpoints", load_own_touchpoints(_HERE / "airline.yaml"), reasons, sets),
        _task("Firefox topics, own touchpoints", firefox, asked, sets),
    ]  # fmt: skip


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
