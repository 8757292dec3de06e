"""Calendar: of each product the hours at which it was brought to more people, from the launch ledger.

The detector may reckon with them (`transforms.detect.launches`): it follows what they do to all feedback sooner, doubts
what is expected for three days, and mutes nothing. An outage is no launch: its friction is what is to be told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from pipelines.launches.ledger import standing
from pipelines.watch.evidence import hour_of
from schemas.launch import Launch, LaunchKind
from transforms.detect.launches import Calendar

_LAUNCHES: Final = frozenset({LaunchKind.RELEASE, LaunchKind.FIX, LaunchKind.CAMPAIGN})


def calendar_of(launches: Iterable[Launch]) -> Calendar:
    """Of each product, by `product_name`, the hours of its launches and of the steps of their roll-outs, in order."""
    hours: defaultdict[str, set[int]] = defaultdict(set)
    for launch in launches:
        if launch.kind in _LAUNCHES:
            instants = [launch.launched_at, *(step.at for step in launch.rollout)]
            hours[product_name(launch.product)].update(map(hour_of, instants))
    return {product: tuple(sorted(hours[product])) for product in sorted(hours)}


def calendar_in(tables: str) -> Calendar:
    """The calendar of the ledger as it stands in these tables."""
    return calendar_of(standing(tables))


def product_name(product: str) -> str:
    """A product, however feedback and ledger spell it."""
    return product.casefold()


def first_difference(known: Calendar, now: Calendar, products: Iterable[str], until: int) -> int | None:
    """The first hour before `until` that is a launch of one of the products in one calendar and not in the other."""
    differ = [
        hour
        for product in {product_name(one) for one in products}
        for hour in set(known.get(product, ())) ^ set(now.get(product, ()))
        if hour < until
    ]
    return min(differ, default=None)
