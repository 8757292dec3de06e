"""The words of quotes, read from feedback as it is now: what was erased, deleted or edited since is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.connect import connect, with_fresh_snapshot
from schemas.alert import Alert, Quote
from schemas.errors import UsageError

_QUOTED: Final = """
    SELECT event_id, text, author_key, url
    FROM events
    WHERE event_id IN (SELECT unnest($ids)) AND (day BETWEEN $first AND $last OR day IS NULL)
"""


_REMEMBERED: Final = timedelta(minutes=15)
_remembered: dict[tuple[str, str], tuple[datetime, Alert]] = {}
"""By tables folder and alert, when its words were read."""


def with_words(root: str, alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts with the words of their quotes; a quote whose event is gone stays without."""
    quotes = [quote for alert in alerts for quote in alert.quotes]
    if not quotes:
        return list(alerts)
    found = with_fresh_snapshot(lambda: _events(root, quotes))
    return [replace(alert, quotes=tuple(_said(quote, found) for quote in alert.quotes)) for alert in alerts]


def with_recent_words(root: str, alerts: Sequence[Alert], now: datetime) -> list[Alert]:
    """As `with_words`, from what this process read in the last 15 minutes: for what is told again and again."""
    for key in [
        key for key, (read_at, _) in _remembered.items() if not timedelta() <= now - read_at < _REMEMBERED
    ]:
        del _remembered[key]
    missing = [alert for alert in alerts if (root, alert.alert_id) not in _remembered]
    for alert in with_words(root, missing):
        _remembered[root, alert.alert_id] = now, alert
    return [_remembered[root, alert.alert_id][1] for alert in alerts]


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
