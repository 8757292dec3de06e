"""What the model for other languages learns from, and the sets it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.data import LabelledSets, Row, without_overlap

TRAINING: Final = {
    "de": "umsab_german",
    "es": "umsab_spanish",
    "fr": "umsab_french",
    "it": "umsab_italian",
    "pt": "umsab_portuguese",
}
"""Language to the set it learns from: all of it but the test split."""


@dataclass(frozen=True)
class LanguageSet:
    """A set in one language; `split` is the part of it that is judged, all where None."""

    language: str
    set: str
    split: str | None = None

    def rows(self, sets: LabelledSets) -> list[Row]:
        """The rows that are judged."""
        return sets.read("sentiment", self.set, self.split)


JUDGED: Final = (
    *(LanguageSet(language, name, "test") for language, name in TRAINING.items()),
    LanguageSet("es", "se16_spanish"),
    LanguageSet("fr", "se16_french"),
)
"""Tweets, judged on the test split; and aspects of restaurants, which nothing was learned from."""


def training_rows(sets: LabelledSets) -> dict[str, list[Row]]:
    """By language, the rows that are learned from: none that is judged, none that shares its text with one that is."""
    judges = [row for judged in JUDGED for row in judged.rows(sets)]
    return {
        language: without_overlap([row for row in sets.read("sentiment", name) if row.split != "test"], judges)
        for language, name in TRAINING.items()
    }
