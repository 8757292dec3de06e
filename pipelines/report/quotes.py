"""Quotes: what people said, in their own words as stored, chosen to differ from one another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb

from pipelines.report.queries import rows
from pipelines.report.scope import Scope
from pipelines.report.words import Episode, hold_episodes

_CANDIDATES: Final = 300
_SHORTEST_CHARACTERS: Final = 35
_LONGEST_CHARACTERS: Final = 320
_TOO_SIMILAR: Final = 0.35
"""Share of common words (Jaccard) from which two quotes say the same."""
_WORDS_COUNTED: Final = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Quote:
    """One clause as stored, personal data replaced by placeholders."""

    text: str
    source: str
    day: date
    version: str | None


def choose_quotes(
    connection: duckdb.DuckDBPyConnection,
    scope: Scope,
    episodes: Sequence[Episode],
    words: Mapping[str, Sequence[str]],
    amount: int,
) -> dict[str, list[Quote]]:
    """For each episode up to `amount` quotes: those with most of the episode's own words first, then
    the surest friction; no two alike."""
    hold_episodes(connection, episodes)
    limits = {"candidates": _CANDIDATES, "shortest": _SHORTEST_CHARACTERS, "longest": _LONGEST_CHARACTERS}
    candidates: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(connection, "quotes", **limits, **scope.parameters):
        candidates[row["episode"]].append(row)
    return {
        episode.key: [
            Quote(row["text"], row["source"], row["day"], row["version"])
            for row in diverse(candidates[episode.key], frozenset(words.get(episode.key, ())), amount)
        ]
        for episode in episodes
    }


def diverse(
    candidates: Iterable[Mapping[str, Any]], telling: frozenset[str], amount: int
) -> list[Mapping[str, Any]]:
    """Up to `amount` rows (`text`, `author`, `strength` 0 to 1): those with most of the telling words first, then the
    strongest; no two of one author, and no two alike."""

    def worth(row: Mapping[str, Any]) -> float:
        # Whole numbers of words go before strength, which is below one: a quote should tell what set the days apart.
        return min(len(telling & _words(row["text"])), _WORDS_COUNTED) + float(row["strength"])

    chosen: list[Mapping[str, Any]] = []
    taken: list[frozenset[str]] = []
    authors: set[str] = set()
    for row in sorted(candidates, key=worth, reverse=True):
        if len(chosen) == amount:
            break
        words = _words(row["text"])
        if row["author"] in authors or any(_alike(words, other) for other in taken):
            continue
        taken.append(words)
        authors.add(row["author"])
        chosen.append(row)
    return chosen


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    union = len(one | other)
    return not union or len(one & other) / union >= _TOO_SIMILAR
