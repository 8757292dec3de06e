"""Made-up feedback in the wire contract `feedback_event/1`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

TEXTS = (
    "The checkout is broken, I cannot pay.",
    "Love the new design, but the app crashes every morning.",
    "Where do I change my delivery address?",
    "Thank you, everything arrived on time!",
    "Please add a dark mode.",
    "Had to call support three times before anybody answered.",
)


def event(number: int, **fields: Any) -> dict[str, Any]:
    """One event; a number always gives the same one."""
    occurred_at = datetime(2024, 5, 1, tzinfo=UTC) + timedelta(minutes=100 * number)
    return {
        "schema": "feedback_event/1",
        "id": str(number),
        "channel": "review",
        "author": {"id": f"author {number % 7}"},
        "occurred_at": occurred_at.isoformat(),
        "product": "Lamp",
        "version": f"1.{number % 3}",
        "language": "en",
        "text": TEXTS[number % len(TEXTS)],
        "rating": {"value": 1 + number % 5, "scale": "1-5"},
        **fields,
    }


def line(number: int, **fields: Any) -> bytes:
    """One event as a line of a file, without its end."""
    return json.dumps(event(number, **fields)).encode()


POISON = (
    b"",
    b"\xff\xfe not text",
    b'{"schema":"feedback_event/1",',
    b"[1, 2]",
    b'{"id": "1", "rating": {"value": NaN, "scale": "1-5"}}',
    b'{"id": "\\ud800"}',
    b'{"schema":"feedback_event/1","id":"x","channel":"review"}',
    b'{"schema":"feedback_event/1","id":"x","channel":"review","occurred_at":"soon","text":"hi"}',
    json.dumps(event(1, rating={"value": 9, "scale": "1-5"})).encode(),
)
"""Lines that must become dead letters, each for a reason of its own."""
