"""Friction, other languages and speed, on made-up streams in the form of the real ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from models import SHIPPED
from models.language_sets import JUDGED, TRAINING
from models.scorecard.friction import friction
from models.scorecard.languages import languages
from models.scorecard.speed import BATCHES, speed, support_questions
from models.scorer import load_scorer
from tests.models.scorecard.labelled import NOUNS, SAID, write_labels

BAD, GOOD = "It crashes and nothing works", "Lovely, it does all I want"


def _write(data: Path, name: str, rows: list[dict[str, object]]) -> None:
    (data / "streams").mkdir(exist_ok=True)
    with gzip.open(data / "streams" / f"{name}.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_friction_ranks_bad_reviews_over_good_ones(tmp_path: Path) -> None:
    reviews = [
        (BAD, 1),
        (BAD, 2),
        (GOOD, 4),
        (GOOD, 5),
        ("ok", 3),
        (GOOD, 1),
        ("", 1),
        ("stars are missing", None),
    ]
    _write(
        tmp_path,
        "app_store_reviews",
        [{"title": None, "content": text, "rating": stars} for text, stars in reviews],
    )
    _write(tmp_path, "threads_play_reviews", [{"review": text, "rating": stars} for text, stars in reviews[:4]])
    [table] = friction(tmp_path, load_scorer(), lambda _: None)
    store, play = table.rows
    # Of three bad reviews with words one reads like a good one: it ties with both good ones.
    assert store == {
        "stream": "app_store_reviews", "rows": 5, "auc": round(5 / 6, 4), "bad_high": round(2 / 3, 4), "good_high": 0,
    }  # fmt: skip
    assert (play["rows"], play["auc"]) == (4, 1)


def test_other_languages_are_judged_beside_an_svm_and_by_stars(tmp_path: Path) -> None:
    praise, _, complaint = SAID["it"]
    reviews = [
        {"review": sentence.format(noun), "rating": rating}
        for sentence, rating in ((complaint, 1), (praise, 5))
        for noun in (*NOUNS, *NOUNS, *NOUNS)
    ]
    german = [{"review": "Das Radio ist furchtbar und funktioniert nicht mehr", "rating": 1}]
    english = [{"review": BAD, "rating": 1}]
    _write(tmp_path, "threads_play_reviews", [*reviews, *german, *english])
    _write(tmp_path, "app_store_reviews", [])
    learned, sentiment, stars = languages(write_labels(tmp_path), load_scorer(), lambda _: None)
    assert {row["set"]: row["rows"] for row in learned.rows} == dict.fromkeys(TRAINING.values(), 3 * 6)
    assert [row["set"] for row in sentiment.rows] == [unseen.set for unseen in JUDGED]
    line = sentiment.rows[0]
    assert (line["language"], line["rows"], line["svm_macro_f1"]) == ("de", 3 * 2, 1)
    assert line["majority_macro_f1"] == pytest.approx(1 / 6, abs=1e-4)
    # One German review tells nothing by itself; English ones are judged elsewhere.
    assert {row["language"]: (row["bad"], row["good"]) for row in stars.rows} == {
        "it": (24, 24), "all together": (25, 24),
    }  # fmt: skip
    assert stars.rows[0]["auc"] == 1


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    _write(
        tmp_path,
        "firefox_support",
        [
            {"title": f"Tabs {n}", "content": f"<p>My {n} tabs are <b>gone</b>&nbsp;again</p>", "locale": locale}
            for n, locale in enumerate(["en-US", "de", "en-US"] * 20)
        ],
    )
    return tmp_path


def test_support_questions_are_english_and_plain(questions: Path) -> None:
    texts = support_questions(questions)
    assert len(texts) == 40
    assert texts[1] == "Tabs 2\n\nMy 2 tabs are gone again"


def test_speed_is_measured_at_each_size_and_beside_the_tokenizer(questions: Path) -> None:
    rate, memory = speed(questions, str(SHIPPED), load_scorer(), lambda _: None)
    assert [row["batch"] for row in rate.rows] == [None, *BATCHES]
    assert all(isinstance(row["per_second"], float) and row["per_second"] > 0 for row in rate.rows)
    assert rate.rows[0]["of_tokenizer"] == 1
    loaded, peak = (row["megabytes"] for row in memory.rows)
    assert isinstance(loaded, float)
    assert isinstance(peak, float)
    assert 20 < loaded <= peak < 4_000
