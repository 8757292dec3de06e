"""Growth: a state that takes in series which were not there when it began.

New series come last, in an order that their first hour decides, so a state that grew hour by hour is, bit for bit, the
one a replay of the same hours gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np

from transforms.detect.detector import State, empty_state
from transforms.detect.layout import ALL_TOUCHPOINTS, Ints, Layout, SeriesKey, layout

MOST_SERIES: Final = 100_000
"""Series of sources that are watched at most: some 250 MB of memory with their sums. The first to come are."""

_OF_ALL: Final = ("tail", "budget", "wide_budget")
"""Parts of a state that are not by series."""

Record = TypeVar("Record")


def with_series(keys: Sequence[SeriesKey], found: Iterable[SeriesKey], most: int = MOST_SERIES) -> Layout | None:
    """The layout with the series of sources `found` and the sums they belong to; None where none is new.

    New ones stand behind the others, ordered by name, each with its sum over sources and the one over its product;
    sums among `found` are passed over. Beyond `most` series of sources further ones are left out.
    """
    there = set(keys)
    room = most - sum(key.source is not None for key in keys)
    new: list[SeriesKey] = []
    of_sources = sorted({key for key in found if key.source is not None} - there, key=_by_name)
    for key in of_sources[: max(room, 0)]:
        sums = (SeriesKey(key.product, key.touchpoint), SeriesKey(key.product, ALL_TOUCHPOINTS))
        fresh = [key, *(one for one in sums if one not in there)]
        there.update(fresh)
        new += fresh
    return layout([*keys, *new]) if new else None


def _by_name(key: SeriesKey) -> tuple[str, str, str]:
    return key.product, key.touchpoint, str(key.source)


def grown(state: State, before: Layout, after: Layout) -> State:
    """The state of `before` in the places of `after`, whose further series, products and feeds have seen nothing.

    Raises `ValueError` where `after` does not begin with the series of `before`.
    """
    if after.keys[: len(before)] != before.keys:
        raise ValueError("a layout grows at its end; keep the series it has, in their order")
    series = np.arange(len(before))
    number = {product: at for at, product in enumerate(after.products)}
    products = np.array([number[product] for product in before.products], dtype=np.int64)
    feeds = np.arange(before.feeds)
    empty = empty_state(after)
    parts: dict[str, Any] = {}
    for part in fields(state):
        if part.name in _OF_ALL:
            parts[part.name] = getattr(state, part.name)
        else:
            at = {"control": products, "silence": feeds}.get(part.name, series)
            parts[part.name] = _placed(getattr(state, part.name), getattr(empty, part.name), at)
    return replace(state, **parts)


def _placed(old: Record, new: Record, at: Ints) -> Record:
    """`old` in the places `at` of `new`; what is no array is taken over."""
    if is_dataclass(new) and not isinstance(new, type):
        changed = {
            each.name: _placed(getattr(old, each.name), getattr(new, each.name), at) for each in fields(new)
        }
        return replace(new, **changed)
    if isinstance(new, np.ndarray) and isinstance(old, np.ndarray):
        whole = new.copy()
        whole[at] = old
        return whole
    return old
