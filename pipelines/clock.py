"""The clock of this process, handed to whatever needs the time: steps never look at it themselves."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)
