"""Floods: notes of what was left out of evidence because it came from few: promotion, one pasted text, one author.

A flood is never an alarm and never mutes one; it says why a series is loud in posts and quiet in people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from transforms.detect.evidence import UNKNOWN, Items
from transforms.detect.layout import Flags, Ints

LEAST_POSTS: Final = 10
LEAST_SHARE: Final = 0.5
"""Of the posts of the series in the hour."""


class FloodKind(StrEnum):
    """What the posts of a flood have in common."""

    PROMOTION = "promotion"
    PASTED = "pasted"
    LOUD = "loud author"


@dataclass(frozen=True, order=True)
class Flood:
    """One series and hour with a flood; `authors` are the distinct known ones, 0 where none is known."""

    hour: int
    series: int
    kind: FloodKind
    posts: int
    authors: int


def floods(items: Items) -> tuple[Flood, ...]:
    """Hours in which 10 posts or more, and at least half of a series' posts, are promotion, of one text or one author.

    By hour, series and kind; promotion is not looked at again as a text or an author. The order of the items does not
    matter.
    """
    if not len(items.series):
        return ()
    first = int(items.hour.min())
    width = int(items.hour.max()) - first + 1
    cell = items.series * width + items.hour - first
    posts = np.bincount(cell)
    found = []
    same = np.zeros(len(cell), dtype=np.int64)
    groups: tuple[tuple[FloodKind, Ints, Flags], ...] = (
        (FloodKind.PROMOTION, same, items.promotion),
        (FloodKind.PASTED, items.cluster, ~items.promotion & (items.cluster != UNKNOWN)),
        (FloodKind.LOUD, items.author, ~items.promotion & (items.author != UNKNOWN)),
    )
    for kind, group, belongs in groups:
        together, of_item, sizes = np.unique(
            np.stack([cell[belongs], group[belongs]]), axis=1, return_inverse=True, return_counts=True
        )
        authors = items.author[belongs]
        for number in np.nonzero(sizes >= np.maximum(LEAST_POSTS, LEAST_SHARE * posts[together[0]]))[0]:
            at, size = int(together[0, number]), int(sizes[number])
            who = authors[of_item.ravel() == number]
            people = len(np.unique(who[who != UNKNOWN]))
            found.append(Flood(first + at % width, at // width, kind, size, people))
    return tuple(sorted(found))
