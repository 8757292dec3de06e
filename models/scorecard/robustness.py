"""How much sentiment changes when the same texts are written differently."""

from __future__ import annotations

import random
from typing import Final

import numpy as np

from models.data import EVALUATION_SETS, LabelledSets, Row
from models.scorecard.measures import macro_f1
from models.scorecard.perturbations import PERTURBATIONS, Perturbation
from models.scorecard.reading import read
from models.scorecard.table import Column, Say, Table, Value, mean
from models.scorer import Scorer

SEED: Final = 20261122
ROWS_A_SET: Final = 300
"""Rows of each unseen set that are rewritten, drawn at random."""

_COLUMNS: Final = (
    Column("perturbation", "the same texts with", "text"),
    Column("rows", "texts that changed", "count"),
    Column("before", "macro-F1 before"),
    Column("after", "macro-F1 after"),
    Column("change", "change", "change"),
    Column("flipped", "labels that changed", "share"),
)


def robustness(sets: LabelledSets, scorer: Scorer, say: Say) -> list[Table]:
    """For each perturbation macro-F1 before and after, and the share of labels that changed, over all texts it changes.

    Macro-F1 is the mean over the English sets with such texts, as in the sentiment section.
    """
    drawn = [_drawn(sets.read("sentiment", name)) for name in EVALUATION_SETS]
    lines = []
    for name, perturbation in PERTURBATIONS.items():
        say(f"robustness: {name}")
        lines.append(_compared(drawn, name, perturbation, scorer))
    return [Table.of("perturbations", _COLUMNS, lines)]


def _drawn(rows: list[Row]) -> list[Row]:
    return random.Random(SEED).sample(rows, min(ROWS_A_SET, len(rows)))  # noqa: S311 - seeded, guards nothing


def _compared(drawn: list[list[Row]], name: str, perturbation: Perturbation, scorer: Scorer) -> dict[str, Value]:
    chance = random.Random(SEED)  # noqa: S311 - seeded, guards nothing
    before, after, changed, flipped = [], [], 0, 0
    for rows in drawn:
        pairs = [(row, perturbation(row.text, chance)) for row in rows]
        pairs = [(row, text) for row, text in pairs if text != row.text]
        if not pairs:
            continue
        truth = np.array([row.sentiment for row, _ in pairs])
        plain = read([row.text for row, _ in pairs], scorer).label
        rewritten = read([text for _, text in pairs], scorer).label
        before.append(macro_f1(truth, plain))
        after.append(macro_f1(truth, rewritten))
        changed += len(pairs)
        flipped += int(np.sum(plain != rewritten))
    was, is_now = mean(before), mean(after)
    return {
        "perturbation": name,
        "rows": changed,
        "before": was,
        "after": is_now,
        "change": None if was is None or is_now is None else is_now - was,
        "flipped": flipped / changed if changed else None,
    }
