"""Twelve weeks of made-up feedback whose report is known beforehand.

Every day four people meet friction at usability and two at reliability, each only once, and three speak without
friction. After launch 2.0 sixteen more a day meet friction at usability for two weeks. On one day forty meet friction
at reliability. On another nobody in particular says the same thing fifty times, which is one voice.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date, timedelta
from typing import Any

from schemas import tables
from tests.pipelines.feedback_table import dead_letter, event, launch, mention, store, store_small

BEGINS = date(2024, 3, 4)
DAYS = 84
LAUNCHED = date(2024, 4, 29)
OUTAGE = date(2024, 5, 23)
HOSTILE = "</script><script>alert('owned')</script> & <img src=x onerror=alert(1)> is what I see"
PASTED = "Call the number in our profile now for cheap insurance of everything you own"

FLOOD = "This app is the worst of all apps and I want my money back at once"

_THINGS = ("menu", "search", "basket", "settings page", "toolbar", "back button", "address form", "help page")
_TROUBLES = ("hides what I need", "moves around every week", "takes far too long to open", "forgets what I typed")


def tell(root: str, silent: Container[int] = ()) -> None:
    """Commit the feedback but that of the `silent` days, four launches and a dead letter into `root`."""
    store(root, [row for number in range(DAYS) if number not in silent for row in _day(number)])
    store_small(
        root,
        tables.LAUNCHES,
        [
            launch("calm", "app", "2024-04-01", version="1.0", title="Nothing much"),
            launch(
                "hurt", "app", LAUNCHED.isoformat(), version="2.0", title="New look", touchpoints=["usability"]
            ),
            launch("late", "app", "2024-05-24", version="3.0"),
            launch("other", "quiet", "2024-05-01"),
        ],
    )
    store_small(root, tables.DEAD_LETTERS, [dead_letter("tickets", b"{")])


def _day(number: int) -> Iterator[dict[str, Any]]:
    day = BEGINS + timedelta(days=number)
    launched = LAUNCHED <= day < LAUNCHED + timedelta(days=14)
    for place in range(4 + (16 if launched else 0)):
        where = "after the redesign" if place >= 4 else "once more"
        text = f"The {_THINGS[place % 8]} {_TROUBLES[number % 4]} {where}, seen {number} times."
        yield _said(day, f"u{place}", "usability", 0.9, text)
    for place in range(40 if day == OUTAGE else 2):
        text = f"My {_THINGS[place % 8]} reports server error {number} and then {_TROUBLES[place % 4]}"
        yield _said(day, f"r{place}", "reliability", 0.8, text if day == OUTAGE else text.replace("server ", ""))
    for place in range(3):
        yield _said(day, f"n{place}", "usability", 0.1, "How do I change the language of the menus in here?")
    if number == 10:
        yield _said(day, "hostile", "usability", 0.99, HOSTILE)
    if number == 20:
        for copy in range(30):
            yield _said(day, f"pasted{copy}", "account", 0.95, PASTED, author="one account")
    if number == 12:
        for copy in range(50):
            yield {**_said(day, f"nobody{copy}", "account", 0.95, f"{FLOOD} {copy}!"), "author_key": None}


def _said(day: date, name: str, touchpoint: str, friction_p: float, text: str, author: str = "") -> dict[str, Any]:
    label = "negative" if friction_p >= 0.5 else "neutral"
    return event(
        f"{day} {name}",
        day.isoformat(),
        mention(touchpoint, friction_p, span=(0, len(text)), label=label, sentiment=-0.5),
        author=author or f"{day} {name}",
        text=text,
        version="1.0",
        model_version="made-up",
    )
