"""Closing: which hours are over, so that they may be judged.

An hour is over when time has passed its end by the allowed lateness. What the time is, two clocks say:

- the stream's: the third newest event among those that can be believed. Of one alone a wrong date would close hours
  that are not over;
- the wall's, where the stream is live, that is, those three were received within a day of their dates. So hours close
  when nobody says anything, and a silent source is noticed.

A history that is replayed therefore closes its hours as its events come in, whenever that is, and stands still at its
end. What comes for an hour after it was closed amends what was said of it (`ledger`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.snapshot import Snapshot
from pipelines.watch.days import SQL, connected
from pipelines.watch.evidence import day_of_hour, first_hour, hour_of

WITNESSES: Final = 3
LIVE_SECONDS: Final = 86_400.0
LATENESS: Final = timedelta(minutes=10)
"""Of what is allowed by default: sources poll every few minutes."""

_DAYS_AT_ONCE: Final = 8


def closed_until(snapshot: Snapshot, days: list[str], now: datetime, lateness: timedelta) -> int | None:
    """The first hour that is not over; None before three events were said. `days` are those with feedback, in order."""
    tomorrow = day_of_hour(hour_of(now) + 24)
    believable = [day for day in days if day <= tomorrow]
    witnesses: list[tuple[float, float]] = []
    while believable and len(witnesses) < WITNESSES:
        chosen, believable = believable[-_DAYS_AT_ONCE:], believable[:-_DAYS_AT_ONCE]
        with connected(snapshot, chosen) as connection:
            limits = {"first_day": chosen[0], "last_day": chosen[-1], "events": WITNESSES - len(witnesses)}
            witnesses += connection.execute(SQL.text("newest"), limits).fetchall()
    if len(witnesses) < WITNESSES:
        return None
    clock = datetime.fromtimestamp(witnesses[-1][0], UTC)
    if all(lag <= LIVE_SECONDS for _, lag in witnesses):
        clock = max(clock, now)
    return hour_of(clock - lateness)


def close_of(hour: int, lateness: timedelta) -> datetime:
    """From when on an hour can be over."""
    return datetime.fromtimestamp((hour + 1) * 3600, UTC) + lateness


def first_of(days: list[str]) -> int | None:
    """The first hour of the first day with feedback."""
    return first_hour(days[0]) if days else None
