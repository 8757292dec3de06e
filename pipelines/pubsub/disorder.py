"""Disorder: a stream as a queue may deliver it, some messages twice and none quite in its place. Seeded."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from random import Random
from typing import Final, TypeVar

T = TypeVar("T")

AGAIN_WITHIN: Final = 100
"""A message that comes twice comes again within so many messages, or within `out_of_order` if that is more."""


def disordered(stream: Iterable[T], duplicates: float, out_of_order: int, seed: int) -> Iterator[T]:
    """`stream` with a share of `duplicates` said twice, and each displaced by at most `out_of_order` messages of it.

    The same arguments give the same order. Nothing is lost. Holds no more messages than the displacement.

    >>> list(disordered("abc", duplicates=0, out_of_order=0, seed=1))
    ['a', 'b', 'c']
    """
    rng = Random(seed)  # noqa: S311 - seeded on purpose; guards nothing
    waiting: list[tuple[float, int, T]] = []
    again_within = max(out_of_order, AGAIN_WITHIN)
    for position, item in enumerate(stream):
        while waiting and waiting[0][0] < position:
            yield heapq.heappop(waiting)[2]
        heapq.heappush(waiting, (position + rng.uniform(0, out_of_order), 2 * position, item))
        if rng.random() < duplicates:
            heapq.heappush(waiting, (position + rng.uniform(0, again_within), 2 * position + 1, item))
    while waiting:
        yield heapq.heappop(waiting)[2]
