"""Label: the phrases that set a theme's mentions apart from the others of its four weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt
from typing import Final

from pipelines.themes.spawn import LEAST_AUTHORS
from pipelines.themes.terms import term, words

_LONGEST: Final = 3
_PHRASES: Final = 3
_PRIOR_AUTHORS: Final = 20.0
_LONGER_IS_TELLING: Final = 0.5
"""A phrase of n words counts as its z times n to this power: "space bar" says more than "bar"."""


Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Phrases:
    """Which of some texts have which phrase, of phrases that enough of them have."""

    authors: Sequence[str]
    places: Mapping[Phrase, Sequence[int]]

    @classmethod
    def of(cls, texts: Sequence[str], authors: Sequence[str]) -> Phrases:
        """The phrases of texts of these authors."""
        places: dict[Phrase, list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            for phrase in _phrases(text):
                places[phrase].append(place)
        return cls(authors, {phrase: found for phrase, found in places.items() if len(found) >= LEAST_AUTHORS})

    @cached_property
    def by_place(self) -> Mapping[int, Sequence[Phrase]]:
        """The phrases of each text."""
        found: dict[int, list[Phrase]] = defaultdict(list)
        for phrase, places in self.places.items():
            for place in places:
                found[place].append(phrase)
        return found

    def label(self, members: Iterable[int]) -> str:
        """Up to three phrases of these texts, the most telling first, each of at least `LEAST_AUTHORS` authors.

        Empty where there is none. Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn
        2008, Political Analysis 16:372), over authors, so that nobody counts twice. No phrase shares a word with one
        before it.
        """
        inside = set(members)
        totals = len({self.authors[place] for place in inside}), len(set(self.authors))
        scores: dict[Phrase, float] = {}
        for phrase in {phrase for place in inside for phrase in self.by_place.get(place, ())}:
            mine = {self.authors[place] for place in self.places[phrase] if place in inside}
            others = {self.authors[place] for place in self.places[phrase] if place not in inside}
            if len(mine) >= LEAST_AUTHORS:
                scores[phrase] = _score((len(mine), len(others)), totals) * len(phrase) ** _LONGER_IS_TELLING
        chosen: list[Phrase] = []
        used: set[str | None] = set()
        for phrase in sorted(scores, key=lambda phrase: (-scores[phrase], phrase)):
            content = {term(word) for word in phrase} - {None}
            if scores[phrase] > 0 and not content & used:
                chosen.append(phrase)
                used |= content
            if len(chosen) == _PHRASES:
                break
        return ", ".join(" ".join(phrase) for phrase in chosen)


def _phrases(text: str) -> set[Phrase]:
    """Runs of up to three words that begin and end with a content word."""
    spoken = list(words(text))
    telling = [term(word) is not None for word in spoken]
    return {
        tuple(spoken[start:end])
        for start in range(len(spoken))
        for end in range(start + 1, min(start + _LONGEST, len(spoken)) + 1)
        if telling[start] and telling[end - 1]
    }


def _score(used: tuple[int, int], totals: tuple[int, int]) -> float:
    """Log-odds ratio of using the phrase in the theme and outside, in standard deviations."""
    prior = _PRIOR_AUTHORS * sum(used) / max(1, sum(totals))
    odds = [
        log((count + prior) / (max(total - count, 0) + _PRIOR_AUTHORS - prior + 0.5))
        for count, total in zip(used, totals, strict=True)
    ]
    return (odds[0] - odds[1]) / sqrt(sum(1 / (count + prior) for count in used))
