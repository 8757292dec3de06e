"""People are counted, not posts, and the order of arrival changes nothing."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.detect.evidence import Items, count_evidence

ROW = tuple[int, int, int, int, int, bool]
"""Series, hour, author, conversation, cluster, promotion; -1 where unknown."""


def items(rows: list[ROW]) -> Items:
    columns = [np.array([row[at] for row in rows], dtype=np.int64) for at in range(5)]
    series, hour, author, conversation, cluster = columns
    promotion = np.array([row[5] for row in rows], dtype=bool)
    return Items(series, hour, np.arange(len(rows)), author, conversation, cluster, promotion)


def evidence(rows: list[ROW], hours: int = 48) -> list[float]:
    return count_evidence(items(rows), 1, 0, hours).evidence[0].tolist()


def test_authors_are_counted_once_a_day() -> None:
    loud: list[ROW] = [(0, hour, 7, -1, -1, False) for hour in (0, 0, 1, 2, 20, 40)]
    counted = evidence([*loud, (0, 1, 8, -1, -1, False)])
    assert [hour for hour in range(48) if counted[hour]] == [0, 1]
    assert sum(counted) == 2


def test_an_author_counts_again_after_a_day_of_silence() -> None:
    assert sum(evidence([(0, 0, 7, -1, -1, False), (0, 25, 7, -1, -1, False)])) == 2


def test_a_conversation_counts_once_an_hour() -> None:
    replies: list[ROW] = [(0, 3, author, 5, -1, False) for author in range(20)]
    assert evidence([*replies, (0, 4, 99, 5, -1, False)])[3:5] == [1, 1]


def test_a_pasted_text_counts_once_an_hour() -> None:
    assert sum(evidence([(0, 3, author, -1, 5, False) for author in range(40)])) == 1


def test_promotion_is_no_friction_but_is_noted() -> None:
    counts = count_evidence(items([(0, 3, author, -1, -1, True) for author in range(40)]), 1, 0, 5)
    assert counts.evidence.sum() == 0
    assert counts.promotion[0, 3] == 40


def test_promotion_does_not_silence_its_author() -> None:
    assert sum(evidence([(0, 0, 7, -1, -1, True), (0, 1, 7, -1, -1, False)])) == 1


def test_an_unknown_author_counts_half() -> None:
    assert evidence([(0, 3, -1, -1, -1, False)] * 3)[3] == 1.5


def test_the_busiest_author_is_known() -> None:
    counts = count_evidence(items([(0, 3, 1, -1, -1, False)] * 3 + [(0, 3, 2, -1, -1, False)]), 1, 0, 5)
    assert (counts.posts[0, 3], counts.authors[0, 3], counts.top_author_posts[0, 3]) == (4, 2, 3)


def test_who_wrote_before_the_first_hour_is_known() -> None:
    before = items([(0, 9, 7, -1, -1, False), (0, 12, 7, -1, -1, False), (0, 12, 8, -1, -1, False)])
    assert count_evidence(before, 1, 10, 5).evidence[0].tolist() == [0, 0, 1, 0, 0]


def test_two_items_of_one_identity_are_refused() -> None:
    twice = items([(0, 0, 1, -1, -1, False)] * 2)
    with pytest.raises(ValueError, match="two items have one identity"):
        count_evidence(Items(**{**vars(twice), "identity": np.zeros(2, dtype=np.int64)}), 1, 0, 1)


rows = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 40),
        st.integers(-1, 4),
        st.integers(-1, 2),
        st.integers(-1, 2),
        st.booleans(),
    ),
    max_size=40,
)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(made: list[ROW], random: object) -> None:
    given_order = items(made)
    shuffled = np.array(random.sample(range(len(made)), len(made)), dtype=np.int64)  # type: ignore[attr-defined]
    other = Items(**{each.name: getattr(given_order, each.name)[shuffled] for each in fields(Items)})
    one, two = (count_evidence(each, 2, 0, 41) for each in (given_order, other))
    for each in fields(one):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(two, each.name))


@given(rows)
def test_evidence_is_never_more_than_people(made: list[ROW]) -> None:
    counts = count_evidence(items(made), 2, 0, 41)
    anonymous = np.zeros((2, 41))
    for series, hour, author, *_ in made:
        anonymous[series, hour] += author == -1
    assert (counts.evidence <= counts.authors + 0.5 * anonymous).all()
    assert (counts.posts >= counts.authors).all()
