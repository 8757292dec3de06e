"""The model card is of one piece: its figures, figures.json and the shipped model."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import spacy

import models
from models.data import LabelledSets, Row
from models.language_sets import JUDGED, LanguageSet
from models.scorecard.bias import bias
from models.scorecard.card import CARD, FIGURES, FOLDER, Measured, block, keep, read_figures, renewed
from models.scorecard.friction import friction
from models.scorecard.headline import PICKS
from models.scorecard.languages import FRICTION, stars
from models.scorecard.measures import calibration_error, macro_f1
from models.scorecard.negation import negation
from models.scorecard.reading import read
from models.scorecard.sarcasm import sarcasm
from models.scorecard.table import Column, Table, Value
from models.scorer import load_scorer
from models.training.corpus import touchpoint_rows_of
from pipelines.scorecard.sections import SECTIONS
from schemas.errors import UsageError

SHOWN = (FOLDER / CARD).read_text(encoding="utf-8")
AGAIN = "run: make evaluate"


def test_the_card_shows_the_figures_that_are_kept() -> None:
    assert list(read_figures()) == list(SECTIONS)
    assert renewed(SHOWN, read_figures()) == SHOWN, AGAIN


@pytest.mark.parametrize("section", SECTIONS)
def test_the_figures_are_of_the_shipped_model(section: str) -> None:
    assert read_figures()[section].model_version == load_scorer().version, AGAIN


@pytest.mark.parametrize("measure", [negation, sarcasm, bias])
def test_what_needs_no_data_is_measured_again(measure) -> None:  # type: ignore[no-untyped-def]
    assert read_figures()[measure.__name__].tables == tuple(measure(load_scorer())), AGAIN


def test_the_card_names_all_the_model_learned_from() -> None:
    [english] = read_figures()["training"].tables
    others = read_figures()["languages"].tables[0]
    assert {row["set"] for row in english.rows} == set(load_scorer().meta["sources"])
    assert {row["set"] for row in others.rows} == set(spacy.load(models.MULTILINGUAL).meta["sources"])
    assert {row["use"] for row in [*english.rows, *others.rows]} <= {"ship", "ship-with-care"}


def test_no_figure_stands_in_the_words_of_the_card() -> None:
    words = re.sub(r"<!-- scorecard: (\w+) -->.*?<!-- /scorecard: \1 -->", "", SHOWN, flags=re.DOTALL)
    found = re.findall(
        r"\b0\.\d{2,}|\d %|\d{1,3},\d{3}", words.replace("nearer than 0.05", "").replace("80 %", "")
    )
    assert found == []


def test_links_of_the_card_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", SHOWN)
    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_the_scorer_beats_what_it_is_reported_beside() -> None:
    macro_f1 = read_figures()["sentiment"].tables[0].rows[-1]
    assert macro_f1["set"] == "mean"
    others = [macro_f1[f"{who}_macro_f1"] for who in ("vader", "textblob", "majority")]
    assert all(macro_f1["scorer_macro_f1"] > other for other in others)  # type: ignore[operator]


def test_the_headline_shows_what_the_sections_show() -> None:
    [line] = [line for line in SHOWN.splitlines() if line.startswith("| sentiment, English")]
    [mean] = [line for line in SHOWN.splitlines() if line.startswith("| mean | ")][:1]
    ours, vader = (cell.strip() for cell in mean.split("|")[3:5])
    assert line.split("|")[2] == f" {ours} "
    assert f" VADER {vader}," in line
    assert {pick.section for pick in PICKS} <= set(SECTIONS)


def _measured(value: float) -> Measured:
    table = Table.of("t", [Column("f1", "macro-F1")], [{"f1": value}])
    return Measured("model-1", "2026-01-02", "2 cores", (table,))


_EMPTY = """\
# Card

<!-- scorecard: headline -->
<!-- /scorecard: headline -->
Words.

<!-- scorecard: one -->
<!-- /scorecard: one -->
More words.
<!-- scorecard: two -->
<!-- /scorecard: two -->
"""


def _folder(place: Path) -> Path:
    (place / CARD).write_text(_EMPTY, encoding="utf-8")
    return place


def test_figures_are_kept_section_by_section(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    keep({"two": _measured(0.1)}, folder)
    keep({"one": _measured(0.25)}, folder)
    keep({"two": _measured(0.75)}, folder)
    assert read_figures(folder) == {"one": _measured(0.25), "two": _measured(0.75)}
    assert list(json.loads((folder / FIGURES).read_text())) == ["one", "two"]
    card = (folder / CARD).read_text()
    assert "| macro-F1 |\n| ---: |\n| 0.250 |\n\n2026-01-02, 2 cores; model-1; `tribometer evaluate" in card
    assert "\nWords.\n\n<!-- scorecard: one -->\n" in card
    assert "\nMore words.\n" in card
    assert "0.100" not in card
    assert block("two", _measured(0.75)) in card
    assert sorted(path.name for path in folder.iterdir()) == [CARD, FIGURES]


def test_a_section_without_a_place_is_named_and_nothing_is_kept(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(UsageError, match="has no place for the section three"):
        keep({"one": _measured(0.5), "three": _measured(0.5)}, folder)
    assert not (folder / FIGURES).exists()
    assert "0.500" not in (folder / CARD).read_text()


@pytest.mark.streams
def test_friction_is_measured_again(streams: Path) -> None:
    measured = friction(streams.parent, load_scorer(), lambda _: None)
    assert read_figures()["friction"].tables == tuple(measured), AGAIN


@pytest.mark.streams
@pytest.mark.parametrize("name", ["cr", "tweeteval_val"])
def test_sentiment_of_two_sets_is_measured_again(streams: Path, name: str) -> None:
    rows = LabelledSets(streams.parent).read("sentiment", name)
    assert _kept("sentiment", 0, name) == _measured_again(rows, "en"), AGAIN


@pytest.mark.streams
@pytest.mark.parametrize("unseen", JUDGED, ids=lambda unseen: unseen.set)
def test_sentiment_in_other_languages_is_measured_again(streams: Path, unseen: LanguageSet) -> None:
    rows = unseen.rows(LabelledSets(streams.parent))
    assert _kept("languages", 1, unseen.set) == _measured_again(rows, unseen.language), AGAIN


@pytest.mark.streams
def test_friction_in_other_languages_is_measured_again(streams: Path) -> None:
    measured = stars(streams.parent, load_scorer(), lambda _: None)
    assert read_figures()["languages"].tables[2] == Table.of("stars", FRICTION, measured), AGAIN


def _kept(section: str, table: int, name: str) -> tuple[Value, ...]:
    [row] = [row for row in read_figures()[section].tables[table].rows if row["set"] == name]
    return row["rows"], row["scorer_macro_f1"], row["ece"]


def _measured_again(rows: Sequence[Row], language: str) -> tuple[Value, ...]:
    truth = np.array([row.sentiment for row in rows])
    ours = read([row.text for row in rows], load_scorer(), language)
    error = calibration_error(truth == ours.label, ours.p)
    return len(rows), round(macro_f1(truth, ours.label), 4), round(error, 4)


@pytest.mark.streams
def test_what_was_learned_from_may_ship_and_is_attributed(streams: Path) -> None:
    sets = LabelledSets(streams.parent)
    learned = {*sets.shipped("sentiment"), *sets.shipped("touchpoint")}
    assert set(load_scorer().meta["sources"]) == learned
    assert {row.set for row in touchpoint_rows_of(sets)} <= learned
    attributed = (Path(models.__file__).parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert [
        name for name in learned if name not in attributed and f"_{name.split('_')[-1]}" not in attributed
    ] == []
