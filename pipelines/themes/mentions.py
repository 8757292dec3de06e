"""The mentions that may have a theme, read from a snapshot some days at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import duckdb
import pyarrow as pa

_QUERY: Final = """
    SELECT
        event_id, source, channel, account, native_id, author_key, author, occurred_at, received_at, product, version,
        mention, m.start AS start, m."end" AS "end", m.touchpoint AS touchpoint, m.friction_p >= 0.5 AS friction, day,
        substring(text, m.start + 1, m."end" - m.start) AS text
    FROM (
        SELECT *, unnest(mentions) AS m, generate_subscripts(mentions, 1) AS mention
        FROM events
        WHERE author_kind = 'customer' AND ($product IS NULL OR product = $product)
            AND day BETWEEN $first AND $last AND list_contains($days, day)
    )
    WHERE m.friction_p >= 0.5 OR list_contains(m.intents, 'feature_request')
    ORDER BY product, day, event_id, mention
"""

Product = tuple[str | None, list[dict[str, Any]]]


def read_mentions(
    connection: duckdb.DuckDBPyConnection, days: Sequence[date], only: str | None = None
) -> Iterator[Product]:
    """Customers' mentions with friction or a feature request on these days, by product, in a fixed order; with `only`
    those of this product.

    Each is a dict with the columns of `schemas.arrow.THEME_MENTIONS` that feedback has, and author, day and text.
    """
    if not days:
        return
    parameters = {"first": min(days), "last": max(days), "days": list(days), "product": only}
    found = connection.sql(_QUERY, params=parameters)
    rows: pa.Table = found.to_arrow_table()
    for product, mentions in groupby(rows.to_pylist(), key=lambda row: row["product"]):
        yield product, list(mentions)
