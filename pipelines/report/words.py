"""Words that set an episode apart from the four weeks before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log, sqrt
from typing import Final

import duckdb

from pipelines.function_words import function_words
from pipelines.report.queries import hold, rows
from pipelines.report.scope import Scope

WORDS_SHOWN: Final = 8
_MINIMUM_AUTHORS: Final = 4
_MINIMUM_SCORE: Final = 2.6
"""Standard deviations: one word in two hundred looks so by chance."""
_PRIOR_AUTHORS: Final = 20.0


@dataclass(frozen=True)
class Episode:
    """Some days at one touchpoint; `key` names it among others."""

    key: str
    touchpoint: str
    first_day: date
    last_day: date


def hold_episodes(connection: duckdb.DuckDBPyConnection, episodes: Sequence[Episode]) -> None:
    """Make the temporary table `episodes` that words.sql and quotes.sql read."""
    columns = "episode VARCHAR, touchpoint VARCHAR, first_day DATE, last_day DATE"
    values = [(episode.key, episode.touchpoint, episode.first_day, episode.last_day) for episode in episodes]
    hold(connection, "episodes", columns, values)


def distinguishing_words(
    connection: duckdb.DuckDBPyConnection, scope: Scope, episodes: Sequence[Episode]
) -> dict[str, list[str]]:
    """For each episode up to `WORDS_SHOWN` words that more authors use in it than in the 28 days before.

    Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, Political Analysis
    16:372), over authors instead of tokens, so that nobody counts twice.
    """
    hold_episodes(connection, episodes)
    counts: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows(connection, "words", minimum_authors=_MINIMUM_AUTHORS, **scope.parameters):
        counts[row["episode"]][row["word"]] = (row["authors_during"], row["authors_before"])
    empty = function_words() | set(scope.product.lower().split())
    found = {}
    for episode in episodes:
        words = counts[episode.key]
        total = words.pop("", (0, 0))
        found[episode.key] = telling_words(words, total, empty)
    return found


def telling_words(
    used: Mapping[str, tuple[int, int]], total: tuple[int, int], empty: Collection[str]
) -> list[str]:
    """Up to `WORDS_SHOWN` words that more authors use during something than before it, the surest first.

    `used`: authors of each word during and before; `total`: all authors; `empty`: words that say nothing.
    """
    scores = {word: _score(authors, total) for word, authors in used.items() if word not in empty}
    best = sorted((word for word in scores if scores[word] >= _MINIMUM_SCORE), key=lambda word: -scores[word])
    return best[:WORDS_SHOWN]


def _score(used: tuple[int, int], total: tuple[int, int]) -> float:
    """Log-odds ratio of using the word in the episode and before it, in standard deviations."""
    share = sum(used) / max(1, sum(total))
    prior = _PRIOR_AUTHORS * share
    odds = [
        log((count + prior) / (max(authors - count, 0) + _PRIOR_AUTHORS - prior + 0.5))
        for count, authors in zip(used, total, strict=True)
    ]
    return (odds[0] - odds[1]) / sqrt(sum(1 / (count + prior) for count in used))
