"""Scope: which product and which days a report is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb

from pipelines.products import unknown_product
from pipelines.report.queries import rows
from schemas.errors import UsageError

BASELINE_DAYS: Final = 56
"""Days before the window that its first days are compared with."""


@dataclass(frozen=True)
class Scope:
    """A product's window, both days included; `heard_from` is the first day anybody spoke of the product."""

    product: str
    first_day: date
    last_day: date
    heard_from: date

    @property
    def days(self) -> int:
        """Days in the window."""
        return (self.last_day - self.first_day).days + 1

    @property
    def baseline_from(self) -> date:
        """First day that is read."""
        return self.first_day - timedelta(days=BASELINE_DAYS)

    @property
    def parameters(self) -> dict[str, object]:
        """What the SQL files call $product, $first_day, $last_day and $baseline_from."""
        return {
            "product": self.product,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "baseline_from": self.baseline_from,
        }


def find_scope(
    connection: duckdb.DuckDBPyConnection, product: str, first_day: date | None, last_day: date | None
) -> Scope:
    """The product's whole history, or the part of it between two days.

    Raises `UsageError` for a product nobody spoke of, and for a window in which nobody did.
    """
    if first_day is not None and last_day is not None and first_day > last_day:
        raise UsageError(f"--from {first_day} is after --to {last_day}; turn them round")
    products = rows(connection, "products")
    found = next((row for row in products if row["product"] == product), None)
    if found is None:
        raise UsageError(unknown_product(product, [row["product"] for row in products]))
    first = max(first_day or found["first_day"], found["first_day"])
    last = min(last_day or found["last_day"], found["last_day"])
    if first > last:
        raise UsageError(
            f"no feedback about {product} in this window; "
            f"there is some from {found['first_day']} to {found['last_day']}"
        )
    return Scope(product, first, last, found["first_day"])
