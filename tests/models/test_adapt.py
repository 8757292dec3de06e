"""An adapted model: own touchpoints, seeds of products, and what labels teach on top of the base."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import spacy

from models import SHIPPED
from models.adapt import adapt, learn, scored, with_own
from models.correction import folds
from models.heads import FeedbackHeads
from models.judging import GroupReport, lowest_threshold
from models.labelled import see
from models.scorer import Scorer, load_scorer
from schemas.errors import UsageError
from schemas.label import Label
from schemas.own_touchpoints import OwnTouchpoints, load_own_touchpoints

OWN = """\
version: 1
touchpoints:
  usability:
    seeds: {strong: [flurb view]}
  reliability:
    seeds: {none: [crash, crashes]}
  seating:
    definition: Seats and the room they leave.
    examples: [There was no leg room.]
    seeds: {strong: [leg room, aisle seat]}
without: [renewal]
products:
  Seatly:
    seating: {strong: [blue map]}
  Crashly:
    reliability: {strong: [crash]}
"""
SEATING = ["The {} was far too narrow", "They gave my {} to somebody else", "A broken {} for nine hours"]
CATERING = ["The {} was cold", "They ran out of {}", "No {} for nine hours"]
WORDS = {
    "seating": ["recliner", "headrest", "cushion", "bench"],
    "features": ["soup", "dinner", "coffee", "sandwich"],
}


def made_up(repeats: int) -> list[Label]:
    """Labelled texts about seats, which the base knows nothing of, and about food, which it is told are features."""
    labels = []
    for topic, phrases in (("seating", SEATING), ("features", CATERING)):
        for number, (phrase, word, _) in enumerate(itertools.product(phrases, WORDS[topic], range(repeats))):
            text = phrase.format(word) + f" on trip {number} to Oslo"
            labels.append(Label(f"{topic}-{number}", text, 0, len(phrase.format(word)), touchpoint=topic))
    return labels


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> OwnTouchpoints:
    path = tmp_path_factory.mktemp("own") / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    return load_own_touchpoints(path)


Adapted = tuple[Path, list[GroupReport]]


@pytest.fixture(scope="module")
def taught(own: OwnTouchpoints, tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    nlp, reports = adapt(SHIPPED, made_up(4), own, name="ours")
    folder = tmp_path_factory.mktemp("taught") / "model"
    nlp.to_disk(folder)
    return folder, reports


@pytest.fixture(scope="module")
def seeded(own: OwnTouchpoints) -> Scorer:
    return Scorer(adapt(SHIPPED, [], own)[0])


def about(scorer: Scorer, text: str, product: str | None = None) -> str:
    [row] = scorer.score([text], products=[product]).to_pylist()
    assert row["mentions"][0]["touchpoint"] == row["touchpoint"]
    touchpoint: str = row["touchpoint"]
    return touchpoint


def test_without_labels_and_touchpoints_it_is_the_base() -> None:
    nlp, reports = adapt(SHIPPED, [])
    texts = ["Love the design, but checkout is broken", "It crashes", "Thanks", "", "The parcel is late"]
    ours, base = Scorer(nlp).score(texts), load_scorer().score(texts)
    assert ours.drop_columns(["model_version"]) == base.drop_columns(["model_version"])
    assert reports == []


def test_seeds_alone_make_a_touchpoint(seeded: Scorer) -> None:
    assert seeded.touchpoints[-2:] == ("seating", "other")
    assert about(seeded, "There was no leg room") == "seating"
    assert about(seeded, "The flurb view is ugly") == "usability"
    assert about(seeded, "My subscription renewal went wrong") != "renewal"
    assert about(seeded, "The parcel arrived late") == "delivery"


def test_a_phrase_that_says_nothing_any_more_is_not_evidence(seeded: Scorer) -> None:
    p = {name: scorer.score(["It crashes"]).column("touchpoint").to_pylist() for name, scorer in
         (("base", load_scorer()), ("ours", seeded))}  # fmt: skip
    assert p == {"base": ["reliability"], "ours": ["other"]}


def test_seeds_of_a_product_hold_for_it_alone(seeded: Scorer) -> None:
    assert about(seeded, "The blue map is wrong", "seatly ") == "seating"
    assert about(seeded, "It crashes", "Crashly") == "reliability"
    for product in (None, "Other", "Crashly"):
        assert about(seeded, "The blue map is wrong", product) != "seating"
    texts, products = (
        ["The blue map is wrong", "It crashes", "ok"] * 3,
        ["Seatly"] * 3 + ["Crashly"] * 3 + [None] * 3,
    )
    together = seeded.score(texts, products=products).to_pylist()
    alone = [seeded.score([text], products=[product]).to_pylist()[0]
             for text, product in zip(texts, products, strict=True)]  # fmt: skip
    assert together == alone


def test_labels_teach_what_seeds_do_not_say(taught: Adapted, seeded: Scorer) -> None:
    scorer = load_scorer(str(taught[0]))
    for text, expected in (("My headrest is filthy", "seating"), ("Cold soup again", "features")):
        assert about(seeded, text) != "seating"
        assert about(scorer, text) == expected
    assert about(scorer, "There was no leg room") == "seating"


def test_what_it_says_of_itself(taught: Adapted) -> None:
    folder, [report] = taught
    scorer = load_scorer(str(folder))
    assert scorer.version.startswith(f"ours-{load_scorer().meta['version']}.")
    assert scorer.meta["own_touchpoints"] == {"seating": "Seats and the room they leave."}
    assert (report.group, report.labels, report.learned) == ("touchpoint", 96, True)
    assert report.after.macro_f1 > report.before.macro_f1
    assert report.after.precision >= 0.8
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 15_000_000
    strings = (folder / "vocab" / "strings.json").read_text(encoding="utf-8")
    assert "Oslo" not in strings


def test_it_is_deterministic(taught: Adapted, own: OwnTouchpoints, tmp_path: Path) -> None:
    adapt(SHIPPED, made_up(4), own, name="ours")[0].to_disk(tmp_path / "again")
    for file in ("feedback_heads/cues.json", "meta.json", "config.cfg"):
        assert (tmp_path / "again" / file).read_bytes() == (taught[0] / file).read_bytes()
    with (
        np.load(tmp_path / "again/feedback_heads/weights.npz") as ours,
        np.load(taught[0] / "feedback_heads/weights.npz") as theirs,
    ):
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    other, _ = adapt(SHIPPED, made_up(1)[:1], own, name="ours")
    assert other.meta["version"] != load_scorer(str(taught[0])).meta["version"]


def test_labels_that_say_nothing_leave_the_base_alone() -> None:
    rng = np.random.default_rng(1)
    labels = [
        Label(f"{number}", f"The {word} is number {number}", touchpoint=str(rng.choice(["billing", "features"])),
              sentiment=str(rng.choice(["negative", "positive"])), friction=bool(rng.integers(2)))
        for number, word in enumerate(["thing", "box", "page"] * 8)
    ]  # fmt: skip
    _, reports = adapt(SHIPPED, labels)
    assert {report.group for report in reports} == {"touchpoint", "sentiment", "friction"}
    for report in reports:
        assert report.after.macro_f1 >= report.before.macro_f1
        assert report.after.log_loss <= report.before.log_loss
        assert report.learned or report.after == report.before


def test_sentiment_and_friction_are_learned_too() -> None:
    texts = [(f"This gizmo is {word}, number {number}", bad) for number in range(15)
             for word, bad in (("zorgy", True), ("plimful", False))]  # fmt: skip
    labels = [Label(text, text, sentiment="negative" if bad else "positive", friction=bad) for text, bad in texts]
    scorer = Scorer(adapt(SHIPPED, labels)[0])
    bad, good = scorer.score(["A zorgy gizmo", "A plimful gizmo"]).to_pylist()
    assert (bad["sentiment_label"], good["sentiment_label"]) == ("negative", "positive")
    assert bad["friction_p"] > 0.5 > good["friction_p"]
    assert bad["touchpoint"] == load_scorer().score(["A zorgy gizmo"]).to_pylist()[0]["touchpoint"]


def test_labels_of_whole_texts_decide_for_the_whole_text(own: OwnTouchpoints) -> None:
    labels = [Label(one.event_id, one.text, touchpoint=one.touchpoint) for one in made_up(4)]
    nlp = spacy.load(SHIPPED)
    heads = nlp.get_pipe("feedback_heads")
    assert isinstance(heads, FeedbackHeads)
    weights = with_own(nlp, own)
    heads.use(weights)
    corrected, _ = learn(weights, see(nlp, labels), labels)
    assert corrected.whole_texts
    unseen = [Label(text, text) for text in
              ("The bench was too narrow. It was cold, but I slept", "Soup, soup, soup", "ok", "")]  # fmt: skip
    p = scored(corrected, see(nlp, unseen), "touchpoint")
    heads.use(corrected)
    rows = Scorer(nlp).score([label.text for label in unseen], languages=["en"] * 4).to_pylist()
    assert [row["touchpoint"] for row in rows[:2]] == ["seating", "features"]
    np.testing.assert_allclose([row["touchpoint_p"] for row in rows[:2]], p.max(axis=1)[:2], atol=1e-4)


def test_the_same_text_is_never_on_both_sides() -> None:
    labels = [Label(f"{number}", "Nothing to say here", touchpoint=touchpoint)
              for number, touchpoint in enumerate(["billing", "features"] * 20)]  # fmt: skip
    assert adapt(SHIPPED, labels)[1] == [], "forty copies of one text are one text"
    fold_of = folds([label.text for label in labels] + ["another"], np.arange(41) % 2)
    assert len(set(fold_of[:40])) == 1


def test_an_adapted_model_is_no_base(taught: Adapted) -> None:
    with pytest.raises(UsageError, match="adapted before"):
        adapt(taught[0], made_up(1))


def test_a_phrase_of_too_many_tokens_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("version: 1\ntouchpoints:\n  billing:\n    seeds:\n      strong: [a/b/c/d/e/f]\n")
    with pytest.raises(UsageError, match=r"own.yaml:5: the phrase 'a/b/c/d/e/f' has \d+ tokens"):
        adapt(SHIPPED, [], load_own_touchpoints(path))


def test_the_threshold_keeps_what_is_right_often_enough() -> None:
    sure = np.linspace(0.95, 0.55, 100)
    p = np.column_stack([sure, 1 - sure])
    target = np.zeros(100, dtype=np.int64)
    target[60::2] = 1
    threshold = lowest_threshold(p, target, None, 0.9)
    assert threshold is not None
    kept = sure >= threshold
    assert 60 <= kept.sum() < 100
    assert (target[kept] == 0).mean() >= 0.9
    assert lowest_threshold(p, target, None, 0.5) == 0.0
    assert lowest_threshold(p, 1 - target, None, 0.9) is None
