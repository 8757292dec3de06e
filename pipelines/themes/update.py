"""Update: days whose feedback has changed get new themes, and the days these reach get their mentions assigned anew.

1. Of every four weeks with changed feedback, the mentions that no theme takes may found new ones
   (`pipelines/themes/spawn.py`). All new themes enter the ledger in one commit.
2. Every day whose feedback or themes differ from what `theme_days` says of it is assigned anew
   (`pipelines/themes/assign.py`); where that gives other rows than stored, they take their place in one commit.

Assignment depends on the mentions and the ledger alone, so killed anywhere and run again it ends well: a day that was
not recorded is done again. Run twice, it changes nothing.
"""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.connect import connect
from pipelines.definitions import MODEL_VARIABLE
from pipelines.snapshot import open_snapshot
from pipelines.themes.assign import assign
from pipelines.themes.label import Phrases
from pipelines.themes.ledger import Theme, read_ledger, record
from pipelines.themes.mentions import read_mentions
from pipelines.themes.spawn import spawn
from pipelines.themes.terms import Bags, terms
from schemas.errors import StaleSnapshotError, TribometerError
from schemas.event import INVALID_DAY
from schemas.identity import theme_mention_id
from schemas.tables import FEEDBACK, SCORES, THEME_DAYS, THEME_MENTIONS
from transforms.commit import append
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    DataFile,
    LiveFile,
    live_files,
    make_durable,
    open_or_create,
    open_table,
    replace_files,
    table_path,
)
from transforms.elements import Clock
from transforms.failpoints import failpoint
from transforms.parquet import read_file, write_file
from transforms.suppressions import read_suppressions
from transforms.write import in_row_order

WINDOW: Final = timedelta(days=28)
"""Themes are sought in stretches of this length, always the same ones."""

REACH: Final = timedelta(days=364)
"""How long before its window a theme takes mentions: who spoke early is found, and history is not read for ever."""

_FIRST_WINDOW: Final = date(1970, 1, 5)
_ATTEMPTS: Final = 50
_STAMPS: Final = ("committed_at", "batch_id")

Digests = tuple[str, str]
"""Of the feedback of a day, and of the themes that reach it."""


@dataclass(frozen=True)
class Updated:
    """What an update did: themes found, days assigned anew, and theme mentions stored on those days."""

    themes: int = 0
    days: int = 0
    mentions: int = 0


@dataclass
class Updater:
    """Keeps the themes of the tables below `root`; `on_progress` is told of windows done and to do."""

    root: str
    clock: Clock
    on_progress: Callable[[int, int], None] = lambda done, total: None
    _done: int = field(default=0, init=False)

    def run(self, *, again: bool = False) -> Updated:
        """Do what has changed; with `again` assign every day anew, without new themes.

        Raises `UsageError` where there are no tables.
        """
        feedback = _feedback_digests(self.root)  # before the connection: what comes in between is done next time
        known = _known_days(self.root)
        ledger = read_ledger(self.root)
        with connect(self.root) as connection:
            feedback = _with_model(connection, feedback)
            changed = [day for day in feedback if known.get(day, ("", ""))[0] != feedback[day]]
            sought = [] if again else _windows(changed)
            self._done = 0
            new = self._spawn(connection, sought, sorted(feedback), list(ledger.values()))
            record(self.root, new, self.clock())
            failpoint("after_themes")
            themes = [*ledger.values(), *new]
            wanted = {day: (feedback.get(day, ""), _themes_digest(day, themes)) for day in {*feedback, *known}}
            stale = sorted(day for day in wanted if again or known.get(day) != wanted[day])
            batches = _by_window(stale)
            mentions = 0
            for number, days in enumerate(batches, 1):
                mentions += self._assign(connection, days, themes, wanted)
                self.on_progress(len(sought) + number, len(sought) + len(batches))
        return Updated(len(new), len(stale), mentions)

    def _spawn(
        self,
        connection: duckdb.DuckDBPyConnection,
        windows: Sequence[date],
        days: Sequence[date],
        ledger: Sequence[Theme],
    ) -> list[Theme]:
        """New themes of these windows, window by window, each a generation of its own."""
        themes = list(ledger)
        generation = max((theme.generation for theme in themes), default=0)
        now = self.clock()
        for number, window in enumerate(windows, 1):
            generation += 1
            inside = [day for day in days if window <= day < window + WINDOW]
            for product, mentions in read_mentions(connection, inside):
                mine = [theme for theme in themes if theme.product == product]
                texts, authors = ([row[name] for row in mentions] for name in ("text", "author"))
                bags = Bags.of(texts)
                taken = assign(bags, _days(mentions), mine).taken
                spawned = spawn(bags, authors, taken, frozenset(terms(product or "")))
                phrases = Phrases.of(texts, authors) if spawned else None
                found = [
                    Theme.new(product, one.weights, phrases.label(one.members), generation, window - REACH, now)
                    for one in spawned
                    if phrases is not None
                ]
                known = {theme.theme_id for theme in mine}
                themes += [theme for theme in found if theme.theme_id not in known]
            self.on_progress(number, 2 * len(windows))
        return themes[len(ledger) :]

    def _assign(
        self,
        connection: duckdb.DuckDBPyConnection,
        days: Sequence[date],
        themes: Sequence[Theme],
        wanted: Mapping[date, Digests],
    ) -> int:
        """Assign the mentions of a few days, store what differs, and record the days."""
        rows: list[dict[str, Any]] = []
        for product, mentions in read_mentions(connection, days):
            mine = [theme for theme in themes if theme.product == product]
            assigned = assign(Bags.of(row["text"] for row in mentions), _days(mentions), mine)
            for row, place, weight in zip(mentions, assigned.places, assigned.weights, strict=True):
                if place >= 0:
                    identity = theme_mention_id(row["event_id"], row["mention"])
                    theme = {"theme_id": mine[place].theme_id, "similarity": float(weight)}
                    rows.append({**row, **theme, "theme_mention_id": identity, "day": row["day"].isoformat()})
        self._store(days, rows)
        failpoint("after_theme_mentions")
        now = self.clock()
        recorded = [
            {
                "day": day.isoformat(),
                "feedback_digest": wanted[day][0],
                "themes_digest": wanted[day][1],
                "recorded_at": now,
            }
            for day in days
        ]
        content = pa.Table.from_pylist(recorded, schema=THEME_DAYS.schema)
        append(self.root, THEME_DAYS, content, batch_id=uuid.uuid4().hex, written_at=now)
        return len(rows)

    def _store(self, days: Sequence[date], rows: Sequence[dict[str, Any]]) -> None:
        """Put the rows in the place of those stored for these days, but for rows of erased authors and events."""
        for attempt in range(_ATTEMPTS):
            table = open_or_create(self.root, THEME_MENTIONS)
            # After the snapshot, not before: an erasure states what it suppresses before its own transaction, which
            # makes a rewrite of an older snapshot fail.
            suppressed = read_suppressions(self.root)
            written_at = self.clock()
            stamps = {"committed_at": written_at, "batch_id": uuid.uuid4().hex}
            content = pa.Table.from_pylist([{**row, **stamps} for row in rows], schema=THEME_MENTIONS.table_schema)
            if suppressed and content.num_rows:
                content = content.filter(pc.invert(suppressed.matching(content)))
            labels = {day.isoformat() for day in days}
            removed: list[LiveFile] = []
            added: list[DataFile] = []
            try:
                stored: dict[str, list[LiveFile]] = defaultdict(list)
                for file in live_files(table):
                    if file.partition in labels:
                        stored[str(file.partition)].append(file)
                for label_ in sorted(labels):
                    fresh = content.filter(pc.equal(content.column("day"), label_)).drop_columns(["day"])
                    if self._same(stored[label_], fresh):
                        continue
                    removed += stored[label_]
                    if fresh.num_rows:
                        ordered = in_row_order(fresh, THEME_MENTIONS)
                        added.append(
                            write_file(self.root, THEME_MENTIONS, ordered, partition=label_, written_at=written_at)
                        )
                if not removed and not added:
                    return
                about = {ACTION_KEY: "themes", "rows": str(content.num_rows)}
                version = replace_files(table, THEME_MENTIONS, removed, added, about, changes_rows=True)
            except (CommitConflictError, StaleSnapshotError):
                for new in added:
                    (table_path(self.root, THEME_MENTIONS) / new.path).unlink(missing_ok=True)
                time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
                continue
            make_durable(self.root, THEME_MENTIONS, added, version)
            return
        raise TribometerError(f"the table {THEME_MENTIONS.name} changed {_ATTEMPTS} times meanwhile; run it again")

    def _same(self, stored: Sequence[LiveFile], fresh: pa.Table) -> bool:
        if sum(file.rows for file in stored) != fresh.num_rows:
            return False
        there = [read_file(self.root, THEME_MENTIONS, file) for file in stored]
        if not there:
            return True
        order = str(THEME_MENTIONS.identity)
        old, new = (one.drop_columns(list(_STAMPS)).sort_by(order) for one in (pa.concat_tables(there), fresh))
        return bool(old.equals(new))


def _days(mentions: Iterable[Mapping[str, Any]]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    return np.array([row["day"] for row in mentions], "datetime64[D]")


def _feedback_digests(root: str) -> dict[date, str]:
    """A hash of each day's files of feedback and scores: files never change, so it changes with what they say."""
    snapshot = open_snapshot(root)
    files: dict[date, list[str]] = defaultdict(list)
    for spec in (FEEDBACK, SCORES):
        for path in snapshot.files[spec.name]:
            day = Path(path).parent.name.partition("=")[2]
            if day != INVALID_DAY:
                files[date.fromisoformat(day)].append(f"{spec.name}/{Path(path).name}")
    return {day: _digest(names) for day, names in files.items()}


def _with_model(connection: duckdb.DuckDBPyConnection, digests: Mapping[date, str]) -> dict[date, str]:
    """The digests, which differ where another model's scores are shown."""
    ((model,),) = connection.execute(f"SELECT getvariable('{MODEL_VARIABLE}')").fetchall()
    return {day: _digest([digest, model or ""]) for day, digest in digests.items()}


def _themes_digest(day: date, themes: Iterable[Theme]) -> str:
    return _digest(theme.theme_id for theme in themes if theme.reaches_from <= day)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(sorted(parts)).encode(), digest_size=16).hexdigest()


def _known_days(root: str) -> dict[date, Digests]:
    """What the latest row of `theme_days` says of each day."""
    table = open_table(root, THEME_DAYS)
    files = [] if table is None else live_files(table)
    rows = [row for file in files for row in read_file(root, THEME_DAYS, file).to_pylist()]
    return {
        date.fromisoformat(row["day"]): (row["feedback_digest"], row["themes_digest"])
        for row in sorted(rows, key=lambda row: row["recorded_at"])
    }


def _window(day: date) -> date:
    return day - (day - _FIRST_WINDOW) % WINDOW


def _windows(days: Iterable[date]) -> list[date]:
    return sorted({_window(day) for day in days})


def _by_window(days: Iterable[date]) -> list[list[date]]:
    batches: dict[date, list[date]] = defaultdict(list)
    for day in days:
        batches[_window(day)].append(day)
    return list(batches.values())
