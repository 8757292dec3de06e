"""Series: friction by touchpoint over time, each point with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import duckdb

from pipelines.report.daily import read_gaps
from pipelines.report.excess import count_interval
from pipelines.report.queries import rows
from pipelines.report.scope import Scope

ANY: Final = "any"
"""All touchpoints together, each person counted once."""

LONGEST_DAILY_WINDOW_DAYS: Final = 130
"""Beyond this a series of all touchpoints is weekly; four months of days still fit on a page."""

LONGEST_DAILY_WINDOW_OF_TOUCHPOINT_DAYS: Final = 42
"""Beyond this a series of one touchpoint is weekly: its days hold few people, and chance would be all one sees."""

_WEEK_DAYS: Final = 7


@dataclass(frozen=True)
class Point:
    """One day or week: distinct authors, those who report friction, and their share, with 95 % intervals.

    `friction_rate` and its bounds are None where nobody spoke, all is where all sources were silent (product_gaps).
    """

    begins: date
    authors: int | None
    friction_authors: int | None
    low: float | None
    high: float | None
    friction_rate: float | None
    rate_low: float | None
    rate_high: float | None


@dataclass(frozen=True)
class Series:
    """Points by touchpoint, the one with the most friction first after `any`; `grain` is day or week."""

    grain: str
    points: Mapping[str, Sequence[Point]]

    @property
    def touchpoints(self) -> list[str]:
        """Touchpoints without `any`."""
        return [name for name in self.points if name != ANY]


def read_series(connection: duckdb.DuckDBPyConnection, scope: Scope, longest_daily_days: int) -> Series:
    """Daily points for windows up to `longest_daily_days`, weekly ones (whole weeks, from Monday) for longer ones."""
    weekly = scope.days > longest_daily_days
    grain, step = ("week", _WEEK_DAYS) if weekly else ("day", 1)
    buckets = _buckets(scope, step)
    gaps = read_gaps(connection, scope)
    silent = {begins for begins in buckets if all(begins + timedelta(days=day) in gaps for day in range(step))}
    found: dict[str, dict[date, dict[str, Any]]] = {ANY: {}}
    for row in rows(connection, "series", grain=grain, **scope.parameters):
        found.setdefault(row["touchpoint"], {})[row["bucket"]] = row
    points = {
        touchpoint: [_point(begins, by_bucket.get(begins), is_heard=begins not in silent) for begins in buckets]
        for touchpoint, by_bucket in found.items()
    }
    order = sorted(
        points, key=lambda name: (name != ANY, -sum(p.friction_authors or 0 for p in points[name]), name)
    )
    return Series(grain, {name: points[name] for name in order})


def _buckets(scope: Scope, step: int) -> list[date]:
    first = scope.first_day
    if step == _WEEK_DAYS:
        first += timedelta(days=-first.weekday() % _WEEK_DAYS)
    whole = (scope.last_day - first).days + 1
    return [first + timedelta(days=day) for day in range(0, whole - step + 1, step)]


def _point(begins: date, row: Mapping[str, Any] | None, *, is_heard: bool) -> Point:
    if row is None and not is_heard:
        return Point(begins, None, None, None, None, None, None, None)
    if row is None:
        low, high = count_interval(0)
        return Point(begins, 0, 0, low, high, None, None, None)
    low, high = count_interval(row["friction_authors"])
    return Point(
        begins,
        row["authors"],
        row["friction_authors"],
        low,
        high,
        row["friction_rate"],
        row["rate_low"],
        row["rate_high"],
    )
