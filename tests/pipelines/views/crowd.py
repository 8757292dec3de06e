"""A made-up crowd whose feedback the views are checked on, and what an independent hand says of its shares."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from typing import Any

from scipy.stats import binomtest

from tests.pipelines.feedback_table import event, mention

START = date(2024, 3, 4)
CHANNELS = ("support", "survey", "review", "social", "forum", "other")
TOUCHPOINTS = ("usability", "billing", "account", "other")
NONE = "(none)"


def crowd(events: int = 600, seed: int = 5) -> list[dict[str, Any]]:
    """Rows of `feedback`: two products, few loud authors among many, plans that some change and some lack."""
    chance = random.Random(seed)
    rows = []
    for number in range(events):
        author = f"author-{min(int(chance.expovariate(0.02)), 150)}" if chance.random() < 0.8 else None
        plan = chance.choice(["free", "free", "pro", None])
        mentions = [
            mention(touchpoint, chance.choice([0.1, 0.9]), label="negative", sentiment=chance.uniform(-1, 1))
            for touchpoint in chance.sample(TOUCHPOINTS, chance.randint(1, 3))
        ]
        rows.append(
            event(
                str(number),
                (START + timedelta(days=chance.randrange(60))).isoformat(),
                *mentions,
                source="desk",
                channel=chance.choice(CHANNELS),
                author=author,
                product=chance.choice(["app", "shop"]),
                segment={"plan": plan} if plan else {},
                rating=(rating := chance.choice([None, -1.0, -0.5, 0.0, 0.5, 1.0])),
                rating_scale=None if rating is None else chance.choice(["1-5", "0-10"]),
                text_sentiment=chance.choice([None, chance.uniform(-1, 1)]),
                text=chance.choice(
                    ["Slow. Nice.", "I use Rivalo now.", "Rivalonia is far.", "A C++ rivalo thing."]
                ),
            )
        )
    return rows


def author_of(row: dict[str, Any]) -> str:
    return str(row["author_key"] or row["event_id"])


def touched(row: dict[str, Any], touchpoint: str) -> list[bool]:
    """Whether each of the event's mentions at the touchpoint, or at any, is friction."""
    return [one["friction_p"] >= 0.5 for one in row["mentions"] if touchpoint in ("any", one["touchpoint"])]


def wilson(k: int, n: int) -> tuple[float, float]:
    interval = binomtest(k, n).proportion_ci(method="wilson")
    return interval.low, interval.high


def newcombe(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float]:
    """Newcombe's method 10, from scipy's Wilson intervals."""
    (l1, u1), (l2, u2) = wilson(k1, n1), wilson(k2, n2)
    p1, p2 = k1 / n1, k2 / n2
    return p1 - p2 - math.hypot(p1 - l1, u2 - p2), p1 - p2 + math.hypot(u1 - p1, p2 - l2)
