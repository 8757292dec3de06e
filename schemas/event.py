"""An event: one thing a customer said, as received.

An edit is a new revision, a deletion is a revision with no text; nothing is overwritten. Fields and their types
are the columns of `schemas.arrow.EVENT`; this module holds the words those columns may use.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    """Where people speak. Support and surveys are a company's own channels, the rest are public voice."""

    SUPPORT = "support"
    SURVEY = "survey"
    REVIEW = "review"
    SOCIAL = "social"
    FORUM = "forum"
    OTHER = "other"


class AuthorKind(StrEnum):
    """Who speaks. Only customers are counted as authors by the views."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"


class SurveyKind(StrEnum):
    """Measures people know, with their scales kept."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"


class VersionSource(StrEnum):
    """Who says which version the author used."""

    GIVEN = "given"
    TAG = "tag"
    INFERRED = "inferred"


PLAUSIBLE_YEARS: Final = range(1990, 2100)
"""Events dated outside these years are accepted, but partitioned as `INVALID_DAY`.

The limits are constants on purpose: a limit that moved with the clock would send a replayed event to another
partition than its first delivery, where its duplicate would not be seen.
"""

INVALID_DAY: Final = "invalid"


def partition_day(occurred_at: datetime) -> str:
    """Partition of an event: the UTC day it occurred, or `invalid`.

    >>> partition_day(datetime(2021, 6, 1, 23, 30, tzinfo=UTC))
    '2021-06-01'
    """
    utc = occurred_at.astimezone(UTC)
    return utc.date().isoformat() if utc.year in PLAUSIBLE_YEARS else INVALID_DAY
