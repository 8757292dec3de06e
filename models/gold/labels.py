"""Labels of the gold set, and how far two passes over it agree. `python -m models.gold` prints the agreement."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent
FIRST: Final = FOLDER / "first_pass.csv"
SECOND: Final = FOLDER / "second_pass.csv"


class Place(NamedTuple):
    """Where a mention stands: `start` and `end` are character offsets into the event's text."""

    source: str
    native_id: str
    start: int
    end: int


@dataclass(frozen=True)
class GoldLabel:
    """What a mention was labelled as; `second_touchpoint` is None where one touchpoint says it all."""

    clause_sha256: str
    drawn: str
    touchpoint: str
    second_touchpoint: str | None
    sentiment: str
    friction: bool


def read_labels(file: Path) -> Mapping[Place, GoldLabel]:
    """The labels of one pass, by place."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            Place(row["source"], row["native_id"], int(row["start"]), int(row["end"])): GoldLabel(
                row["clause_sha256"],
                row["drawn"],
                row["touchpoint"],
                row["second_touchpoint"] or None,
                row["sentiment"],
                row["friction"] == "1",
            )
            for row in csv.DictReader(lines)
        }


@dataclass(frozen=True)
class Agreement:
    """Of two passes over the same mentions: the share labelled alike, and Cohen's kappa (1960)."""

    what: str
    mentions: int
    share: float
    kappa: float


def agreement(what: str, first: Sequence[object], second: Sequence[object]) -> Agreement:
    """Cohen's kappa: the share of agreement beyond what chance would give two labellers with these habits.

    Nan where both gave one and the same label to everything: chance alone would then agree.
    """
    number = len(first)
    share = sum(one == other for one, other in zip(first, second, strict=True)) / number
    habits, others = Counter(first), Counter(second)
    chance = sum(habits[label] * others[label] for label in habits) / number**2
    return Agreement(what, number, share, (share - chance) / (1 - chance) if chance < 1 else float("nan"))


def agreements() -> list[Agreement]:
    """Of the two passes, for each kind of label."""
    first, second = read_labels(FIRST), read_labels(SECOND)
    pairs = [(first[place], label) for place, label in second.items()]
    return [
        agreement(what, [getattr(one, what) for one, _ in pairs], [getattr(other, what) for _, other in pairs])
        for what in ("touchpoint", "sentiment", "friction")
    ]
