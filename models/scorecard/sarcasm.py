"""Whether irony is noticed: sentences that mean the opposite, beside like ones that are meant (sarcasm.yaml)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ruamel.yaml import YAML

from models.scorecard.measures import auc
from models.scorecard.reading import Reading, read
from models.scorecard.table import Column, Table, Value
from models.scorer import Scorer
from models.scores import SENTIMENTS

_FILE: Final = Path(__file__).with_name("sarcasm.yaml")
_NEGATIVE, _POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")
_HALF: Final = 0.5

_COLUMNS: Final = (
    Column("kind", "sentences", "text"),
    Column("sentences", "number", "count"),
    Column("negative", "read as negative", "share"),
    Column("positive", "read as positive", "share"),
    Column("friction", "friction of a half or more", "share"),
    Column("apart", "AUC of sentiment between the two"),
)


def pairs() -> Sequence[tuple[str, str]]:
    """(ironic, meant) sentences."""
    return [(ironic, meant) for ironic, meant in YAML(typ="safe").load(_FILE.read_text(encoding="utf-8"))]


def sarcasm(scorer: Scorer) -> list[Table]:
    """A line for the ironic sentences, all of them complaints, and one for the meant ones, all of them praise.

    The last column is the probability that a meant sentence gets a higher sentiment than an ironic one; a half is
    chance.
    """
    ironic, meant = (read(texts, scorer) for texts in zip(*pairs(), strict=True))
    apart = auc(meant.sentiment, ironic.sentiment)
    return [
        Table.of(
            "sarcasm",
            _COLUMNS,
            [{"kind": "ironic", "apart": apart} | _line(ironic), {"kind": "meant", "apart": None} | _line(meant)],
        )
    ]


def _line(reading: Reading) -> dict[str, Value]:
    return {
        "sentences": len(reading.label),
        "negative": float(np.mean(reading.label == _NEGATIVE)),
        "positive": float(np.mean(reading.label == _POSITIVE)),
        "friction": float(np.mean(reading.friction >= _HALF)),
    }
