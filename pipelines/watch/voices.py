"""Voices: what an alert shows of what people said, read from the table `items` of its connection (`items.sql`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

import duckdb

from pipelines.function_words import function_words
from pipelines.report.quotes import diverse
from pipelines.report.words import telling_words
from pipelines.watch.days import SQL
from pipelines.watch.evidence import instant_of
from pipelines.watch.figures import Figures
from schemas.alert import LEAST_TERM_AUTHORS, WHOLE_PRODUCT, NearestLaunch, Quote, Term
from transforms.detect.attribution import Share, shares

QUOTES: Final = 5
FEWEST_QUOTED: Final = 5
"""Distinct people below which nobody is quoted, so that no quote can be laid at one person's door (theme_quotes)."""


def shares_of(
    connection: duckdb.DuckDBPyConnection, figures: Figures, touchpoint: str
) -> dict[str, tuple[Share, ...]]:
    """How the rise divides by each dimension; by touchpoint where the alert is about the whole product."""
    during: dict[str, dict[str, float]] = defaultdict(dict)
    before: dict[str, dict[str, float]] = defaultdict(dict)
    for row in SQL.rows(connection, "parts"):
        if row["dimension"] == "touchpoint" and touchpoint != WHOLE_PRODUCT:
            continue
        during[row["dimension"]][row["value"]] = row["during"]
        before[row["dimension"]][row["value"]] = row["before"]
    return {
        name: shares(during[name], before[name], figures.observed, figures.expected) for name in sorted(during)
    }


def terms_of(connection: duckdb.DuckDBPyConnection, product: str, touchpoint: str) -> tuple[Term, ...]:
    """Words that set the window apart from the weeks before it, the most telling first."""
    used = {
        row["word"]: (row["during"], row["before"])
        for row in SQL.rows(connection, "terms", least=LEAST_TERM_AUTHORS)
    }
    total = used.pop("", (0, 0))
    empty = function_words() | set(product.lower().split()) | {touchpoint}
    return tuple(
        Term(
            word,
            used[word][0],
            used[word][0] / total[0],
            used[word][1] / total[1] if total[1] else 0.0,
        )
        for word in telling_words(used, total, empty)
    )


def quotes_of(connection: duckdb.DuckDBPyConnection, authors: int, terms: Sequence[Term]) -> tuple[Quote, ...]:
    """A few clauses that differ, each of another person; none where fewer than five people spoke."""
    if authors < FEWEST_QUOTED:
        return ()
    telling = frozenset(term.term for term in terms)
    return tuple(
        Quote(
            row["event_id"],
            row["source"],
            row["occurred_at"].astimezone(UTC),
            row["text_start"],
            row["text_end"],
            row["touchpoint"],
            row["version"],
        )
        for row in diverse(SQL.rows(connection, "quotes"), telling, QUOTES)
    )


def launch_of(
    rows: Sequence[Mapping[str, Any]], start: int, of_dimensions: Mapping[str, Sequence[Share]]
) -> NearestLaunch | None:
    """The launch of `launch.sql`, if any, and the share of the rise from people who name its version."""
    if not rows:
        return None
    row = rows[0]
    launched_at = row["launched_at"].astimezone(UTC)
    versions = {one.value: one.explains for one in of_dimensions.get("version", ())}
    return NearestLaunch(
        row["launch_id"],
        row["name"],
        launched_at,
        max(0.0, (instant_of(start) - launched_at).total_seconds() / 3600),
        row["version"],
        row["kind"],
        row["url"],
        versions.get(row["version"], 0.0) if versions and row["version"] is not None else None,
    )
