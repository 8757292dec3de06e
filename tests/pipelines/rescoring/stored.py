"""What stands in tables that were re-scored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.scorer import Scorer, load_scorer
from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.connect import connect, connect_stored
from pipelines.rescore import Days, Rescored, Rescorer
from pipelines.tables.chosen import chosen_tables
from pipelines.tables.verify import verify
from schemas.identity import score_id
from schemas.tables import SCORES
from transforms.commit import commit
from transforms.write import write

AUTHOR_KEY = "a key for tests, long enough to be accepted"
SOURCE = "feedback_event"
OTHER_VERSION = "9.9.9+other"


def ask(root: str, query: str, as_of: Any = None) -> list[tuple[Any, ...]]:
    with connect(root, as_of) as connection:
        return connection.execute(query).fetchall()


def ask_stored(root: str, query: str) -> list[tuple[Any, ...]]:
    """The same of the stored tables, which takes a quarter of the time."""
    with connect_stored(root) as connection:
        return connection.execute(query).fetchall()


def run(root: str, model: str | None, days: Days | None = None) -> Rescored:
    return Rescorer(root, load_scorer(model), utc_now, days or Days()).run()


def replay(folder: Path, lines: Sequence[bytes], *arguments: str) -> None:
    (folder / "more.jsonl").write_bytes(b"\n".join(lines))
    assert (
        main(["replay", str(folder / "more.jsonl"), "--source", SOURCE, "--tables", str(folder / "t"), *arguments])
        == 0
    )


def store_scores(root: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Commit rows of `scores`; `rows` are rows of `feedback` with other scores."""
    names = [name for name in SCORES.table_schema.names if name not in ("committed_at", "batch_id")]
    schema = pa.schema([SCORES.table_schema.field(name) for name in names])
    scores = [{**row, "score_id": score_id(row["event_id"], row["model_version"])} for row in rows]
    batch = pa.RecordBatch.from_pylist([{name: row.get(name) for name in names} for row in scores], schema=schema)
    files = write(root, SCORES, [batch], batch_id="made up", clock=utc_now)
    commit(root, SCORES, files, batch_id="made up")


def digest(root: str) -> str:
    """Of all scores, but for when and by which batch they were written."""
    rows = ask_stored(root, "SELECT * EXCLUDE (committed_at, batch_id) FROM tables.scores ORDER BY score_id")
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def findings(root: str) -> list[str]:
    """What `tables verify` has to say against any table."""
    root, specs = chosen_tables(root)
    return [found.problem for spec in specs for found in verify(root, spec).findings if not found.harmless]


class Interrupted(Scorer):
    """A scorer at whose first batch of texts something else happens."""

    def __init__(self, scorer: Scorer, happens: Callable[[], object]) -> None:
        super().__init__(scorer.nlp)
        self._happens: Callable[[], object] | None = happens

    def score(self, *arguments: Any) -> pa.RecordBatch:
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return super().score(*arguments)
