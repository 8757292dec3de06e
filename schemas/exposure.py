"""Exposure: how many people could have complained, of a product in a day or hour, of all its users or some."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from math import inf, isfinite
from typing import Any, Final

from schemas.event import PLAUSIBLE_YEARS

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HOUR: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d", re.ASCII)


class InvalidExposure(ValueError):
    """Not a number of people who could have complained; the text says which value and what it may be."""


@dataclass(frozen=True)
class ExposureKey:
    """What one number counts. `segment` is sorted by name, and empty for all users; `version` is None for all versions.

    `day` is the UTC day of `hour` where there is one, else the day as the file has it.
    """

    product: str
    day: date
    measure: str
    hour: datetime | None = None
    version: str | None = None
    segment: tuple[tuple[str, str], ...] = ()


def parse_count(value: Any) -> float:
    """A finite number that is not negative; zero is one."""
    try:
        number = inf if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        raise InvalidExposure(f"count {_quoted(value)} is not a number; write it as 12345 or 12345.5") from None
    if not isfinite(number):
        raise InvalidExposure(f"count {_quoted(value)} is not a finite number; leave the row out")
    if number < 0:
        raise InvalidExposure(f"count {_quoted(value)} is negative; an exposure is 0 or more")
    return number


def parse_day(value: Any) -> date:
    """A day as it is written: a date, or midnight. It is not moved into another zone."""
    moment = value
    if isinstance(value, str) and _DAY.match(value.strip()):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
    if isinstance(moment, datetime):
        if moment.time() != datetime.min.time():
            raise InvalidExposure(f"day {_quoted(value)} has a time of day; name the column with --hour-column")
        moment = moment.date()
    if not isinstance(moment, date):
        raise InvalidExposure(f"day {_quoted(value)} is not a date; write it as 2024-05-01")
    return _plausible(moment)


def parse_hour(value: Any, zone: tzinfo) -> datetime:
    """The start of an hour, in UTC; without an offset it is read in `zone`."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip() if _HOUR.match(value.strip()) else "")
        except ValueError:
            moment = None
    if not isinstance(moment, datetime):
        raise InvalidExposure(
            f"hour {_quoted(value)} is not one; write it as 2024-05-01T13:00 or 2024-05-01T13:00+02:00"
        )
    if (moment.minute, moment.second, moment.microsecond) != (0, 0, 0):
        raise InvalidExposure(
            f"hour {_quoted(value)} is not the start of an hour; add the numbers up by hour first"
        )
    _plausible(moment.date())
    if moment.tzinfo is None:
        aware = moment.replace(tzinfo=zone)
        if aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise InvalidExposure(
                f"hour {_quoted(value)} is left out by the clocks of {zone}; write it with its offset"
            )
        moment = aware
    return moment.astimezone(UTC)


def _plausible(day: date) -> date:
    if day.year not in PLAUSIBLE_YEARS:
        raise InvalidExposure(f"day {day} lies outside {PLAUSIBLE_YEARS.start} to {PLAUSIBLE_YEARS.stop - 1}")
    return day


def _quoted(value: Any) -> str:
    return repr(value if isinstance(value, str) else str(value))[:40]
