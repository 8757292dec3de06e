"""Update: days whose feedback has changed get new themes, and the days these reach get their mentions assigned anew.

1. Of every four weeks with changed feedback, the mentions that no theme takes may found new ones
   (`pipelines/themes/spawn.py`). All new themes enter the ledger in one commit.
2. Every day whose feedback or themes differ from what `theme_days` says of it is assigned anew
   (`pipelines/themes/assign.py`); where that gives other rows than stored, they take their place in one commit.

Assignment depends on the mentions and the ledger alone, so killed anywhere and run again it ends well: a day that was
not recorded is done again. Run twice, it changes nothing. Products have nothing to do with each other: an update of one
finds what an update of all finds of it, and is remembered by it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.connect import connect
from pipelines.definitions import MODEL_VARIABLE
from pipelines.products import unknown_product
from pipelines.snapshot import open_snapshot
from pipelines.themes.assign import assign
from pipelines.themes.label import Phrases
from pipelines.themes.ledger import Theme, read_ledger, record
from pipelines.themes.mentions import read_mentions
from pipelines.themes.spawn import spawn
from pipelines.themes.store import store_mentions
from pipelines.themes.terms import Bags, terms
from schemas.errors import UsageError
from schemas.event import INVALID_DAY
from schemas.tables import FEEDBACK, SCORES, THEME_DAYS
from transforms.commit import append
from transforms.delta import live_files, open_table
from transforms.elements import Clock
from transforms.failpoints import failpoint
from transforms.parquet import read_file

WINDOW: Final = timedelta(days=28)
"""Themes are sought in stretches of this length, always the same ones."""

REACH: Final = timedelta(days=364)
"""How long before its window a theme takes mentions: who spoke early is found, and history is not read for ever."""

_FIRST_WINDOW: Final = date(1970, 1, 5)

Digests = tuple[str, str]
"""Of the feedback of a day, and of the themes that reach it."""

Known = Mapping[str | None, Mapping[date, Digests]]
"""By product that was done alone, None for all of them together, what was done of each day."""


@dataclass(frozen=True)
class Updated:
    """What an update did: themes found, days assigned anew, and theme mentions stored on those days."""

    themes: int = 0
    days: int = 0
    mentions: int = 0


@dataclass
class Updater:
    """Keeps the themes of the tables below `root`, with `product` those of one product alone.

    `on_progress` is told of windows done and to do.
    """

    root: str
    clock: Clock
    product: str | None = None
    on_progress: Callable[[int, int], None] = lambda done, total: None

    def run(self, *, again: bool = False) -> Updated:
        """Do what has changed; with `again` assign every day anew, without new themes.

        Raises `UsageError` where there are no tables, or nobody spoke of the product.
        """
        feedback = _feedback_digests(self.root)  # before the connection: what comes in between is done next time
        known = _known_days(self.root)
        ledger = read_ledger(self.root)
        with connect(self.root) as connection:
            if self.product is not None:
                _check_product(connection, self.product)
            feedback = _with_model(connection, feedback)
            changed = [day for day in feedback if not _is_known(known, self.product, day, feedback[day])]
            sought = [] if again else _windows(changed)
            new = self._spawn(connection, sought, feedback, known, list(ledger.values()))
            record(self.root, new, self.clock())
            failpoint("after_themes")
            themes = [*ledger.values(), *new]
            mine = [theme for theme in themes if self.product in (None, theme.product)]
            done, done_for_all = known.get(self.product, {}), known.get(None, {})
            wanted, wanted_for_all = (
                {
                    day: (feedback.get(day, ""), _themes_digest(day, some))
                    for day in {*feedback, *done, *done_for_all}
                }
                for some in (mine, themes)
            )
            stale = sorted(
                day
                for day in wanted
                if again or (done.get(day) != wanted[day] and done_for_all.get(day) != wanted_for_all[day])
            )
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
        feedback: Mapping[date, str],
        known: Known,
        ledger: Sequence[Theme],
    ) -> list[Theme]:
        """New themes of these windows, window by window, each a generation of its own."""
        themes = list(ledger)
        generation = max((theme.generation for theme in themes), default=0)
        now = self.clock()
        for number, window in enumerate(windows, 1):
            generation += 1
            inside = [day for day in sorted(feedback) if window <= day < window + WINDOW]
            for product, mentions in read_mentions(connection, inside, self.product):
                if all(_is_known(known, product, day, feedback[day]) for day in inside):
                    continue
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
                there = {theme.theme_id for theme in mine}
                themes += [theme for theme in found if theme.theme_id not in there]
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
        for product, mentions in read_mentions(connection, days, self.product):
            mine = [theme for theme in themes if theme.product == product]
            assigned = assign(Bags.of(row["text"] for row in mentions), _days(mentions), mine)
            for row, place, weight in zip(mentions, assigned.places, assigned.weights, strict=True):
                if place >= 0:
                    theme = {"theme_id": mine[place].theme_id, "similarity": float(weight)}
                    rows.append({**row, **theme, "day": row["day"].isoformat()})
        gone = [day for day in days if not wanted[day][0]]
        store_mentions(self.root, days, rows, self.clock, gone=gone, product=self.product)
        failpoint("after_theme_mentions")
        now = self.clock()
        recorded = [
            {
                "day": day.isoformat(),
                "feedback_digest": wanted[day][0],
                "themes_digest": wanted[day][1],
                "recorded_at": now,
                "product": self.product,
            }
            for day in days
        ]
        content = pa.Table.from_pylist(recorded, schema=THEME_DAYS.schema)
        append(self.root, THEME_DAYS, content, batch_id=uuid.uuid4().hex, written_at=now)
        return len(rows)


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


def _check_product(connection: duckdb.DuckDBPyConnection, product: str) -> None:
    counted = "FROM tables.feedback WHERE product IS NOT NULL GROUP BY product ORDER BY count(*) DESC, product"
    heard = [name for (name,) in connection.execute(f"SELECT product {counted}").fetchall()]
    if product not in heard:
        raise UsageError(unknown_product(product, heard))


def _is_known(known: Known, product: str | None, day: date, digest: str) -> bool:
    """Whether themes of the product were sought in this feedback of the day, by an update of it or of all."""
    return any(known.get(scope, {}).get(day, ("", ""))[0] == digest for scope in (None, product))


def _known_days(root: str) -> Known:
    """What the latest rows of `theme_days` say of each day."""
    table = open_table(root, THEME_DAYS)
    files = [] if table is None else live_files(table)
    rows = [row for file in files for row in read_file(root, THEME_DAYS, file).to_pylist()]
    known: dict[str | None, dict[date, Digests]] = {}
    for row in sorted(rows, key=lambda row: row["recorded_at"]):
        day = date.fromisoformat(row["day"])
        known.setdefault(row["product"], {})[day] = (row["feedback_digest"], row["themes_digest"])
    return known


def _window(day: date) -> date:
    return day - (day - _FIRST_WINDOW) % WINDOW


def _windows(days: Iterable[date]) -> list[date]:
    return sorted({_window(day) for day in days})


def _by_window(days: Iterable[date]) -> list[list[date]]:
    batches: dict[date, list[date]] = defaultdict(list)
    for day in days:
        batches[_window(day)].append(day)
    return list(batches.values())
