"""Spawn: mentions that no theme takes, of four weeks, become new themes where enough people say the same.

A theme grows from a pair of terms that stand together far more often than apart (their local mutual information:
Evert 2005, The Statistics of Word Cooccurrences). Its weights are those of the pair's mentions: of each term the share
that has it, times its inverse document frequency, scaled so that the pair weighs 1. A mention belongs to the theme
whose terms in it weigh at least 1: as much as the pair. So does one that has other words of the theme instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.themes.terms import Bags, Ids

LEAST_AUTHORS: Final = 5
"""Distinct authors that a theme, and each of its terms, needs: k of its k-anonymity."""

THRESHOLD: Final = 1.0 - 1e-9
"""Weight at which a mention belongs to a theme; sums of weights are rounded by less."""

MOST_THEMES: Final = 25
"""New themes of one product and four weeks."""

_TRIED_PAIRS: Final = 2_000
_COMMON: Final = 0.08
"""A term of more mentions than this share says nothing about one theme."""
_RARE: Final = 30
"""But one of so few mentions may, however few there are in all."""
_BACKGROUND: Final = 500
"""Fewer mentions are taken for so many, the others about something else: of a quiet product all may be one theme."""
_LEAST_SHARE: Final = 0.15
_LEAST_LIFT: Final = 3.0
_LEAST_STRENGTH: Final = 12.0
"""Local mutual information of a pair in nats: five mentions of two words that only stand together have 20 and more."""

Weights = dict[str, float]


@dataclass(frozen=True)
class Spawned:
    """A new theme: what its terms weigh, and its mentions by their place among those looked at."""

    weights: Weights
    members: Ids


def spawn(bags: Bags, authors: Sequence[str], taken: NDArray[np.bool_], common: frozenset[str]) -> list[Spawned]:
    """New themes among the mentions that are not `taken`, the strongest first; deterministic.

    Terms of `common`, such as the product's name, found no theme. Mentions with the same terms count once, whoever
    wrote them, so a text that is posted again and again makes none.
    """
    _, people = np.unique(np.asarray(authors, dtype=str), return_inverse=True)
    free = ~taken
    first = _first_of_each(bags)
    names = bags.vocabulary.names()
    sample = bags.take(first)
    size = max(len(first), _BACKGROUND)
    frequency = np.bincount(sample.ids, minlength=len(names))
    idf = np.log(size / np.maximum(frequency, 1))
    seeds = (frequency >= LEAST_AUTHORS) & (frequency <= max(_RARE, _COMMON * size))
    seeds &= np.array([name not in common and not name.isdigit() for name in names], bool)
    postings = _postings(sample, len(names))
    found: list[Spawned] = []
    for left, right in _pairs(sample, size, seeds, free[first])[:_TRIED_PAIRS]:
        both = first[np.intersect1d(postings(left), postings(right), assume_unique=True)]
        both = both[free[both]]
        if len(both) < LEAST_AUTHORS or len(np.unique(people[both])) < LEAST_AUTHORS:
            continue
        weights = _weights(bags.take(both), people[both], (left, right), frequency / size, idf)
        members = np.flatnonzero(free & (bags.weigh(weights) >= THRESHOLD))
        free[members] = False
        found.append(Spawned(weights, members))
        if len(found) == MOST_THEMES:
            break
    return found


def _first_of_each(bags: Bags) -> Ids:
    """The first of the texts with the same terms."""
    first: dict[bytes, int] = {}
    for row in range(len(bags)):
        first.setdefault(np.sort(bags.ids[bags.starts[row] : bags.starts[row + 1]]).tobytes(), row)
    return np.array(list(first.values()), np.int64)


def _postings(bags: Bags, size: int) -> Callable[[int], Ids]:
    """Of each term the texts that have it, ascending."""
    order = np.argsort(bags.ids, kind="stable")
    owners = bags.owners[order]
    ends = np.searchsorted(bags.ids[order], np.arange(size + 1))
    return lambda number: owners[ends[number] : ends[number + 1]]


def _pairs(
    bags: Bags, size_of_all: int, seeds: NDArray[np.bool_], free: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """Pairs of seed terms of the free texts, the most strongly bound first."""
    size = len(seeds)
    keys = []
    for row in np.flatnonzero(free):
        ids = bags.ids[bags.starts[row] : bags.starts[row + 1]]
        ids = np.sort(ids[seeds[ids]])
        left, right = _upper(len(ids))
        keys.append(ids[left] * size + ids[right])
    if not keys:
        return []
    pairs, together = np.unique(np.concatenate(keys), return_counts=True)
    enough = together >= LEAST_AUTHORS
    pairs, together = pairs[enough], together[enough]
    frequency = np.bincount(bags.ids, minlength=size)
    left, right = pairs // size, pairs % size
    strength = together * np.log(together * size_of_all / (frequency[left] * frequency[right]))
    order = np.lexsort((pairs, -strength))
    order = order[strength[order] >= _LEAST_STRENGTH]
    return list(zip(left[order].tolist(), right[order].tolist(), strict=True))


@cache
def _upper(size: int) -> tuple[Ids, Ids]:
    """Places of all pairs of so many things."""
    return np.triu_indices(size, 1)


def _weights(
    bags: Bags, people: Ids, pair: tuple[int, int], share_of_all: NDArray[np.float64], idf: NDArray[np.float64]
) -> Weights:
    """What the terms of the pair's mentions weigh; only terms that enough of the people use, and more than others."""
    names = bags.vocabulary.names()
    numbers = np.unique(bags.ids)
    share = np.bincount(bags.ids, minlength=len(names)) / len(bags)
    using = np.unique(np.stack([bags.ids, people[bags.owners]]), axis=1)[0]
    users = np.bincount(using, minlength=len(names))
    scale = idf[pair[0]] + idf[pair[1]]
    kept = [
        number
        for number in numbers.tolist()
        if number in pair
        or (
            users[number] >= LEAST_AUTHORS
            and share[number] >= _LEAST_SHARE
            and share[number] >= _LEAST_LIFT * share_of_all[number]
        )
    ]
    return {names[number]: float(share[number] * idf[number] / scale) for number in kept}
