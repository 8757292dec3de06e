"""A folder of labelled sets small enough to learn from in a second, in sentences of our own."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.data import EVALUATION_SETS
from models.language_sets import JUDGED, TRAINING

NOUNS = ("lamp", "radio", "kettle", "router", "printer", "saddle", "tent", "blender")
SAID = {
    "en": ("The {} is lovely", "The {} has two sides", "The {} is awful and broken"),
    "de": ("{} ist wunderbar, ich liebe es", "{} hat zwei Seiten", "{} ist furchtbar und kaputt"),
    "es": ("{} es maravilloso, me encanta", "{} tiene dos lados", "{} es horrible y no funciona"),
    "fr": ("{} est magnifique, j'adore", "{} a deux faces", "{} est horrible et ne marche pas"),
    "it": ("{} è bellissimo, lo adoro", "{} ha due lati", "{} è orribile e non funziona"),
    "pt": ("{} é maravilhoso, adorei", "{} tem dois lados", "{} é horrível e não funciona"),
}
"""Praise, a fact and a complaint, by language."""

MEANT = (
    ("charged", "billing", "h"),
    ("login", "account", "m"),
    ("install", "onboarding", "h"),
    ("hello", "other", "h"),
)

Rows = Sequence[tuple[str, str, str]]
"""(text, label, split)"""


def write_labels(folder: Path) -> Path:
    """labels/ below `folder`: sentiment sets to learn from and to judge by, in English and others; touchpoints."""
    _write(folder, "sentiment", "vader_amazon", "ship", _feelings("my new {}"))
    _write(folder, "sentiment", "uci_imdb", "ship", _feelings("our old {}"))
    for number, name in enumerate(EVALUATION_SETS):
        _write(folder, "sentiment", name, "evaluate-only", _feelings(f"{{}} of shop {number}"))
    for language, name in TRAINING.items():
        rows = [*_told(language, NOUNS[:6], "train"), *_told(language, NOUNS[6:], "test")]
        _write(folder, "sentiment", name, "ship-with-care", rows)
    for unseen in JUDGED[len(TRAINING) :]:
        _write(folder, "sentiment", unseen.set, "evaluate-only", _told(unseen.language, NOUNS[6:]))
    _write(folder, "touchpoint", "banking77", "ship", _asked("my card", ("charged", "login", "hello")))
    _write(folder, "touchpoint", "multidogo_media", "ship", _asked("my box", ("charged", "login", "install")))
    _write(folder, "touchpoint", "acos_laptop", "evaluate-only", _asked("my laptop", ("charged", "login")))
    labels = folder / "labels"
    with (labels / "touchpoint_map.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("set", "label", "touchpoint", "confidence"))
        for name in ("banking77", "multidogo_media", "acos_laptop"):
            writer.writerows((name, *meant) for meant in MEANT)
    (labels / "heldout_hashes.txt").write_text("")
    return folder


def _feelings(subject: str) -> Rows:
    return _told("en", [subject.format(noun) for noun in NOUNS])


def _told(language: str, subjects: Sequence[str], split: str = "") -> Rows:
    return [
        (sentence.format(subject), label, split)
        for sentence, label in zip(SAID[language], ("pos", "neu", "neg"), strict=True)
        for subject in subjects
    ]


def _asked(subject: str, labels: Sequence[str]) -> Rows:
    said = {
        "charged": "Why was {} charged twice, says the invoice of the {}",
        "login": "I cannot log in with {}, the password of the {} is refused",
        "install": "The update of {} will not install, nor will that of the {}",
        "hello": "Good morning to {} and the {}",
    }
    return [
        (said[label].format(subject, noun), label, split)
        for label in labels
        for split, nouns in (("train", NOUNS[:6]), ("test", NOUNS))
        for noun in nouns
    ]


def _write(folder: Path, kind: str, name: str, use: str, rows: Rows) -> None:
    place = folder / "labels" / kind
    place.mkdir(parents=True, exist_ok=True)
    with gzip.open(place / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
        for text, label, split in rows:
            line: Mapping[str, str] = {"set": name, "text": text, "label": label, "split": split}
            file.write(json.dumps(line) + "\n")
    licences = folder / "labels" / "LICENCES.csv"
    is_new = not licences.exists()
    with licences.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(("kind", "set", "rows", "use", "licence"))
        writer.writerow((kind, name, len(rows), use, "made up for a test"))
