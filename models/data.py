"""Reads the labelled sets, and keeps apart what a model may learn from and what it is judged by.

A folder of data holds LICENCES.csv (what each set's licence allows), heldout_hashes.txt, touchpoint_map.csv and
one `<kind>/<set>.jsonl.gz` a set, with `text` and `label` in every line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from models.scores import SENTIMENTS
from schemas.errors import UsageError

LEARNED_USES: Final = frozenset(("ship", "ship-with-care"))
"""Uses, in LICENCES.csv, of sets that a model shipped under Apache-2.0 may learn from; the card tells the two apart."""

EVALUATION_SETS: Final = (
    *("tweeteval_val", "airline", "sst3", "cr", "absa_laptop14", "absa_restaurant14", "absa_restaurant15"),
    *("absa_mams", "absa_television", "absa_tshirt"),
)
"""The ten English sentiment sets that no shipped model learns from, and whose mean is the headline figure."""

_OTHER_LANGUAGE: Final = re.compile(r"umsab_(?!english)")
_LABEL: Final = {"neg": 0, "neu": 1, "pos": 2}
_NOT_A_WORD: Final = re.compile(r"\W+")
_NOT_A_LETTER: Final = re.compile(r"[\W_]+")
_SHINGLE_LETTERS: Final = 40


@dataclass(frozen=True)
class Row:
    """One labelled text; `label` as its set says it."""

    set: str
    text: str
    label: str
    split: str
    fields: Mapping[str, Any]

    @property
    def sentiment(self) -> int:
        """Index into `SENTIMENTS`."""
        return _LABEL[self.label]


class LabelledSets:
    """The sets under `data/labels`."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "labels"
        if not (self.folder / "LICENCES.csv").is_file():
            raise UsageError(
                f"{self.folder}/LICENCES.csv does not exist; --data takes a folder that holds labels/"
            )

    @cached_property
    def uses(self) -> Mapping[tuple[str, str], str]:
        """(kind, set) -> what its licence allows."""
        with (self.folder / "LICENCES.csv").open(encoding="utf-8", newline="") as lines:
            return {(row["kind"], row["set"]): row["use"] for row in csv.DictReader(lines)}

    @cached_property
    def licences(self) -> Mapping[tuple[str, str], str]:
        """(kind, set) -> its licence, in words."""
        with (self.folder / "LICENCES.csv").open(encoding="utf-8", newline="") as lines:
            return {(row["kind"], row["set"]): row["licence"] for row in csv.DictReader(lines)}

    def shipped(self, kind: str) -> list[str]:
        """Names of the English sets of a kind that a shipped model may learn from."""
        return [
            name
            for (its_kind, name), use in self.uses.items()
            if its_kind == kind and use in LEARNED_USES and not _OTHER_LANGUAGE.match(name)
        ]

    def read(self, kind: str, name: str, split: str | None = None) -> list[Row]:
        """All rows of a set, or of one split of it, but those held out."""
        with gzip.open(self.folder / kind / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return [
            Row(name, row["text"], row["label"], row.get("split", ""), row)
            for row in rows
            if split in (None, row.get("split", "")) and not self.is_held_out(row["text"])
        ]

    def is_held_out(self, text: str) -> bool:
        """Whether a text is kept for judging released models, and must not be learned from or looked at."""
        return heldout_hash(text) in self._heldout

    @cached_property
    def touchpoint_map(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """(set, label) -> (touchpoint, confidence h, m or l)."""
        with (self.folder / "touchpoint_map.csv").open(encoding="utf-8", newline="") as lines:
            return {(r["set"], r["label"]): (r["touchpoint"], r["confidence"]) for r in csv.DictReader(lines)}

    @cached_property
    def _heldout(self) -> frozenset[str]:
        return frozenset((self.folder / "heldout_hashes.txt").read_text(encoding="utf-8").split())


def heldout_hash(text: str) -> str:
    """The hash under which a held-out text is listed.

    >>> heldout_hash("It  Works!") == heldout_hash("it works ")
    True
    """
    normal = _NOT_A_WORD.sub(" ", text.lower()).strip()
    return hashlib.sha256(normal.encode("utf-8", "replace")).hexdigest()[:16]


def without_overlap(rows: Sequence[Row], judged_by: Iterable[Row]) -> list[Row]:
    """Rows that share no text with the rows a model is judged by.

    Known sets contain one another under other tokenizations (vader_movie and sst3, hu_liu_products and cr), so
    texts are compared by their letters alone: equal as a whole, or sharing their first or last 40 letters.
    """
    seen: set[str] = set()
    for row in judged_by:
        seen.update(_fingerprints(row.text))
    return [row for row in rows if not _fingerprints(row.text) & seen]


def _fingerprints(text: str) -> set[str]:
    letters = _NOT_A_LETTER.sub("", text.lower())
    if len(letters) < _SHINGLE_LETTERS:
        return {letters}
    return {letters[:_SHINGLE_LETTERS], letters[-_SHINGLE_LETTERS:], letters}


assert len(SENTIMENTS) == len(_LABEL)
