"""The graph: decode -> normalize -> suppress -> redact -> score -> partition -> write -> commit.

Built once, used by every program and every host. Where messages come from is the program's choice; the graph
starts at a PCollection of `MessageBatch` and ends in committed tables. `transforms/elements.py` says what
travels along each edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam

from schemas import tables
from schemas.errors import TribometerError
from schemas.mapping import SourceMapping
from transforms.commit import Commit
from transforms.dead_letters import RouteDeadLetters
from transforms.decode import Decode
from transforms.delta import AUTHOR_KEY_ID_KEY, open_or_create, open_to_write
from transforms.elements import BatchId, Clock
from transforms.normalize import Normalize
from transforms.partition import Partition
from transforms.redact import Redact
from transforms.score import Score
from transforms.suppress import Suppress
from transforms.write import Write


@dataclass(frozen=True)
class GraphConfig:
    """What a run of the graph is told. Holds no secret: the author key is named, not carried."""

    tables: str
    mapping: SourceMapping
    author_key_file: Path | None
    author_key_id: str
    batch_id: BatchId
    clock: Clock
    model: str | None = None
    keep_raw: bool = True
    shards: int = 1


def claim_tables(folder: str, author_key_id: str) -> None:
    """Make the tables below `folder` for authors under one key; call it before the graph runs on a new folder.

    Raises `TribometerError` where one of them needs a newer Tribometer, or is not ours to write, before anything is
    written to the others, and where they were written with another key: the same person would get a second pseudonym
    and be counted twice.
    """
    for spec in tables.TABLES.values():
        open_to_write(folder, spec)
    feedback = open_or_create(folder, tables.FEEDBACK, {AUTHOR_KEY_ID_KEY: author_key_id})
    written_with = feedback.metadata().configuration.get(AUTHOR_KEY_ID_KEY)
    if written_with != author_key_id:
        raise TribometerError(
            f"{folder}: written with author key {written_with}, the key here is {author_key_id}; "
            "set TRIBOMETER_AUTHOR_KEY or --author-key-file to the first one"
        )


def build(messages: beam.PCollection, config: GraphConfig) -> beam.PCollection:
    """`PCollection[MessageBatch] -> PCollection[Committed]`.

    After the graph has run, every message of `messages` is in exactly one table: in `feedback` (and `raw`), where
    an earlier delivery of it may already have been, or in `dead_letters`; or in none, because it was erased.
    """
    decoded = messages | "Decode" >> Decode(config.mapping.source)
    normalized = decoded.passed | "Normalize" >> Normalize(
        config.mapping, config.author_key_file, config.author_key_id
    )
    failed = (decoded.failed, normalized.failed) | "AllFailed" >> beam.Flatten()
    allowed = (normalized.passed, failed) | "Suppress" >> Suppress(config.tables)
    rows = (
        allowed.passed
        | "Redact" >> Redact()
        | "Score" >> Score(config.model)
        | "Partition" >> Partition(config.shards, config.keep_raw)
    )
    dead = (allowed.failed,) | "DeadLetters" >> RouteDeadLetters()
    return (
        (rows, dead)
        | "Destinations" >> beam.Flatten()
        | "Write" >> Write(config.tables, config.batch_id, config.clock)
        | "Commit" >> Commit(config.tables, config.batch_id)
    )
