"""How many real support questions one core scores a second, and how much memory that takes."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import spacy

from models.scorecard.table import Column, Say, Table, Value
from models.scorer import Scorer
from schemas.errors import TribometerError, UsageError
from schemas.html_text import html_to_text

BATCHES: Final = (1, 32, 512)

_STREAM: Final = "firefox_support.jsonl.gz"
_ENGLISH: Final = ("en-US", "en")
_QUESTIONS: Final = 4_096
"""Questions to score, evenly spread over the stream; one at a time a quarter of them."""
_PASSES: Final = 3
_FOOTPRINT: Final = "models.scorecard.footprint"

_RATES: Final = (
    Column("what", "support questions", "text"),
    Column("batch", "texts at once", "count"),
    Column("per_second", "a second and core", "count"),
    Column("of_tokenizer", "of spaCy's tokenizer alone", "share"),
)
_MEMORY: Final = (Column("what", "memory of a process", "text"), Column("megabytes", "MB", "count"))


def speed(data: Path, model: str, scorer: Scorer, say: Say) -> list[Table]:
    """Rates and memory, over the same questions.

    Texts come without HTML; their language is detected, as it is for texts whose source does not say. Rates are per
    second of processor time of this process, the best of three passes, so that neighbours on the machine matter
    little. Memory is that of a process of its own.
    """
    texts = support_questions(data)
    tokenizer = spacy.blank("en").tokenizer
    say("speed: spaCy's English tokenizer alone")
    bare = _rate(lambda: sum(len(doc) for doc in tokenizer.pipe(texts)), len(texts))
    tokens = sum(len(doc) for doc in tokenizer.pipe(texts)) / len(texts)
    lines: list[dict[str, Value]] = [
        _line(f"spaCy's English tokenizer alone, {tokens:.0f} tokens", None, bare, bare)
    ]
    for batch in BATCHES:
        say(f"speed: the whole scorer, {batch} at once")
        some = texts if batch > 1 else texts[::4]

        def score(some: Sequence[str] = some, batch: int = batch) -> None:
            for start in range(0, len(some), batch):
                scorer.score(some[start : start + batch])

        lines.append(_line("the whole scorer", batch, _rate(score, len(some)), bare))
    say("speed: memory")
    return [Table.of("rate", _RATES, lines), Table.of("memory", _MEMORY, _memory(texts, model))]


def support_questions(data: Path) -> list[str]:
    """English support questions as plain text; `UsageError` where the stream is missing."""
    path = data / "streams" / _STREAM
    if not path.is_file():
        raise UsageError(f"{path} does not exist; --data takes a folder that holds streams/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        questions = [question for question in map(json.loads, lines) if question["locale"] in _ENGLISH]
    chosen = questions[:: max(1, len(questions) // _QUESTIONS)][:_QUESTIONS]
    return [f"{question['title']}\n\n{html_to_text(question['content'] or '')}" for question in chosen]


def _line(what: str, batch: int | None, rate: float, bare: float) -> dict[str, Value]:
    return {"what": what, "batch": batch, "per_second": rate, "of_tokenizer": rate / bare}


def _rate(work: Callable[[], object], texts: int) -> float:
    seconds = []
    for _ in range(_PASSES):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return texts / min(seconds)


def _memory(texts: Sequence[str], model: str) -> list[dict[str, Value]]:
    command = [sys.executable, "-m", _FOOTPRINT, model]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise TribometerError(f"memory could not be measured: {done.stderr.strip().splitlines()[-1]}")
    megabytes = json.loads(done.stdout)
    return [
        {"what": "with the scorer loaded", "megabytes": megabytes["loaded"]},
        {
            "what": f"largest, scoring {len(texts):,} questions, {BATCHES[-1]} at once",
            "megabytes": megabytes["peak"],
        },
    ]
