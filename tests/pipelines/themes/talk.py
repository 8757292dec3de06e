"""Made-up feedback in which some incidents are spoken of by enough people."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from tests.pipelines.feedback_table import event, mention

INCIDENTS = {
    "spacebar": "The {a} space bar pauses {b} youtube videos",
    "widevine": "My {a} widevine plugin crashed {b} on netflix",
    "passcode": "They removed {a} passcode lock from {b} drive",
}
_SYLLABLES = ("ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "tu", "va", "ze")
FILLING = tuple(f"{first}{second}{last}" for first in _SYLLABLES for second in _SYLLABLES for last in "nrt")
START = date(2024, 3, 18)
"""The first day of one of the stretches in which themes are sought."""


def said(number: int, day: date, text: str, author: str | None, **others: Any) -> dict[str, Any]:
    """One event of one friction mention."""
    friction = mention("reliability", 0.9, span=(0, len(text)))
    return event(str(number), day.isoformat(), friction, author=author, text=text, **others)


def talk(seed: int = 1, per_incident: int = 12, noise: int = 60, first: int = 0) -> list[dict[str, Any]]:
    """Each incident by `per_incident` authors over ten days, among people who say unrelated things."""
    chance = random.Random(seed)
    rows = []
    for name, pattern in INCIDENTS.items():
        for number in range(per_incident):
            a, b = chance.sample(FILLING, 2)
            day = START + timedelta(days=chance.randrange(10))
            rows.append(said(first + len(rows), day, pattern.format(a=a, b=b), f"{name}-{number}"))
    for number in range(noise):
        day = START + timedelta(days=chance.randrange(25))
        rows.append(said(first + len(rows), day, " ".join(chance.sample(FILLING, 4)), f"other-{number}"))
    return rows
