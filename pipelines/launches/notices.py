"""What a person should know of launches just recorded: near another one, or of a product nobody spoke of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipelines.connect import connect_stored, with_fresh_snapshot
from pipelines.products import unknown_product
from schemas.launch import NEIGHBOUR_DAYS, Launch
from schemas.tables import FEEDBACK
from transforms.delta import open_table


def label(launch: Launch) -> str:
    """What people call a launch: product, platform, and version, title or day.

    >>> from datetime import UTC
    >>> label(Launch("app", datetime(2024, 5, 1, tzinfo=UTC), version="4.2", platform="ios"))
    'app 4.2 on ios'
    """
    name = launch.version or launch.title or launch.launched_at.date().isoformat()
    return f"{launch.product} {name}" + (f" on {launch.platform}" if launch.platform else "")


def shared_days(recorded: Sequence[Launch], standing: Sequence[Launch]) -> str | None:
    """One line about those of `recorded` that have neighbours among the launches `standing`; None where none has."""
    near = {launch: sorted(filter(launch.is_neighbour_of, standing), key=_when) for launch in recorded}
    crowded = [launch for launch in recorded if near[launch]]
    if not crowded:
        return None
    first = crowded[0]
    names = ", ".join(f"{label(other)} ({_when(other):%Y-%m-%d})" for other in near[first])
    more = f" and {len(crowded) - 1:,} more of them have such neighbours" if len(crowded) > 1 else ""
    return (
        f"{label(first)} ({_when(first):%Y-%m-%d}) came within {NEIGHBOUR_DAYS} days of {names}{more}: "
        "their effects cannot be told apart"
    )


def _when(launch: Launch) -> datetime:
    return launch.launched_at


def unheard_products(root: str, products: Iterable[str]) -> list[str]:
    """One line for each product that no feedback below `root` is about; none where there is no feedback yet."""
    known = with_fresh_snapshot(lambda: _heard_products(root))
    return [unknown_product(product, known) for product in sorted(set(products) - set(known)) if known]


def _heard_products(root: str) -> Sequence[str]:
    """The products of the stored feedback, the most spoken of first."""
    if open_table(root, FEEDBACK) is None:
        return []
    with connect_stored(root) as connection:
        query = (
            "SELECT product FROM tables.feedback WHERE product IS NOT NULL "
            "GROUP BY product ORDER BY count(*) DESC, product"
        )
        return [product for (product,) in connection.execute(query).fetchall()]
