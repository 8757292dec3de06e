"""The gold set: mentions of real streams, labelled by the guideline of docs/labelling.md, against the scorer's.

The labels are committed, the texts are not: they are read from the streams, through the steps that a replay takes, so
that character offsets mean the same. A labelled clause is compared with the scorer's mention that shares most
characters with it; that is the same clause as long as clauses are split as they were when it was labelled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.scorecard.measures import accuracy, auc, calibration_error, macro_f1
from models.scorecard.table import Column, Say, Table, Value
from models.scorer import Scorer
from pipelines.scorecard.events import events_of
from schemas.errors import UsageError
from schemas.touchpoint import OTHER
from transforms.score import score

try:
    from models.gold.labels import FIRST, GoldLabel, Place, read_labels
except ModuleNotFoundError:
    raise UsageError(
        "the gold set does not travel with the package; run `tribometer evaluate` in a checkout of the source"
    ) from None

_MAPPINGS: Final = Path(__file__).resolve().parents[2] / "examples" / "sources"
STREAMS: Final[Mapping[str, str]] = {
    "firefox_support": "firefox_support",
    "app_store_reviews": "app_store_reviews",
    "play_reviews": "threads_play_reviews",
    "airline_tweets": "airline_tweets",
}
"""Source, and mapping of the same name -> the stream it is read from."""

_HASH_DIGITS: Final = 12
_RANDOM: Final = "random"

_FIRST: Final = (Column("part", "gold set", "text"), Column("mentions", "mentions", "count"))
_TOUCHPOINT: Final = (
    *_FIRST,
    Column("touchpoint_accuracy", "touchpoint: accuracy"),
    Column("touchpoint_macro_f1", "macro-F1"),
    Column("coverage", "given a touchpoint", "share"),
    Column("precision", "of these right", "share"),
    Column("touchpoint_ece", "calibration error of these"),
)
_FEELING: Final = (
    *_FIRST,
    Column("sentiment_macro_f1", "sentiment: macro-F1"),
    Column("sentiment_accuracy", "accuracy"),
    Column("sentiment_ece", "calibration error"),
    Column("friction_auc", "friction: AUC"),
    Column("friction_share", "labelled friction", "share"),
    Column("friction_ece", "calibration error"),
    Column("same_clause", "split as when labelled", "share"),
)


@dataclass(frozen=True)
class Compared:
    """A labelled clause and the scorer's mention of it; `mention` is None where the scorer says nothing there."""

    place: Place
    label: GoldLabel
    mention: Mapping[str, Any] | None

    @property
    def is_same_clause(self) -> bool:
        """Whether the scorer's clause begins and ends where the labelled one does."""
        return self.mention is not None and (self.mention["start"], self.mention["end"]) == (
            self.place.start,
            self.place.end,
        )


def gold(data: Path, scorer: Scorer, say: Say) -> list[Table]:
    """A line for the mentions drawn at random, for those of each stream, and for all: the rare touchpoints with them.

    Where the scorer says nothing of a clause, that counts as `other`, neutral and without friction. Clauses whose text
    is no longer the labelled one (`clause_sha256`) are left out. Raises `UsageError` where a stream is missing.
    """
    compared = [one for source in STREAMS for one in _compared(source, data, scorer, say)]
    drawn = [one for one in compared if one.label.drawn == _RANDOM]
    parts = {"drawn at random": drawn}
    parts |= {f"– {source}": [one for one in drawn if one.place.source == source] for source in STREAMS}
    parts["all, with rare touchpoints sought"] = compared
    lines = [share_right(some) | {"part": part} for part, some in parts.items() if some]
    return [Table.of("touchpoint", _TOUCHPOINT, lines), Table.of("feeling", _FEELING, lines)]


def _compared(source: str, data: Path, scorer: Scorer, say: Say) -> list[Compared]:
    stream = data / "streams" / f"{STREAMS[source]}.jsonl.gz"
    if not stream.is_file():
        raise UsageError(f"{stream} does not exist; --data takes a folder that holds streams/")
    say(f"gold set: {source}")
    labels = {place: label for place, label in read_labels(FIRST).items() if place.source == source}
    events = events_of(stream, _MAPPINGS / f"{source}.yaml", {place.native_id for place in labels})
    told = {row["native_id"]: row for row in score(events, scorer).to_pylist()}
    return [
        Compared(place, label, nearest(place, told[place.native_id]["mentions"]))
        for place, label in labels.items()
        if place.native_id in told and _is_unchanged(place, label, told[place.native_id]["text"])
    ]


def _is_unchanged(place: Place, label: GoldLabel, text: str) -> bool:
    digest = hashlib.sha256(text[place.start : place.end].encode()).hexdigest()
    return digest[:_HASH_DIGITS] == label.clause_sha256


def nearest(place: Place, mentions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The mention that shares most characters with this place, the first of several; None where none does."""

    def shared(mention: Mapping[str, Any]) -> int:
        return int(min(place.end, mention["end"]) - max(place.start, mention["start"]))

    best = max(mentions, key=shared, default=None)
    return best if best is not None and shared(best) > 0 else None


def share_right(compared: Sequence[Compared]) -> dict[str, Value]:
    """The figures of these clauses, by column key."""

    def said(field: str, otherwise: Any) -> NDArray[Any]:
        return np.array([one.mention[field] if one.mention else otherwise for one in compared])

    touchpoint, sentiment = said("touchpoint", OTHER), said("sentiment_label", "neutral")
    friction = said("friction_p", 0.0).astype(np.float64)
    wanted = np.array([one.label.touchpoint for one in compared])
    felt = np.array([one.label.sentiment for one in compared])
    hurt = np.array([one.label.friction for one in compared])
    given = touchpoint != OTHER
    right = touchpoint == wanted
    return {
        "mentions": len(compared),
        "touchpoint_accuracy": accuracy(wanted, touchpoint),
        "touchpoint_macro_f1": macro_f1(wanted, touchpoint),
        "coverage": float(np.mean(given)),
        "precision": float(np.mean(right[given])) if given.any() else None,
        "touchpoint_ece": calibration_error(right[given], said("touchpoint_p", 1.0)[given])
        if given.any()
        else None,
        "sentiment_macro_f1": macro_f1(felt, sentiment),
        "sentiment_accuracy": accuracy(felt, sentiment),
        "sentiment_ece": calibration_error(felt == sentiment, said("sentiment_p", 1 / 3)),
        "friction_auc": auc(friction[hurt], friction[~hurt]),
        "friction_share": float(np.mean(hurt)),
        "friction_ece": calibration_error(hurt, friction),
        "same_clause": float(np.mean([one.is_same_clause for one in compared])),
    }
