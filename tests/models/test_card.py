"""The figures of the model card are those the command prints."""

from __future__ import annotations

from pathlib import Path

import pytest

import models
from models.data import LabelledSets, Row, heldout_hash, without_overlap
from models.evaluate import BEGIN, END, friction_table, markdown, sentiment_table, touchpoint_table
from models.scorer import load_scorer

_CARD = Path(models.__file__).with_name("CARD.md")


@pytest.mark.streams
def test_the_card_shows_what_the_command_prints(streams: Path) -> None:
    sets, scorer = LabelledSets(streams.parent), load_scorer()
    shown = _CARD.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown == markdown(
        sentiment_table(sets, scorer), touchpoint_table(sets, scorer), friction_table(streams.parent, scorer)
    )


@pytest.mark.streams
def test_only_sets_that_may_ship_are_learned_from(streams: Path) -> None:
    sets = LabelledSets(streams.parent)
    learned = {*sets.shipped("sentiment"), *sets.shipped("touchpoint")}
    meta = load_scorer().meta
    assert set(meta["sources"]) == learned
    attributed = _CARD.with_name("ATTRIBUTION.md").read_text(encoding="utf-8")
    assert [
        name for name in learned if name not in attributed and f"_{name.split('_')[-1]}" not in attributed
    ] == []


def test_the_mean_beats_vader() -> None:
    [line] = [line for line in _CARD.read_text(encoding="utf-8").splitlines() if line.startswith("| mean")]
    ours, vader = (float(cell) for cell in line.split("|")[3:5])
    assert ours > vader


def test_rows_that_share_their_text_are_left_out() -> None:
    def row(text: str) -> Row:
        return Row("a", text, "neg", "", {})

    judged = [row("It does n't work at all , and nobody ever answered my many letters .")]
    kept = without_overlap(
        [row("It doesn't work at all, and nobody ever answered my many letters. Twice."), row("It works.")], judged
    )
    assert [each.text for each in kept] == ["It works."]
    assert heldout_hash("It  WORKS!") == heldout_hash("it works")
