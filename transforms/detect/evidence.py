"""Evidence: items to counts of people, so that neither one loud author nor a pasted text is a crowd.

Of the items with friction of one series and hour an item counts unless

1. it is promotion or spam: noted as a flood, never friction;
2. its author wrote in this series within the 24 hours before: one person complains once a day;
3. its author, its conversation or its near-duplicate cluster is counted in this hour already, by a smaller id.

An item whose author is unknown counts half, since two of them may be one person. What counts depends on what the items
say and not on the order they came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.layout import Flags, Floats, Ints

UNKNOWN: Final = -1
UNKNOWN_AUTHOR_WEIGHT: Final = 0.5
AUTHOR_HOURS: Final = 24


@dataclass(frozen=True)
class Items:
    """Items with friction, arrays of shape (N,); people, conversations and clusters are numbers, -1 where unknown.

    `identity`: rank of the item's own id, unique, so that the same item wins whatever the order.
    """

    series: Ints
    hour: Ints
    identity: Ints
    author: Ints
    conversation: Ints
    cluster: Ints
    promotion: Flags


@dataclass(frozen=True)
class Counts:
    """What the hours hold, each of shape (series, hours)."""

    evidence: Floats
    posts: Ints
    authors: Ints
    """Distinct known authors, promotion included."""
    promotion: Ints
    """Items left out as promotion: a flood where they are many."""
    top_author_posts: Ints
    """Posts of the author with the most of them."""


def count_evidence(items: Items, series: int, first_hour: int, hours: int) -> Counts:
    """Counts of `hours` hours from `first_hour` on.

    Items of the 24 hours before belong to the input: they say who wrote already. Raises `ValueError` where identities
    are not unique or a series is out of range.
    """
    if len(np.unique(items.identity)) < len(items.identity):
        raise ValueError("two items have one identity; give each item once")
    if len(items.series) and (items.series.min() < 0 or items.series.max() >= series):
        raise ValueError(f"an item is of series {items.series.max()}; there are {series}, counted from 0")
    order = np.lexsort((items.identity, items.hour, items.series))
    series_of, hour = items.series[order], items.hour[order]
    author, promotion = items.author[order], items.promotion[order]
    shown = (hour >= first_hour) & (hour < first_hour + hours)

    counted = ~promotion
    counted &= ~_wrote_before(series_of, hour, author, counted)
    for group in (author, items.conversation[order], items.cluster[order]):
        counted &= _first_of_hour(series_of, hour, group, counted)

    def table(chosen: Flags, weights: Floats | None = None) -> Floats:
        at = series_of[chosen] * hours + hour[chosen] - first_hour
        of_chosen = None if weights is None else weights[chosen]
        counted_at = np.bincount(at, of_chosen, minlength=series * hours)
        return np.asarray(counted_at.reshape(series, hours), dtype=np.float64)

    weight = np.where(author == UNKNOWN, UNKNOWN_AUTHOR_WEIGHT, 1.0)
    authors, most = _authors(series_of[shown], hour[shown] - first_hour, author[shown], series, hours)
    return Counts(
        table(shown & counted, weight),
        table(shown).astype(np.int64),
        authors,
        table(shown & promotion).astype(np.int64),
        most,
    )


def count_people(group: Ints, author: Ints, groups: int) -> Floats:
    """People of each group among items (N,) of one hour, (groups,): an unknown author counts half."""
    known = author != UNKNOWN
    people = np.unique(np.stack([group[known], author[known]]), axis=1)[0]
    unknown = np.bincount(group[~known], minlength=groups)
    return np.asarray(np.bincount(people, minlength=groups) + UNKNOWN_AUTHOR_WEIGHT * unknown, dtype=np.float64)


def _wrote_before(series: Ints, hour: Ints, author: Ints, counted: Flags) -> Flags:
    """Whether the author's last item in the series lies 1 to 24 hours back."""
    before = np.zeros(len(series), dtype=bool)
    known = np.nonzero(counted & (author != UNKNOWN))[0]
    order = known[np.lexsort((hour[known], author[known], series[known]))]
    new = _starts(series[order], author[order], hour[order])
    same_person = np.concatenate([[False], (np.diff(series[order]) == 0) & (np.diff(author[order]) == 0)])
    run = np.cumsum(new) - 1  # items of one person in one hour share the hour before theirs
    first = np.nonzero(new)[0]
    gap = np.diff(hour[order[first]], prepend=0)
    recent = same_person[first] & (gap <= AUTHOR_HOURS)
    before[order] = recent[run]
    return before


def _first_of_hour(series: Ints, hour: Ints, group: Ints, counted: Flags) -> Flags:
    """Whether an item is the first counted one of its group in the hour; items of no group always are."""
    first = np.ones(len(series), dtype=bool)
    known = np.nonzero(counted & (group != UNKNOWN))[0]
    order = known[np.lexsort((known, group[known], hour[known], series[known]))]
    first[order] = _starts(series[order], hour[order], group[order])
    return first


def _starts(*columns: Ints) -> Flags:
    """Where sorted rows differ from the row before."""
    if not len(columns[0]):
        return np.zeros(0, dtype=bool)
    return np.concatenate([[True], np.logical_or.reduce([np.diff(column) != 0 for column in columns])])


def _authors(series: Ints, hour: Ints, author: Ints, all_series: int, hours: int) -> tuple[Ints, Ints]:
    """Distinct known authors, and posts of the busiest, (series, hours)."""
    known = author != UNKNOWN
    cell = (series * hours + hour)[known]
    order = np.lexsort((author[known], cell))
    starts = np.nonzero(_starts(cell[order], author[known][order]))[0]
    posts = np.diff(np.append(starts, len(order)))
    of_author = cell[order][starts]
    distinct = np.bincount(of_author, minlength=all_series * hours)
    most = np.zeros(all_series * hours, dtype=np.int64)
    np.maximum.at(most, of_author, posts)
    return distinct.reshape(all_series, hours), most.reshape(all_series, hours)
