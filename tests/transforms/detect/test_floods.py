"""What is loud in posts and quiet in people is noted, and only that."""

from __future__ import annotations

import numpy as np

from transforms.detect.evidence import UNKNOWN, Items, count_evidence
from transforms.detect.floods import Flood, FloodKind, floods

Row = tuple[int, int, int, int, bool]
"""Series, hour, author, cluster, promotion."""


def items(rows: list[Row]) -> Items:
    series, hour, author, cluster, promotion = (np.array(column) for column in zip(*rows, strict=True))
    unknown = np.full(len(rows), UNKNOWN)
    return Items(series, hour, np.arange(len(rows)), author, unknown, cluster, promotion.astype(bool))


PROMOTION: list[Row] = [(0, 7, n, UNKNOWN, True) for n in range(12)]
PASTED: list[Row] = [(1, 7, 100 + n % 11, 5, False) for n in range(14)]
LOUD: list[Row] = [(2, 9, 300, UNKNOWN, False)] * 20
CROWD: list[Row] = [(3, 8, 400 + n, UNKNOWN, False) for n in range(60)]


def test_three_floods_and_a_crowd() -> None:
    everything = items(PROMOTION + PASTED + LOUD + CROWD)
    said = floods(everything)
    assert said == (
        Flood(7, 0, FloodKind.PROMOTION, 12, 12),
        Flood(7, 1, FloodKind.PASTED, 14, 11),
        Flood(9, 2, FloodKind.LOUD, 20, 1),
    )
    evidence = count_evidence(everything, 4, 7, 3).evidence
    assert [float(evidence[flood.series, flood.hour - 7]) for flood in said] == [0, 1, 1]
    assert evidence[3, 1] == 60


def test_a_few_posts_and_a_small_part_are_no_flood() -> None:
    assert floods(items(PROMOTION[:9])) == ()
    assert floods(items([*PROMOTION, *((0, 7, 500 + n, UNKNOWN, False) for n in range(13))])) == ()


def test_the_order_of_the_items_does_not_matter() -> None:
    rows = PROMOTION + PASTED + LOUD + CROWD
    order = np.random.default_rng(1).permutation(len(rows))
    assert floods(items([rows[at] for at in order])) == floods(items(rows))


def test_posts_of_unknown_authors_are_no_loud_author() -> None:
    assert floods(items([(0, 1, UNKNOWN, UNKNOWN, False)] * 30)) == ()


def test_nothing_is_no_flood() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert floods(Items(none, none, none, none, none, none, none.astype(bool))) == ()
