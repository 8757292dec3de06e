"""Labels of a user's own: a sheet of mentions to fill in, drawn from the tables, and the file that keeps the labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.own_words import MAX_SCORED_CHARACTERS
from models.sampling import uncertain
from models.scorer import Scorer
from pipelines.connect import connect, with_fresh_snapshot
from pipelines.products import unknown_product
from schemas.errors import UsageError
from schemas.label import Label, cell, check_digits, merge, read_labels, write_labels, write_sheet

STRATEGIES: Final = ("uncertain", "random", "mixed")
LABELS_NAME: Final = "labels.csv"
"""The file of a folder of labels into which sheets are imported."""

FILLED_IN: Final = ("touchpoint", "sentiment", "friction")
SUGGESTED: Final = ("scored_touchpoint", "scored_touchpoint_p", "scored_sentiment", "scored_friction_p")
_IDENTITY: Final = ("drawn", "event_id", "start", "end", "check")

_FEWEST_EVENTS: Final = 5_000
_EVENTS_EACH: Final = 25
"""Events looked at, at random, for each mention that is drawn."""

_EVENTS: Final = """
SELECT event_id, text, product, language, mentions
FROM events
WHERE author_kind = 'customer' AND len(mentions) > 0
  AND (product = $product OR $product IS NULL)
  AND (occurred_at >= $since OR $since IS NULL)
ORDER BY md5(event_id || $seed), event_id
LIMIT $events
"""

_PRODUCTS: Final = """
SELECT product FROM events WHERE product IS NOT NULL GROUP BY product ORDER BY count(*) DESC, product
"""

_RATED: Final = """
SELECT event_id, text, product, rating
FROM events
WHERE author_kind = 'customer' AND rating IS NOT NULL AND trim(text) <> '' AND unscored_reason IS NULL
ORDER BY md5(event_id), event_id
LIMIT $events
"""
MOST_RATED: Final = 5_000
"""Rated events that are learned from; more would say little more and take long."""
_GOOD: Final = 0.5
"""Ratings on -1..1 from here are good, and those below the negative of it are bad: 4 and 5 stars, 2 and 1."""


@dataclass(frozen=True)
class Mention:
    """A mention that could be labelled, with what the scorer says of it. `start` and `end` are offsets into `text`."""

    event_id: str
    text: str
    start: int
    end: int
    product: str | None
    touchpoint: str
    touchpoint_p: float
    sentiment: str
    friction_p: float

    @property
    def clause(self) -> str:
        """Its own words."""
        return self.text[self.start : self.end]


def candidates(
    tables: str,
    *,
    as_of: datetime | None = None,
    product: str | None,
    since: datetime | None,
    count: int,
    seed: int,
    labelled: Iterable[Label] = (),
    scorer: Scorer | None = None,
) -> list[Mention]:
    """Mentions of customers' events at random, in random order, one an event and each wording once.

    Events with a label are left out. With `as_of` the events are those that were there at that instant, with a
    `scorer` the mentions are what it sees, not what is stored. Raises `UsageError` where nothing is left.
    """
    parameters = {
        "product": product,
        "since": since,
        "seed": str(seed),
        "events": max(_FEWEST_EVENTS, _EVENTS_EACH * count),
    }

    def read() -> list[dict[str, Any]]:
        with connect(tables, as_of) as connection:
            found: list[dict[str, Any]] = connection.sql(_EVENTS, params=parameters).to_arrow_table().to_pylist()
            return found

    seen = {label.event_id for label in labelled}
    rows = [row for row in with_fresh_snapshot(read) if row["event_id"] not in seen]
    if scorer is not None and rows:
        scores = scorer.score(
            [row["text"] for row in rows],
            languages=[row["language"] for row in rows],
            products=[row["product"] for row in rows],
        )
        for row, mentions in zip(rows, scores.column("mentions").to_pylist(), strict=True):
            row["mentions"] = mentions
    mentions = [_mention(row, mention) for row in rows for mention in row["mentions"]]
    found: list[Mention] = []
    events: set[str] = set()
    wordings: set[str] = set()
    for place in np.random.default_rng(seed).permutation(len(mentions)):
        mention = mentions[place]
        wording = " ".join(mention.clause.lower().split())
        if mention.event_id not in events and wording not in wordings:
            found.append(mention)
            events.add(mention.event_id)
            wordings.add(wording)
    if not found:
        raise UsageError(_nothing(tables, product))
    return found


def _nothing(tables: str, product: str | None) -> str:
    with connect(tables) as connection:
        products = [str(name) for (name,) in connection.execute(_PRODUCTS).fetchall()]
    if product is None or product in products:
        return "no mention is left to label; ask for other products or days, or leave --labels out"
    return unknown_product(product, products)


def draw(mentions: Sequence[Mention], count: int, strategy: str, seed: int) -> list[tuple[Mention, str]]:
    """Up to `count` of the mentions, which are in random order, each with how it was drawn: `random` or `uncertain`.

    `mixed` draws half of them at random: rates are estimated from these, the others teach more.
    """
    by_chance = {"random": count, "mixed": count // 2, "uncertain": 0}[strategy]
    rest = mentions[by_chance:]
    unsure = uncertain(
        [mention.clause for mention in rest],
        np.array([mention.touchpoint_p for mention in rest], dtype=np.float64),
        count - by_chance,
        seed,
    )
    return [(mention, "random") for mention in mentions[:by_chance]] + [(rest[n], "uncertain") for n in unsure]


def check_sheet(path: Path) -> None:
    """Raise `UsageError` where no sheet can be written: over another, or into no folder."""
    if path.exists():
        raise UsageError(f"{path}: is there already; import its labels, or name another file")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist; make it first")


def write_mentions(path: Path, drawn: Sequence[tuple[Mention, str]], *, blind: bool) -> None:
    """Write a sheet to fill in; `blind` leaves out what the scorer says. Raises `UsageError` where `path` exists."""
    check_sheet(path)
    columns = [*FILLED_IN, "mention", "text", "product", *([] if blind else SUGGESTED), *_IDENTITY]
    write_sheet(path, columns, [{name: row[name] for name in columns} for row in map(_sheet_row, drawn)])


def import_sheet(
    sheet: Path, labels: Path, touchpoints: Sequence[str], *, replace_labels: bool
) -> tuple[int, int, Path]:
    """Merge a filled-in sheet into the labels file, or into `labels.csv` of a folder.

    Returns how many labelled mentions the sheet holds, how many of them were new or changed, and the file. Raises
    `UsageError`, also for a sheet that nobody has filled in, and then nothing is changed.
    """
    target = labels / LABELS_NAME if labels.is_dir() or not labels.suffix else labels
    kept = read_labels(target, touchpoints) if target.exists() else []
    new = read_labels(sheet, touchpoints)
    if not new:
        raise UsageError(f"{sheet}: no line has a label; fill in touchpoint, sentiment or friction")
    try:
        merged = merge(kept, new, replace_labels=replace_labels)
    except ValueError as error:
        raise UsageError(f"{sheet}: {error}; nothing was imported") from None
    before = {label.key: label.given for label in kept}
    changed = sum(before.get(label.key) != label.given for label in merged)
    if changed:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_labels(target, merged)
    return len(new), changed, target


def load_labels(labels: Path, touchpoints: Sequence[str]) -> list[Label]:
    """The labels of a file, or of all CSV files of a folder. Raises `UsageError`."""
    if not labels.exists():
        raise UsageError(f"{labels}: no such file or folder; `tribometer label import` makes it")
    files = sorted(labels.glob("*.csv")) if labels.is_dir() else [labels]
    if not files:
        raise UsageError(f"{labels}: holds no CSV file; `tribometer label import` writes one")
    found: list[Label] = []
    for file in files:
        try:
            found = merge(found, read_labels(file, touchpoints), replace_labels=False)
        except ValueError as error:
            raise UsageError(f"{file}: {error}") from None
    return found


def rated(tables: str) -> list[Label]:
    """What ratings say of the whole texts they came with: sentiment, and friction where they are not in the middle.

    Up to `MOST_RATED` customers' events in a language that was scored. Raises `UsageError` where there are none.
    """

    def read() -> list[tuple[str, str, str | None, float]]:
        with connect(tables) as connection:
            return connection.execute(_RATED, {"events": MOST_RATED}).fetchall()

    labels = [
        Label(
            event_id,
            text[:MAX_SCORED_CHARACTERS],
            sentiment="positive" if rating >= _GOOD else "negative" if rating <= -_GOOD else "neutral",
            friction=None if abs(rating) < _GOOD else rating < 0,
            product=product,
        )
        for event_id, text, product, rating in with_fresh_snapshot(read)
    ]
    if not labels:
        raise UsageError(f"{tables}: holds no scored event with a text and a rating to learn from")
    return labels


def _mention(row: Mapping[str, Any], mention: Mapping[str, Any]) -> Mention:
    return Mention(
        row["event_id"],
        row["text"][:MAX_SCORED_CHARACTERS],
        mention["start"],
        mention["end"],
        row["product"],
        mention["touchpoint"],
        mention["touchpoint_p"],
        mention["sentiment_label"],
        mention["friction_p"],
    )


def _sheet_row(drawn: tuple[Mention, str]) -> dict[str, object]:
    mention, how = drawn
    return {
        **dict.fromkeys(FILLED_IN, ""),
        "mention": cell(mention.clause),
        "text": cell(mention.text),
        "product": cell(mention.product or ""),
        "scored_touchpoint": mention.touchpoint,
        "scored_touchpoint_p": round(mention.touchpoint_p, 2),
        "scored_sentiment": mention.sentiment,
        "scored_friction_p": round(mention.friction_p, 2),
        "drawn": how,
        "event_id": mention.event_id,
        "start": mention.start,
        "end": mention.end,
        "check": check_digits(mention.text),
    }
