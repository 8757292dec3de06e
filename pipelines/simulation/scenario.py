"""Scenario: the simulated product, its four months, and what happens in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from schemas.touchpoint import Touchpoint

PRODUCT: Final = "Parcelbird"
BEGINS: Final = datetime(2025, 3, 3, tzinfo=UTC)
"""A Monday."""
DAYS: Final = 120


class Source(StrEnum):
    """Where people speak; the value is the name of the source."""

    TICKETS = "parcelbird_tickets"
    REVIEWS = "parcelbird_reviews"
    SURVEYS = "parcelbird_nps"


class Mood(StrEnum):
    """How a remark is meant."""

    FRICTION = "friction"
    DELIGHT = "delight"
    NEUTRAL = "neutral"


class Cause(StrEnum):
    """Why something was said."""

    EVERYDAY = "everyday"
    LAUNCH = "launch"
    OUTAGE = "outage"
    FLOOD = "flood"


@dataclass(frozen=True)
class Launch:
    """One release; `day` counts from `BEGINS`."""

    version: str
    day: int
    kind: str
    touchpoints: tuple[Touchpoint, ...]
    title: str

    @property
    def launched_at(self) -> datetime:
        """Instant of the launch: nine in the morning, UTC."""
        return BEGINS + timedelta(days=self.day, hours=9)


NEUTRAL_LAUNCH: Final = Launch("4.1", 30, "release", (Touchpoint.DELIVERY,), "Live map of the delivery van")
HURTING_LAUNCH: Final = Launch(
    "4.2", 50, "release", (Touchpoint.PURCHASE, Touchpoint.USABILITY), "Redesigned one-page checkout"
)
FIXING_LAUNCH: Final = Launch("4.3", 80, "fix", (Touchpoint.ACCOUNT,), "Sign-in codes by e-mail")
LAUNCHES: Final = (NEUTRAL_LAUNCH, HURTING_LAUNCH, FIXING_LAUNCH)
FIRST_VERSION: Final = "4.0"
ADOPTION_DAYS: Final = 5.0
"""Mean delay between a launch and a customer's update."""

HURT_HALF_LIFE_DAYS: Final = 4.0
"""The harm of the hurting launch halves every four days: little is left after two weeks."""

FIX_KEEPS: Final = 0.4
"""Share of the friction at the fixed touchpoint that the fix leaves."""

OUTAGE_BEGINS: Final = BEGINS + timedelta(days=106, hours=14)
OUTAGE_ENDS: Final = OUTAGE_BEGINS + timedelta(hours=5)

FLOOD_BEGINS: Final = BEGINS + timedelta(days=73, hours=2)
FLOOD_ENDS: Final = FLOOD_BEGINS + timedelta(hours=6)
FLOOD_ACCOUNTS: Final = 8

WEEKDAY_WEIGHTS: Final = (1.15, 1.10, 1.10, 1.05, 1.00, 0.70, 0.65)
"""Monday to Sunday."""
HOUR_WEIGHTS: Final = (1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 8, 9, 9, 8, 8, 9, 10, 11, 12, 11, 8, 5, 2)

TOUCHPOINT_WEIGHTS: Final = {
    Touchpoint.PURCHASE: 20,
    Touchpoint.DELIVERY: 28,
    Touchpoint.ACCOUNT: 15,
    Touchpoint.USABILITY: 17,
    Touchpoint.RELIABILITY: 20,
}

SOURCE_WEIGHTS: Final = {Source.TICKETS: 45, Source.REVIEWS: 33, Source.SURVEYS: 22}

MOOD_WEIGHTS: Final = {
    Source.TICKETS: {Mood.FRICTION: 52, Mood.DELIGHT: 6, Mood.NEUTRAL: 42},
    Source.REVIEWS: {Mood.FRICTION: 33, Mood.DELIGHT: 60, Mood.NEUTRAL: 7},
    Source.SURVEYS: {Mood.FRICTION: 26, Mood.DELIGHT: 60, Mood.NEUTRAL: 14},
}
"""In support nearly everybody has a question or a problem; in public most are content."""


@dataclass(frozen=True)
class Shares:
    """Shares of all messages; what is left is everyday remarks."""

    launch: float = 0.032
    outage: float = 0.012
    flood: float = 0.015
    duplicates: float = 0.02
    edits: float = 0.01
    deletions: float = 0.003
    poison: float = 0.005
    mixed: float = 0.12
    """Everyday remarks that speak of a second touchpoint as well."""
    foreign: float = 0.03
    """Everyday remarks in a language other than English."""
    silent: float = 0.08
    """Survey answers with a number and no words."""
    personal: float = 0.06
    """Remarks into which people put personal data."""


SHARES: Final = Shares()
