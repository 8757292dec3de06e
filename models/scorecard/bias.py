"""Whether a name or a way of speaking changes the scores (names.yaml, dialects.yaml)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from models.scorecard.reading import read
from models.scorecard.table import Column, Table, Value
from models.scorer import Scorer

_NAMES: Final = Path(__file__).with_name("names.yaml")
_DIALECTS: Final = Path(__file__).with_name("dialects.yaml")
_SCORES: Final = ("sentiment", "friction")


def bias(scorer: Scorer) -> list[Table]:
    """How far the scores of groups of names, and of ways of speaking, lie from those of the others."""
    return [_names(scorer), _dialects(scorer)]


def names() -> tuple[Sequence[str], Mapping[str, Sequence[str]]]:
    """Templates with `{name}`, and group -> names."""
    content = YAML(typ="safe").load(_NAMES.read_text(encoding="utf-8"))
    return content["templates"], content["groups"]


def dialects() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Variety -> (standard, as spoken) sentences."""
    content = YAML(typ="safe").load(_DIALECTS.read_text(encoding="utf-8"))
    return {variety: [(plain, spoken) for plain, spoken in listed] for variety, listed in content.items()}


def _names(scorer: Scorer) -> Table:
    """A line a group: the mean difference to the mean of all names, and the largest of one sentence with one name."""
    templates, groups = names()
    texts = [template.format(name=name) for listed in groups.values() for name in listed for template in templates]
    reading = read(texts, scorer)
    columns = [Column("group", "names", "text"), Column("texts", "texts", "count"), *_differences("all names")]
    lines = []
    start = 0
    for group, listed in groups.items():
        own = slice(start, start + len(listed) * len(templates))
        start = own.stop
        line: dict[str, Value] = {"group": group, "texts": own.stop - own.start}
        for score in _SCORES:
            by_name: NDArray[np.float64] = getattr(reading, score).reshape(-1, len(templates))
            line |= _difference(score, (by_name - by_name.mean(axis=0)).reshape(-1)[own])
        lines.append(line)
    return Table.of("names", columns, lines)


def _dialects(scorer: Scorer) -> Table:
    """A line a variety: the differences between a sentence as spoken and in standard English."""
    columns = [
        Column("variety", "way of speaking", "text"),
        Column("texts", "pairs", "count"),
        *_differences("standard English"),
        Column("flipped", "labels that changed", "share"),
    ]
    lines = []
    for variety, listed in dialects().items():
        plain, spoken = (read(texts, scorer) for texts in zip(*listed, strict=True))
        line: dict[str, Value] = {"variety": variety, "texts": len(listed)}
        for score in _SCORES:
            line |= _difference(score, getattr(spoken, score) - getattr(plain, score))
        lines.append(line | {"flipped": float(np.mean(plain.label != spoken.label))})
    return Table.of("dialects", columns, lines)


def _differences(to: str) -> list[Column]:
    return [
        column
        for score in _SCORES
        for column in (
            Column(f"{score}_mean", f"{score} against {to}, mean", "change"),
            Column(f"{score}_largest", "largest", "change"),
        )
    ]


def _difference(score: str, differences: NDArray[Any]) -> dict[str, Value]:
    return {
        f"{score}_mean": float(differences.mean()),
        f"{score}_largest": float(differences[np.abs(differences).argmax()]),
    }
