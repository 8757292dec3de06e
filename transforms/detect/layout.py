"""Layout: the series that are watched, as arrays, so that an hour of all of them is a few vector operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.alert import WHOLE_PRODUCT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


ALL_TOUCHPOINTS: Final = WHOLE_PRODUCT


class SeriesKey(NamedTuple):
    """One source at one touchpoint of a product; the sum over its sources where `source` is None.

    With `*` for a touchpoint, the whole product: an alarm of it counts where no touchpoint has one (`lifecycle`).
    """

    product: str
    touchpoint: str
    source: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where each of K series belongs; every array has shape (K,).

    `pool`: the series that share the rhythm of a day: those of a source, or of a product for sums.
    `product`: the control series that says how busy it is. `feed`: product and source, -1 for sums.
    `parent`: position of the sum over its sources, -1 for sums and where it is not watched.
    `whole`: position of the sum over its product, -1 for sums and where it is not watched.
    `wide`: whole products. They are tested among themselves, so that what is found in them pays for nothing elsewhere.
    """

    keys: tuple[SeriesKey, ...]
    products: tuple[str, ...]
    pool: Ints
    product: Ints
    feed: Ints
    parent: Ints
    whole: Ints
    wide: Flags

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def pools(self) -> int:
        return int(self.pool.max(initial=-1)) + 1

    @property
    def feeds(self) -> int:
        return int(self.feed.max(initial=-1)) + 1

    def rows_of(self, row: int) -> tuple[int, ...]:
        """The series an item of series `row` counts in: its own and the sums over it."""
        return (row, *(int(up) for up in (self.parent[row], self.whole[row]) if up >= 0))


def layout(keys: Sequence[SeriesKey]) -> Layout:
    """The layout of these series, in their order. Raises `ValueError` where a series is named twice."""
    position = {key: at for at, key in enumerate(keys)}
    if len(position) < len(keys):
        twice = next(key for at, key in enumerate(keys) if position[key] != at)
        raise ValueError(f"{twice} is named twice; give each series once")
    products = tuple(sorted({key.product for key in keys}))
    pools: dict[tuple[str, str], int] = {}
    feeds: dict[tuple[str, str], int] = {}
    pool, feed, parent, whole = [], [], [], []
    wide = [key.touchpoint == ALL_TOUCHPOINTS for key in keys]
    for key, is_whole in zip(keys, wide, strict=True):
        if is_whole and key.source is not None:
            raise ValueError(f"{key} is of all touchpoints and one source; leave the source out")
        of_sum = ("wholes", "") if is_whole else ("product", key.product)
        shares_rhythm = of_sum if key.source is None else ("source", key.source)
        pool.append(pools.setdefault(shares_rhythm, len(pools)))
        feed.append(-1 if key.source is None else feeds.setdefault((key.product, key.source), len(feeds)))
        parent.append(-1 if key.source is None else position.get(SeriesKey(key.product, key.touchpoint), -1))
        whole.append(-1 if key.source is None else position.get(SeriesKey(key.product, ALL_TOUCHPOINTS), -1))
    number = {product: at for at, product in enumerate(products)}
    return Layout(
        tuple(keys),
        products,
        np.array(pool, dtype=np.int64),
        np.array([number[key.product] for key in keys], dtype=np.int64),
        np.array(feed, dtype=np.int64),
        np.array(parent, dtype=np.int64),
        np.array(whole, dtype=np.int64),
        np.array(wide, dtype=bool),
    )
