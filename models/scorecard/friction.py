"""Friction, told from the text alone, against the stars of reviews of apps no model learned from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.scorecard.measures import auc
from models.scorecard.table import Column, Say, Table, Value, mean
from models.scorer import Scorer
from schemas.errors import UsageError

REVIEW_STREAMS: Final = {
    "app_store_reviews": ("title", "content"),
    "threads_play_reviews": ("review",),
}
"""Streams of reviews with stars, and the fields that hold their text."""

_REVIEWS: Final = 5_000
"""Reviews of a stream that are judged, evenly spread over its time."""
_MOST_STARS_OF_BAD, _LEAST_STARS_OF_GOOD = 2, 4
_HALF: Final = 0.5

RANKING: Final = (
    Column("auc", "AUC"),
    Column("bad_high", "1-2 stars with friction", "share"),
    Column("good_high", "4-5 stars with friction", "share"),
)
"""The columns of `against_stars` that say how well friction tells bad reviews from good ones."""
_COLUMNS: Final = (
    Column("stream", "friction against stars", "text"),
    Column("rows", "reviews", "count"),
    *RANKING,
)


def friction(data: Path, scorer: Scorer, say: Say) -> list[Table]:
    """How well friction ranks reviews of one or two stars over those of four or five.

    `bad_high` and `good_high` are the shares of either whose friction is a half or more. Raises `UsageError` where a
    stream is missing.
    """
    lines = []
    for name in REVIEW_STREAMS:
        say(f"friction: {name}")
        texts, stars = reviews(data, name)
        some = slice(None, None, max(1, len(texts) // _REVIEWS))
        figures = against_stars(friction_of(scorer, texts[some]), stars[some])
        lines.append({"stream": name, "rows": int(figures["bad"] or 0) + int(figures["good"] or 0), **figures})
    return [Table.of("stars", _COLUMNS, lines)]


def reviews(data: Path, name: str) -> tuple[list[str], NDArray[np.float64]]:
    """The texts of a stream of reviews and their stars, NaN where there are none. `UsageError` where it is missing."""
    path = data / "streams" / f"{name}.jsonl.gz"
    if not path.is_file():
        raise UsageError(f"{path} does not exist; --data takes a folder that holds streams/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return (
        ["\n".join(review[field] or "" for field in REVIEW_STREAMS[name]) for review in found],
        np.array([review["rating"] or np.nan for review in found], dtype=np.float64),
    )


def friction_of(
    scorer: Scorer, texts: Sequence[str], languages: Sequence[str] | None = None
) -> NDArray[np.float64]:
    """Friction of each text by itself, NaN where it is unscored; languages are detected where none are given."""
    scores = scorer.score(texts, languages=languages)
    friction: NDArray[np.float64] = scores.column("friction_p").to_numpy(zero_copy_only=False).astype(np.float64)
    return friction


def against_stars(friction: NDArray[np.float64], stars: NDArray[np.float64]) -> dict[str, Value]:
    """How many scored reviews are bad and good by their stars, and how friction tells them apart."""
    read = ~np.isnan(friction)
    bad, good = friction[read & (stars <= _MOST_STARS_OF_BAD)], friction[read & (stars >= _LEAST_STARS_OF_GOOD)]
    return {
        "bad": len(bad),
        "good": len(good),
        "auc": auc(bad, good),
        "bad_high": mean(bad >= _HALF),
        "good_high": mean(good >= _HALF),
    }
