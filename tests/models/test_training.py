"""The recipe on labelled sets of our own: what is learned, twice the same, and after an interruption."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.data import EVALUATION_SETS, LabelledSets
from models.scorer import Scorer
from models.training import build as building
from models.training import fit
from models.training.build import build, source_files
from models.training.kept import Kept
from models.training.recipe import recipe
from models.weights import HEADS
from tests.models.scorecard.labelled import write_labels


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> LabelledSets:
    return LabelledSets(write_labels(tmp_path_factory.mktemp("data")))


def _kept(folder: Path, sets: LabelledSets) -> Kept:
    return Kept(folder / "kept", source_files(sets))


def _named_in_the_recipe() -> set[str]:
    sentiment, friction = recipe().sentiment, recipe().friction
    return {*sentiment.share, *sentiment.calibration_sets, *friction.sets, *friction.plain_sets}


def test_the_recipe_names_no_set_that_judges() -> None:
    assert _named_in_the_recipe()
    assert not _named_in_the_recipe() & set(EVALUATION_SETS)


@pytest.mark.streams
def test_the_recipe_names_sets_that_may_be_learned_from(streams: Path) -> None:
    assert _named_in_the_recipe() <= set(LabelledSets(streams.parent).shipped("sentiment"))


def test_what_is_learned_is_the_same_each_time_and_used(sets: LabelledSets, tmp_path: Path) -> None:
    said: list[str] = []
    first = build(sets, said.append, _kept(tmp_path / "a", sets))
    second = build(sets, said.append, _kept(tmp_path / "b", sets))
    assert first.meta["version"] == second.meta["version"]
    rows = Scorer(first).score(["The saddle is awful and broken", "The saddle is lovely"]).to_pylist()
    assert [row["sentiment_label"] for row in rows] == ["negative", "positive"]
    assert rows[0]["friction_p"] > rows[1]["friction_p"]
    assert sum(step.startswith(("1/5", "2/5", "3/5", "4/5", "5/5")) for step in said) == 2 * 5


def test_an_interrupted_training_goes_on_where_it_was(
    sets: LabelledSets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = build(sets, lambda step: None, _kept(tmp_path / "whole", sets)).meta["version"]

    def interrupt(*_: object) -> fit.Head:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fit, "touchpoints", interrupt)
        with pytest.raises(KeyboardInterrupt):
            build(sets, lambda step: None, _kept(tmp_path, sets))
    learned: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        learn = getattr(fit, name)
        return lambda *given: learned.append(name) or learn(*given)

    for name in ("sharpness", "sentiment", "friction", "touchpoints"):
        monkeypatch.setattr(fit, name, noted(name))
    monkeypatch.setattr(building, "matrix", None)
    said: list[str] = []
    assert build(sets, said.append, _kept(tmp_path, sets)).meta["version"] == whole
    assert learned == ["touchpoints"]
    assert sum("known from the run before" in step for step in said) == 2


def test_what_was_kept_serves_only_the_same_data(sets: LabelledSets, tmp_path: Path) -> None:
    labels = tmp_path / "label"
    labels.write_text("a")
    assert Kept(tmp_path / "kept", [labels]).step("one", lambda: {"x": np.ones(1)})["x"] == [1]
    labels.write_text("b")
    other = Kept(tmp_path / "kept", [labels])
    assert not other.has("one")
    assert other.step("one", lambda: {"x": np.zeros(1)})["x"] == [0]
    other.forget()
    assert not (tmp_path / "kept").exists()


def test_the_largest_weights_survive_being_made_small() -> None:
    head = fit.Head(np.array([0]), np.array([[0.0, 2.0, -1.0, 0.5, 0.1, 0.2, 0.3, 0.4]]), np.array([0.7]))
    table, scale, bias, tones = fit.quantised([head], np.array([0, 1, 4, 1], dtype=np.int16))
    assert table.shape == (4, len(HEADS) + 1)
    assert (table[:, 0] * scale[0]).tolist() == pytest.approx([0, 2, -2, 0.5], abs=2 / 127)
    assert bias[0] == 0.7
    assert tones[:, 0].tolist() == [0.1, 0.2, 0.3, 0.4]
