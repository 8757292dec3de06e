"""The words of quotes, read from feedback as it is now: what was erased, deleted or edited since is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from pipelines.connect import connect, with_fresh_snapshot
from schemas.alert import Alert, Quote
from schemas.errors import UsageError

_QUOTED: Final = """
    SELECT event_id, text, author_key, url
    FROM events
    WHERE event_id IN (SELECT unnest($ids)) AND (day BETWEEN $first AND $last OR day IS NULL)
"""


def with_words(root: str, alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts with the words of their quotes; a quote whose event is gone stays without."""
    quotes = [quote for alert in alerts for quote in alert.quotes]
    if not quotes:
        return list(alerts)
    found = with_fresh_snapshot(lambda: _events(root, quotes))
    return [replace(alert, quotes=tuple(_said(quote, found) for quote in alert.quotes)) for alert in alerts]


def _events(root: str, quotes: Sequence[Quote]) -> dict[str, tuple[Any, ...]]:
    days = [quote.day for quote in quotes]
    wanted = {"ids": [quote.event_id for quote in quotes], "first": min(days), "last": max(days)}
    try:
        with connect(root) as connection:
            return {row[0]: row for row in connection.execute(_QUOTED, wanted).fetchall()}
    except UsageError:  # no tables yet
        return {}


def _said(quote: Quote, found: dict[str, tuple[Any, ...]]) -> Quote:
    row = found.get(quote.event_id)
    if row is None:
        return replace(quote, text=None, author=None, url=None)
    _, text, author, url = row
    return replace(quote, text=text[quote.start : quote.end], author=author, url=url)
