"""Whether a negation turns what is said: minimal pairs of our own (negation.yaml)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ruamel.yaml import YAML

from models.scorecard.reading import read
from models.scorecard.table import Column, Table, Value
from models.scorer import Scorer
from models.scores import SENTIMENTS

_FILE: Final = Path(__file__).with_name("negation.yaml")
_NEGATIVE, _POSITIVE = SENTIMENTS.index("negative"), SENTIMENTS.index("positive")
_TITLES: Final = {"praise_denied": "praise denied", "problem_denied": "a problem denied"}

_COLUMNS: Final = (
    Column("kind", "negation", "text"),
    Column("pairs", "pairs", "count"),
    Column("sentiment_turned", "sentiment moves the right way", "share"),
    Column("friction_turned", "friction moves the right way", "share"),
    Column("plain_right", "plain sentence read right", "share"),
    Column("negated_right", "negated sentence read right", "share"),
)


def pairs() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Kind of pair -> (plain, negated) sentences."""
    content = YAML(typ="safe").load(_FILE.read_text(encoding="utf-8"))
    return {kind: [(plain, negated) for plain, negated in listed] for kind, listed in content.items()}


def negation(scorer: Scorer) -> list[Table]:
    """A line for praise denied and one for problems denied.

    Read right is: praise positive, praise denied negative, a problem negative, a problem denied anything but negative.
    """
    return [Table.of("negation", _COLUMNS, [_line(kind, listed, scorer) for kind, listed in pairs().items()])]


def _line(kind: str, listed: Sequence[tuple[str, str]], scorer: Scorer) -> dict[str, Value]:
    plain, negated = (read(texts, scorer) for texts in zip(*listed, strict=True))
    better = 1 if kind == "problem_denied" else -1
    expected = _NEGATIVE if better > 0 else _POSITIVE
    said = negated.label != _NEGATIVE if better > 0 else negated.label == _NEGATIVE
    return {
        "kind": _TITLES[kind],
        "pairs": len(listed),
        "sentiment_turned": float(np.mean((negated.sentiment - plain.sentiment) * better > 0)),
        "friction_turned": float(np.mean((negated.friction - plain.friction) * better < 0)),
        "plain_right": float(np.mean(plain.label == expected)),
        "negated_right": float(np.mean(said)),
    }
