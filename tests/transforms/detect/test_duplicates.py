"""Texts that are alike are found, whatever the order and the portion they are read in; short ones are like none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.detect.duplicates import Signatures, clusters, repeats, signatures

PASTED = (
    "I started a mail without an address and when I left the page the draft was gone, and so was the whole afternoon "
    "I had spent on it. This is the third time it happens."
)
OTHER = (
    "The new colours hurt my eyes at night and there is no way to go back to how it was before the update came."
)
TEXTS = [
    PASTED,
    PASTED.upper().replace(",", " ;"),
    PASTED.replace("third", "fourth"),
    OTHER,
    "does not work",
    "does not work",
]


def numbers(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def of_one_hour(texts: list[str]) -> np.ndarray:
    size = len(texts)
    return clusters(signatures(texts), numbers([0] * size), numbers([5] * size), np.arange(size))


def test_case_punctuation_and_a_word_make_no_other_text() -> None:
    found = of_one_hour(TEXTS).tolist()
    assert len(set(found[:3])) == 1
    assert found[0] >= 0
    assert found[3:] == [-1, -1, -1]


def test_another_hour_or_group_is_another_cluster() -> None:
    texts = signatures([PASTED] * 4)
    found = clusters(texts, numbers([0, 0, 0, 1]), numbers([5, 5, 6, 5]), np.arange(4))
    assert found[0] == found[1] >= 0
    assert found[2:].tolist() == [-1, -1]


def test_a_text_said_again_within_a_day_is_a_repeat() -> None:
    hours = numbers([0, 3, 27, 52, 52])
    said = repeats(signatures([PASTED] * 5), numbers([0] * 5), hours, np.arange(5))
    assert said.tolist() == [False, True, True, False, True]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 60)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_what_is_said_elsewhere_matters(
    items: list[tuple[int, int, int]], random: object
) -> None:
    shuffle = random.shuffle  # type: ignore[attr-defined]
    texts = signatures([TEXTS[text] for text, _, _ in items])
    group, hour = numbers([group for _, group, _ in items]), numbers([hour for _, _, hour in items])
    identity = np.arange(len(items))
    order = list(range(len(items)))
    shuffle(order)
    mixed = Signatures(texts.places[order], texts.comparable[order])
    said = repeats(texts, group, hour, identity)
    assert repeats(mixed, group[order], hour[order], identity[order]).tolist() == said[order].tolist()
    together = clusters(texts, group, hour, identity)
    again = clusters(mixed, group[order], hour[order], identity[order])
    assert _partition(together[order].tolist()) == _partition(again.tolist())
    late = hour >= 25  # read with the day before it, and nothing earlier
    window = hour >= 1
    part = Signatures(texts.places[window], texts.comparable[window])
    assert (
        repeats(part, group[window], hour[window], identity[window])[late[window]].tolist() == said[late].tolist()
    )


def _partition(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(at for at, label in enumerate(labels) if label == one) for one in set(labels) if one >= 0}


def test_a_flood_of_one_text_is_one_cluster() -> None:
    assert len(set(of_one_hour([f"{PASTED} {number}" for number in range(2_000)]).tolist())) == 1


@pytest.mark.parametrize("texts", [[], ["one two"], [PASTED]])
def test_few_texts_are_like_none(texts: list[str]) -> None:
    assert of_one_hour(texts).tolist() == [-1] * len(texts)
