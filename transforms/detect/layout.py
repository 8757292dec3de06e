"""Layout: the series that are watched, as arrays, so that an hour of all of them is a few vector operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class SeriesKey(NamedTuple):
    """One source at one touchpoint of a product; the sum over its sources where `source` is None."""

    product: str
    touchpoint: str
    source: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where each of K series belongs; every array has shape (K,).

    `pool`: the series that share the rhythm of a day: those of a source, or of a product for sums.
    `product`: the control series that says how busy it is. `feed`: product and source, -1 for sums.
    `parent`: position of the sum over its sources, -1 for sums and where it is not watched.
    """

    keys: tuple[SeriesKey, ...]
    products: tuple[str, ...]
    pool: Ints
    product: Ints
    feed: Ints
    parent: Ints

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def pools(self) -> int:
        return int(self.pool.max(initial=-1)) + 1

    @property
    def feeds(self) -> int:
        return int(self.feed.max(initial=-1)) + 1


def layout(keys: Sequence[SeriesKey]) -> Layout:
    """The layout of these series, in their order. Raises `ValueError` where a series is named twice."""
    position = {key: at for at, key in enumerate(keys)}
    if len(position) < len(keys):
        twice = next(key for at, key in enumerate(keys) if position[key] != at)
        raise ValueError(f"{twice} is named twice; give each series once")
    products = tuple(sorted({key.product for key in keys}))
    pools: dict[tuple[str, str], int] = {}
    feeds: dict[tuple[str, str], int] = {}
    pool, feed, parent = [], [], []
    for key in keys:
        shares_rhythm = ("product", key.product) if key.source is None else ("source", key.source)
        pool.append(pools.setdefault(shares_rhythm, len(pools)))
        feed.append(-1 if key.source is None else feeds.setdefault((key.product, key.source), len(feeds)))
        parent.append(-1 if key.source is None else position.get(SeriesKey(key.product, key.touchpoint), -1))
    number = {product: at for at, product in enumerate(products)}
    return Layout(
        tuple(keys),
        products,
        np.array(pool, dtype=np.int64),
        np.array([number[key.product] for key in keys], dtype=np.int64),
        np.array(feed, dtype=np.int64),
        np.array(parent, dtype=np.int64),
    )
