from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from models.gold.__main__ import table
from models.gold.labels import FIRST, SECOND, agreement, read_labels
from schemas.taxonomy import load_taxonomy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "labelling.md"


@pytest.mark.parametrize("file", [FIRST, SECOND])
def test_labels_are_those_of_the_guideline(file: Path) -> None:
    labels = read_labels(file).values()
    touchpoints = {*load_taxonomy(), "other"}
    assert {label.touchpoint for label in labels} <= touchpoints
    assert {label.second_touchpoint for label in labels} <= {*touchpoints, None}
    assert {label.sentiment for label in labels} == {"negative", "neutral", "positive"}
    assert {label.drawn for label in labels} == {"random", "touchpoint"}
    assert all(label.second_touchpoint != label.touchpoint for label in labels)


def test_there_are_enough_of_them_and_no_event_counts_twice() -> None:
    first, second = read_labels(FIRST), read_labels(SECOND)
    assert len(first) >= 1_500
    assert len(second) >= 300
    assert second.keys() <= first.keys()
    assert max(Counter((place.source, place.native_id) for place in first).values()) == 1


def test_kappa_of_a_published_example() -> None:
    # Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, table 18.1: kappa 0.676.
    counts = {("a", "a"): 75, ("a", "b"): 1, ("a", "c"): 4, ("b", "a"): 5, ("b", "b"): 4, ("b", "c"): 1,
              ("c", "a"): 0, ("c", "b"): 0, ("c", "c"): 10}  # fmt: skip
    pairs = [pair for pair, number in counts.items() for _ in range(number)]
    found = agreement("diagnosis", [one for one, _ in pairs], [other for _, other in pairs])
    assert found.share == pytest.approx(0.89)
    assert found.kappa == pytest.approx(0.676, abs=5e-4)


def test_the_page_says_how_far_the_passes_agree() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")
