"""Compare: the views, evaluated over a sample of people with the scores of one model and then of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from models.scorer import SCORES as SCORER_COLUMNS
from models.scorer import Scorer
from pipelines.comparison.interval import Rate, Shared, difference_interval
from pipelines.comparison.sides import Side, find_side
from pipelines.connect import bound_memory, connect, unreadable, with_fresh_snapshot
from pipelines.definitions import MODEL_VARIABLE
from pipelines.sql_files import Row, SqlFiles
from schemas.errors import UsageError
from schemas.event import INVALID_DAY
from transforms.score import SCORED_BY, scores_of

_rows: Final = SqlFiles(__package__).rows

_CHUNK_ROWS: Final = 500

_SCORE_COLUMNS: Final = tuple(name for name in SCORER_COLUMNS.names if name not in ("language", "model_version"))

_LABELS: Final = ("A", "B")
"""Stand for the models' versions in the sample's tables: two models may have the same."""

OnProgress = Callable[[int, int], None]
"""Told of texts scored, and of those to score."""


@dataclass(frozen=True)
class Comparison:
    """Two models on the same people. `versions` are those whose scores each side has; `touchpoints`, `moves` and
    `examples` are rows, `sample`, `mentions` and `events` one row each; shares are 0 to 1."""

    names: tuple[str, str]
    versions: tuple[list[str], list[str]]
    sample: Row
    touchpoints: list[Row]
    mentions: Row
    events: Row
    moves: list[Row]
    examples: list[Row]


def compare(
    root: str,
    names: tuple[str, str],
    *,
    as_of: datetime | None = None,
    since: date | None = None,
    until: date | None = None,
    sample: int,
    examples: int = 3,
    on_progress: OnProgress = lambda done, total: None,
) -> Comparison:
    """Friction under the models `names`, as `sides.find_side` reads them, on the events below `root`; changes nothing.

    With `as_of` on what was there at that instant. About `sample` events, those of whole people; the same each time.
    `examples` of each kind of change. Raises `UsageError` where there is nothing to compare.
    """

    def attempt() -> Comparison:
        with connect(root, as_of, rolled_up=False) as connection:
            bound_memory(connection)
            try:
                sides = (find_side(connection, names[0]), find_side(connection, names[1]))
                about = _take_sample(connection, sides, since, until, sample)
                versions = _score_sample(connection, sides, about["events"], on_progress)
                return _measure(connection, names, versions, about, examples)
            except duckdb.IOException as error:
                raise unreadable(Path(root), error) from error

    return with_fresh_snapshot(attempt)


def _take_sample(
    connection: duckdb.DuckDBPyConnection,
    sides: tuple[Side, Side],
    since: date | None,
    until: date | None,
    enough: int,
) -> Row:
    connection.execute("CREATE SCHEMA compared")
    _rows(connection, "comparable", since=since, until=until)
    ((asked,),) = connection.execute("SELECT count(*) FROM compared.comparable").fetchall()
    for side in sides:
        if side.scorer is None and side.version is not None:
            _rows(connection, "without_scores_of", version=side.version)
    _rows(connection, "people", enough=enough)
    (about,) = _rows(connection, "sample")
    if not about["events"]:
        reason = "none has scores of both models" if asked else "there are none"
        raise UsageError(f"no events to compare: {reason}; ask for other days or models")
    return {**about, "without_scores": asked - about["events_in_all"]}


def _score_sample(
    connection: duckdb.DuckDBPyConnection, sides: tuple[Side, Side], events: int, on_progress: OnProgress
) -> tuple[list[str], list[str]]:
    """Put the sample and its scores in the place of the stored tables, and return each side's versions."""
    columns = ", ".join(_SCORE_COLUMNS)
    connection.execute(
        "CREATE TABLE compared.feedback AS FROM tables.feedback SEMI JOIN compared.chosen USING (event_id);"
        f"CREATE TABLE compared.scores AS SELECT event_id, day, model_version, {columns} FROM tables.feedback LIMIT 0"
    )
    to_score = events * sum(side.scorer is not None for side in sides)
    done = 0
    versions = []
    for label, side in zip(_LABELS, sides, strict=True):
        if side.scorer is not None:
            for chunk in _scored(connection, side.scorer):
                _insert(connection, label, chunk)
                done += chunk.num_rows
                on_progress(done, to_score)
            versions.append([side.scorer.version])
        else:
            versions.append(_copy_stored(connection, label, side.version))
    connection.execute(
        "CREATE OR REPLACE VIEW tables.feedback AS FROM compared.feedback;"
        "CREATE OR REPLACE VIEW tables.scores AS FROM compared.scores"
    )
    return versions[0], versions[1]


def _scored(connection: duckdb.DuckDBPyConnection, scorer: Scorer) -> Iterator[pa.Table]:
    """The sample's identities, days and scores, a chunk at a time."""
    with connection.cursor() as cursor:
        query = f"SELECT event_id, day, {', '.join(SCORED_BY)} FROM compared.feedback"
        for rows in cursor.sql(query).to_arrow_reader(_CHUNK_ROWS):
            scores = scores_of(rows, scorer)
            columns = {name: rows.column(name) for name in ("event_id", "day")}
            columns |= {name: scores.column(name) for name in _SCORE_COLUMNS}
            yield pa.table(columns)


def _insert(connection: duckdb.DuckDBPyConnection, label: str, chunk: pa.Table) -> None:
    connection.register("chunk_of_scores", chunk)
    connection.execute(
        f"INSERT INTO compared.scores SELECT event_id, day, '{label}', {', '.join(_SCORE_COLUMNS)} FROM chunk_of_scores"
    )
    connection.unregister("chunk_of_scores")


def _copy_stored(connection: duckdb.DuckDBPyConnection, label: str, version: str | None) -> list[str]:
    """Scores that the tables have: of one model, or those that readers see."""
    source = "revisions" if version is None else "scores"
    filtered = "" if version is None else "WHERE model_version = $version"
    given = {} if version is None else {"version": version}
    rows = f"FROM {source} SEMI JOIN compared.chosen USING (event_id) {filtered}"
    columns = ", ".join(_SCORE_COLUMNS)
    day = f"coalesce(day::VARCHAR, '{INVALID_DAY}')"
    connection.execute(f"INSERT INTO compared.scores SELECT event_id, {day}, '{label}', {columns} {rows}", given)
    found = connection.execute(f"SELECT DISTINCT model_version {rows} ORDER BY 1", given).fetchall()
    return [row[0] for row in found if row[0] is not None]


def _measure(
    connection: duckdb.DuckDBPyConnection,
    names: tuple[str, str],
    versions: tuple[list[str], list[str]],
    about: Row,
    examples: int,
) -> Comparison:
    for label in _LABELS:
        connection.execute(f"SET VARIABLE {MODEL_VARIABLE} = '{label}'")
        connection.execute(
            f"CREATE TABLE compared.people_{label} AS "
            "SELECT author, touchpoint, bool_or(friction) AS friction FROM event_touchpoints GROUP BY ALL;"
            f"CREATE TABLE compared.mentions_{label} AS SELECT * FROM mentions;"
            f"CREATE TABLE compared.events_{label} AS "
            "SELECT event_id, sentiment_label, unscored_reason IS NOT NULL AS unscored FROM events"
        )
    _rows(connection, "changes")
    return Comparison(
        names=names,
        versions=versions,
        sample=about,
        touchpoints=[_with_difference(row) for row in _rows(connection, "touchpoints")],
        mentions=_rows(connection, "mentions")[0],
        events=_rows(connection, "events")[0],
        moves=_rows(connection, "moves"),
        examples=_rows(connection, "examples", each=examples),
    )


def _with_difference(row: Row) -> Row:
    """A touchpoint's row with the rates, their difference and its interval; null where one model puts nobody there."""
    rates = [
        Rate(row[f"people_{side}"], row[f"friction_{side}"], row[f"low_{side}"], row[f"high_{side}"])
        if row[f"people_{side}"]
        else None
        for side in ("a", "b")
    ]
    first, second = rates
    low = high = difference = None
    if first is not None and second is not None:
        shared = Shared(
            row["people_shared"], row["friction_a_shared"], row["friction_b_shared"], row["friction_both"]
        )
        difference = second.share - first.share
        low, high = difference_interval(first, second, shared)
    return {
        "touchpoint": row["touchpoint"],
        "people_a": row["people_a"],
        "friction_people_a": row["friction_a"],
        "friction_rate_a": None if first is None else first.share,
        "people_b": row["people_b"],
        "friction_people_b": row["friction_b"],
        "friction_rate_b": None if second is None else second.share,
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
    }
