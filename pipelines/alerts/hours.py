"""Hours in which people may be told: of some weekdays, from one time to another, in their time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_LOOK_DAYS: Final = 8


def zone(name: Any) -> tzinfo:
    """A time zone by its IANA name. Raises `ValueError`."""
    if isinstance(name, tzinfo):
        return name
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one as Europe/Berlin or UTC") from None


def _minutes(value: Any) -> int:
    """`08:30` as minutes after midnight; `24:00` is the end of the day."""
    found = _TIME.fullmatch(str(value).strip())
    minutes = int(found[1]) * 60 + int(found[2]) if found else 24 * 60 + 1
    if minutes > 24 * 60:
        raise ValueError(f'{value!r} is no time of day; write it in quotes, as "08:30"')
    return minutes


def _days(value: Any) -> tuple[int, ...]:
    """`mon-fri, sun` or a list of such, as numbers of weekdays."""
    found: set[int] = set()
    for part in value if isinstance(value, list) else str(value).split(","):
        first, dash, last = str(part).strip().lower().partition("-")
        last = last if dash else first
        if first.strip() not in WEEKDAYS or last.strip() not in WEEKDAYS:
            raise ValueError(f"{part!r} is no weekday; write {', '.join(WEEKDAYS)} or a range such as mon-fri")
        begin, end = WEEKDAYS.index(first.strip()), WEEKDAYS.index(last.strip())
        found |= {day % 7 for day in range(begin, end + (7 if end < begin else 0) + 1)}
    return tuple(sorted(found))


TimeOfDay = Annotated[int, BeforeValidator(_minutes)]
"""Minutes after midnight, written as `08:30`."""


class Hours(BaseModel):
    """Open from `begin` to `until` on `days`, by the clock of the route; over midnight where `until` is not later."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[tuple[int, ...], BeforeValidator(_days)] = (0, 1, 2, 3, 4, 5, 6)
    begin: TimeOfDay = Field(alias="from", default=0)
    until: TimeOfDay = 24 * 60

    def is_open(self, moment: datetime, place: tzinfo) -> bool:
        """Whether people may be told at this instant."""
        local = moment.astimezone(place)
        minute = local.hour * 60 + local.minute
        today, before = local.weekday(), (local.weekday() - 1) % 7
        if self.begin < self.until:
            return today in self.days and self.begin <= minute < self.until
        return (today in self.days and minute >= self.begin) or (before in self.days and minute < self.until)

    def next_open(self, moment: datetime, place: tzinfo) -> datetime:
        """The instant, UTC, from which on they may: `moment` itself while it is open."""
        if self.is_open(moment, place):
            return moment
        today = moment.astimezone(place).date()
        candidates = (
            at_time(today + timedelta(days=ahead), self.begin, place)
            for ahead in range(_LOOK_DAYS)
            if (today + timedelta(days=ahead)).weekday() in self.days
        )
        return min(candidate for candidate in candidates if candidate > moment)

    @cached_property
    def said(self) -> str:
        """For a list of routes."""
        days = ", ".join(WEEKDAYS[day] for day in self.days)
        return f"{days} {clock(self.begin)} to {clock(self.until)}"


def at_time(day: date, minutes: int, place: tzinfo) -> datetime:
    """A local time of day as an instant, UTC; one that a change of clocks leaves out is the one after it."""
    midnight = datetime.combine(day, time(), tzinfo=place)
    return (midnight + timedelta(minutes=minutes)).astimezone(UTC)


def clock(minutes: int) -> str:
    """Minutes after midnight as people write them."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
