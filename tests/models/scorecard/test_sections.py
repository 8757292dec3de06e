"""Each section on labelled sets of our own: what it measures, beside whom, and what it says of bad data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from models.data import EVALUATION_SETS, LabelledSets
from models.scorecard.friction import friction
from models.scorecard.robustness import robustness
from models.scorecard.sentiment import sentiment
from models.scorecard.speed import speed
from models.scorecard.table import Table, Value
from models.scorecard.touchpoints import touchpoints
from models.scorecard.training import training
from models.scorer import Scorer, load_scorer
from models.scores import TOUCHPOINTS
from models.training.build import build_touchpoints
from schemas.errors import UsageError
from tests.models.scorecard.labelled import NOUNS, write_labels


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def sets(data: Path) -> LabelledSets:
    return LabelledSets(data)


@pytest.fixture(scope="module")
def learner(sets: LabelledSets) -> Scorer:
    """A scorer that learned touchpoints from all sets that may ship."""
    return Scorer(build_touchpoints(sets, ()))


def _by(table: Table, key: str) -> Mapping[Value, Mapping[str, Value]]:
    return {row[key]: row for row in table.rows}


def test_sentiment_is_judged_beside_four_others_on_the_same_rows(sets: LabelledSets) -> None:
    steps: list[str] = []
    macro_f1, accuracy = sentiment(sets, load_scorer(), steps.append)
    lines = _by(macro_f1, "set")
    assert list(lines) == [*EVALUATION_SETS, "mean"]
    line = lines["cr"]
    assert line["rows"] == 3 * len(NOUNS)
    # Words of praise and complaint alone tell these apart: everybody can, but who always says the same.
    assert line["scorer_macro_f1"] == line["svm_macro_f1"] == line["vader_macro_f1"] == 1
    assert line["textblob_macro_f1"] == 1
    assert line["majority_macro_f1"] == pytest.approx(1 / 6, abs=1e-4)
    assert _by(accuracy, "set")["cr"]["majority_accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert isinstance(line["ece"], float)
    assert 0 < line["ece"] < 0.6
    assert lines["mean"]["rows"] == len(EVALUATION_SETS) * 3 * len(NOUNS)
    assert len(steps) == 1 + len(EVALUATION_SETS)


def test_touchpoints_are_judged_by_test_splits_and_by_domains_never_seen(
    sets: LabelledSets, learner: Scorer
) -> None:
    steps: list[str] = []
    in_domain, left_out = touchpoints(sets, learner, steps.append)
    assert list(_by(in_domain, "set")) == [
        "banking77",
        "multidogo_media",
        "mean",
    ]
    lines = _by(left_out, "set")
    assert {name: line["domain"] for name, line in lines.items()} == {
        "banking77": "banking",
        "multidogo_media": "media",
        "acos_laptop": "hardware",
        "mean": "",
    }
    # Eight rows a label to judge by; greetings are about none of the twelve.
    assert lines["banking77"]["rows"] == 2 * len(NOUNS)
    assert lines["multidogo_media"]["rows"] == 3 * len(NOUNS)
    assert lines["banking77"]["touchpoints"] == 2
    assert lines["banking77"]["svm_all"] == 1
    assert [step for step in steps if "learning without" in step] == [
        "touchpoints: learning without banking",
        "touchpoints: learning without media",
    ]


def test_what_is_left_out_is_not_learned(sets: LabelledSets) -> None:
    def billing(leave_out: set[str]) -> float:
        nlp = build_touchpoints(sets, leave_out)
        heads = nlp.get_pipe("feedback_heads")
        [row] = heads.touchpoint_probabilities([nlp("Good morning to the lamp")])
        return float(row[TOUCHPOINTS.index("other")])

    # Only banking77 has greetings: without it, nothing is known of them.
    assert billing(set()) > billing({"banking77"})


def test_probabilities_of_whole_texts_add_up(learner: Scorer) -> None:
    heads = learner.nlp.get_pipe("feedback_heads")
    found = heads.touchpoint_probabilities(
        list(learner.nlp.pipe(["The invoice is wrong", "", "ok. I cannot log in"]))
    )
    assert found.shape == (3, len(TOUCHPOINTS))
    assert found.sum(axis=1) == pytest.approx(1)
    assert TOUCHPOINTS[found[0].argmax()] == "billing"
    assert TOUCHPOINTS[found[2].argmax()] == "account"


def test_training_names_sets_rows_and_licences(sets: LabelledSets, learner: Scorer) -> None:
    [table] = training(sets, learner, lambda _: None)
    assert table.rows[0] == {
        "set": "uci_imdb",
        "kind": "sentiment",
        "rows": 3 * len(NOUNS),
        "use": "ship",
        "licence": "made up for a test",
    }
    assert [row["set"] for row in table.rows] == ["uci_imdb", "vader_amazon", "banking77", "multidogo_media"]


def test_a_model_of_unknown_origin_is_not_described(sets: LabelledSets) -> None:
    with pytest.raises(UsageError, match=r"the model learned from amazon_polarity10k, of which .* says nothing"):
        training(sets, load_scorer(), lambda _: None)


def test_robustness_counts_the_texts_that_changed(sets: LabelledSets) -> None:
    [table] = robustness(sets, load_scorer(), lambda _: None)
    lines = _by(table, "perturbation")
    everything = len(EVALUATION_SETS) * 3 * len(NOUNS)
    assert lines["upper case"]["rows"] == lines["neutral emoji added"]["rows"] == everything
    assert lines["emoji removed"] == {
        "perturbation": "emoji removed", "rows": 0, "before": None, "after": None, "change": None, "flipped": None,
    }  # fmt: skip
    assert lines["lower case"]["before"] == 1


def test_missing_streams_are_named(data: Path) -> None:
    with pytest.raises(UsageError, match=r"streams/app_store_reviews.jsonl.gz does not exist; --data takes"):
        friction(data, load_scorer(), lambda _: None)
    with pytest.raises(UsageError, match=r"streams/firefox_support.jsonl.gz does not exist"):
        speed(data, "no model", load_scorer(), lambda _: None)
