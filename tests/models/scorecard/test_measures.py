from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from models.scorecard.measures import accuracy, auc, calibration_error, macro_f1, surest
from models.scorecard.table import Column, Table, mean

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(LABELS)
def test_macro_f1_is_that_of_scikit_learn_over_the_labels_of_the_truth(pairs: list[tuple[int, int]]) -> None:
    truth, guess = (np.array(column) for column in zip(*pairs, strict=True))
    expected = f1_score(truth, guess, labels=np.unique(truth), average="macro", zero_division=0)
    assert macro_f1(truth, guess) == pytest.approx(expected)
    assert accuracy(truth, guess) == pytest.approx(np.mean(truth == guess))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=60))
def test_auc_is_that_of_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    truth = np.array([positive for positive, _ in pairs])
    score = np.array([value for _, value in pairs], dtype=float)
    found = auc(score[truth], score[~truth])
    if truth.all() or not truth.any():
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(truth, score))


def test_calibration_error_by_hand() -> None:
    # Four rows said to be 0.95 sure, three right: off by 0.2. One row 0.55 sure and right: off by 0.45.
    right = np.array([True, True, True, False, True])
    p = np.array([0.95, 0.95, 0.95, 0.95, 0.55])
    assert calibration_error(right, p) == pytest.approx(0.8 * 0.2 + 0.2 * 0.45)
    assert calibration_error(np.array([True]), np.array([1.0])) == 0


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0, 1))
def test_the_surest_are_as_many_as_asked_and_none_is_less_sure_than_one_left_out(
    values: list[float], coverage: float
) -> None:
    sureness = np.array(values)
    kept = surest(sureness, coverage)
    assert kept.sum() == round(coverage * len(values))
    if kept.any() and not kept.all():
        assert sureness[kept].min() >= sureness[~kept].max()


def test_a_table_is_what_its_json_says() -> None:
    columns = [Column("who", "who", "text"), Column("f1", "macro-F1"), Column("rows", "rows", "count")]
    table = Table.of(
        "t", columns, [{"who": "a", "f1": 0.123456, "rows": 1234}, {"who": "b", "f1": None, "rows": 1}]
    )
    assert Table.from_json(table.as_json()) == table
    assert table.markdown().splitlines() == [
        "| who | macro-F1 | rows |",
        "| --- | ---: | ---: |",
        "| a | 0.123 | 1,234 |",
        "| b | – | 1 |",
    ]


def test_a_row_without_a_column_is_refused() -> None:
    with pytest.raises(KeyError, match="f1"):
        Table.of("t", [Column("f1", "macro-F1")], [{"rows": 1}])


def test_the_mean_of_no_figure_is_none() -> None:
    assert mean([None, None]) is None
    assert mean([1, None, 0.5]) == 0.75
