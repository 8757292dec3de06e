"""Instants as vendors write them: with an offset, naive, or counted from the epoch."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

EPOCH_SECONDS: Final = "epoch_seconds"
EPOCH_MILLISECONDS: Final = "epoch_milliseconds"
ISO: Final = "iso"
RFC3339: Final = "rfc3339"

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:$|[T ]\d\d:\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BadTimestamp(ValueError):
    """Not an instant; the text says why without repeating the value."""


def parse_zone(name: str) -> tzinfo:
    """A zone by its IANA name or as a fixed offset; ValueError when there is none of that name.

    >>> parse_zone("-08:00").utcoffset(None)
    datetime.timedelta(days=-1, seconds=57600)
    """
    if name in ("UTC", "Z"):
        return UTC
    match = _OFFSET.fullmatch(name)
    if match:
        sign = -1 if match[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; write an IANA name or an offset") from None


def timestamp_parser(form: str, zone: tzinfo | None, ignore_z: bool) -> Callable[[Any], datetime]:
    """The function that reads one form of timestamp and returns an aware instant in UTC.

    A naive time is read in `zone`; without a zone it is refused, never guessed. An hour that the clock shows twice
    is its first showing. With `ignore_z` a final Z is taken for decoration, and the time for naive.
    The function raises `BadTimestamp`.
    """
    if form in (EPOCH_SECONDS, EPOCH_MILLISECONDS):
        units_per_second = 1 if form == EPOCH_SECONDS else 1000
        return lambda value: _from_epoch(value, units_per_second)

    def parse(value: Any) -> datetime:
        if not isinstance(value, str):
            raise BadTimestamp(f"is {type(value).__name__}, not text")
        text = value.strip()
        if ignore_z and text[-1:] in ("Z", "z"):
            text = text[:-1]
        try:
            return _to_utc(_read(text, form), zone)
        except (ValueError, OverflowError) as error:
            if isinstance(error, BadTimestamp):
                raise
            raise BadTimestamp(f"is not a time in the form {form!r}") from None

    return parse


def _read(text: str, form: str) -> datetime:
    if form == RFC3339:
        if not _RFC3339.fullmatch(text):
            raise BadTimestamp("is not an RFC 3339 time with an offset, as in 2021-06-01T12:30:00+02:00")
        return datetime.fromisoformat(text)
    if form == ISO:
        if not _DATE.match(text):
            raise BadTimestamp("is not an ISO 8601 date or time, as in 2021-06-01 12:30:00")
        return datetime.fromisoformat(text)
    return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows, or the time is refused


def _to_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            raise BadTimestamp("has no offset, and the mapping declares no timezone for it")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _from_epoch(value: Any, units_per_second: int) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise BadTimestamp(f"is {type(value).__name__}, not a number")
    try:
        if isinstance(value, str):
            value = int(value) if value.strip().lstrip("-").isdigit() else float(value)
        if isinstance(value, int):
            # Integers are exact: a float of microseconds since 1970 is not.
            return _EPOCH + timedelta(microseconds=value * (1_000_000 // units_per_second))
        return _EPOCH + timedelta(microseconds=round(value * (1_000_000 / units_per_second)))
    except (ValueError, OverflowError):
        raise BadTimestamp("is not a count from 1970 within the years 1 to 9999") from None
