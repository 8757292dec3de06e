"""Friction, told from the text alone, against the stars of reviews of apps no model learned from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.scorecard.measures import auc
from models.scorecard.table import Column, Say, Table, Value
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

_COLUMNS: Final = (
    Column("stream", "friction against stars", "text"),
    Column("rows", "reviews", "count"),
    Column("auc", "AUC"),
    Column("bad_high", "1-2 stars with friction", "share"),
    Column("good_high", "4-5 stars with friction", "share"),
)


def friction(data: Path, scorer: Scorer, say: Say) -> list[Table]:
    """How well friction ranks reviews of one or two stars over those of four or five.

    `bad_high` and `good_high` are the shares of either whose friction is a half or more. Raises `UsageError` where a
    stream is missing.
    """
    lines = []
    for name, fields in REVIEW_STREAMS.items():
        say(f"friction: {name}")
        lines.append(_against_stars(name, data / "streams" / f"{name}.jsonl.gz", fields, scorer))
    return [Table.of("stars", _COLUMNS, lines)]


def _against_stars(name: str, path: Path, fields: Sequence[str], scorer: Scorer) -> dict[str, Value]:
    if not path.is_file():
        raise UsageError(f"{path} does not exist; --data takes a folder that holds streams/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        reviews = [json.loads(line) for line in lines]
    reviews = reviews[:: max(1, len(reviews) // _REVIEWS)]
    scores = scorer.score(["\n".join(review[field] or "" for field in fields) for review in reviews])
    p = scores.column("friction_p").to_numpy(zero_copy_only=False).astype(float)
    stars = np.array([review["rating"] or np.nan for review in reviews], dtype=float)
    read = ~np.isnan(p)
    bad, good = p[read & (stars <= _MOST_STARS_OF_BAD)], p[read & (stars >= _LEAST_STARS_OF_GOOD)]
    return {
        "stream": name,
        "rows": len(bad) + len(good),
        "auc": auc(bad, good),
        "bad_high": float(np.mean(bad >= _HALF)),
        "good_high": float(np.mean(good >= _HALF)),
    }
