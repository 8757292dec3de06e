"""Daily counts of friction authors, dense, for baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipelines.report.queries import rows
from pipelines.report.scope import Scope


@dataclass(frozen=True)
class DailyCounts:
    """`counts[touchpoint][i]` is the number of people with friction on day `begins` + i; quiet days hold 0, days of
    the view product_gaps None.

    `begins` is the first day of the window less the baseline, or the first day the product was heard of.
    """

    begins: date
    counts: dict[str, Sequence[int | None]]
    gaps: frozenset[date]

    def between(self, touchpoint: str, first_day: date, last_day: date) -> Sequence[int | None]:
        """Counts of the days from `first_day` to `last_day`, as far as the product was heard of."""
        start = max(0, (first_day - self.begins).days)
        return self.counts.get(touchpoint, ())[start : max(start, (last_day - self.begins).days + 1)]


def read_daily(connection: duckdb.DuckDBPyConnection, scope: Scope) -> DailyCounts:
    """Counts of every touchpoint that is spoken of."""
    begins = max(scope.baseline_from, scope.heard_from)
    length = (scope.last_day - begins) // timedelta(days=1) + 1
    gaps = read_gaps(connection, scope)
    nobody = [None if begins + timedelta(days=day) in gaps else 0 for day in range(length)]
    counts: dict[str, list[int | None]] = {}
    for row in rows(connection, "daily"):
        counts.setdefault(row["touchpoint"], nobody.copy())[(row["day"] - begins).days] = row["friction_authors"]
    return DailyCounts(begins, dict(counts), gaps)


def read_gaps(connection: duckdb.DuckDBPyConnection, scope: Scope) -> frozenset[date]:
    """Days on which all sources of the product were silent although they should not have been."""
    return frozenset(row["day"] for row in rows(connection, "gaps", **scope.parameters))
