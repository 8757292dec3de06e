"""The ledger of themes: what each is, for good, and what people made of it since.

A theme's identity comes from its product and terms, which are written once. A name and a merge are further rows, of
which the latest counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from pipelines.connect import with_fresh_snapshot
from pipelines.themes.spawn import Weights
from pipelines.themes.terms import TERMS_VERSION
from schemas.errors import UsageError
from schemas.identity import theme_id
from schemas.tables import THEMES
from transforms.commit import append
from transforms.delta import live_files, open_table
from transforms.parquet import read_file


@dataclass(frozen=True)
class Theme:
    """One row of the ledger. `weights` are what its terms weigh; it takes mentions from `reaches_from` on."""

    theme_id: str
    generation: int
    product: str | None
    weights: Weights
    terms_version: int
    reaches_from: date
    label: str
    created_at: datetime
    recorded_at: datetime
    name: str | None = None
    merged_into: str | None = None

    @classmethod
    def new(
        cls, product: str | None, weights: Weights, label: str, generation: int, reaches_from: date, now: datetime
    ) -> Theme:
        """A theme that was just found."""
        return cls(
            theme_id=theme_id(TERMS_VERSION, product, weights),
            generation=generation,
            product=product,
            weights=weights,
            terms_version=TERMS_VERSION,
            reaches_from=reaches_from,
            label=label,
            created_at=now,
            recorded_at=now,
        )

    @property
    def title(self) -> str:
        """What to call it: its name, else its label, else its heaviest terms."""
        heaviest = sorted(self.weights, key=lambda term: (-self.weights[term], term))
        return self.name or self.label or " ".join(heaviest[:3])

    def row(self) -> dict[str, object]:
        """The row as `schemas.arrow.THEMES` has it."""
        return {**vars(self), "weights": list(self.weights.items())}


def read_ledger(root: str) -> dict[str, Theme]:
    """The latest row of each theme by its identity, the oldest generation first."""
    latest: dict[str, Theme] = {}
    for row in with_fresh_snapshot(lambda: _rows(root)):
        theme = Theme(**{**row, "weights": dict(row["weights"])})
        known = latest.get(theme.theme_id)
        if known is None or theme.recorded_at > known.recorded_at:
            latest[theme.theme_id] = theme
    return dict(sorted(latest.items(), key=lambda item: (item[1].generation, item[0])))


def _rows(root: str) -> list[dict[str, Any]]:
    table = open_table(root, THEMES)
    files = [] if table is None else live_files(table)
    return [row for file in files for row in read_file(root, THEMES, file).to_pylist()]


def record(root: str, themes: Iterable[Theme], now: datetime) -> None:
    """Append rows to the ledger, all or none."""
    rows = pa.Table.from_pylist([theme.row() for theme in themes], schema=THEMES.schema)
    if rows.num_rows:
        append(root, THEMES, rows, batch_id=uuid.uuid4().hex, written_at=now)


def rename(root: str, prefix: str, name: str, *, now: datetime) -> Theme:
    """Give a theme a name of a person's choice; an empty one takes it back."""
    theme = find(read_ledger(root), prefix)
    return _edit(root, theme, replace(theme, name=name.strip() or None), now)


def merge(root: str, prefix: str, into: str, *, now: datetime) -> tuple[Theme, Theme]:
    """Count a theme under another from now on. Its identity, terms and mentions stay: only readers see them as one."""
    ledger = read_ledger(root)
    theme, target = find(ledger, prefix), find(ledger, into)
    if theme.product != target.product:
        raise UsageError("the two themes are of different products and cannot be one")
    following: Theme | None = target
    while following is not None:
        if following.theme_id == theme.theme_id:
            raise UsageError(f"{target.theme_id[:8]} is merged into {theme.theme_id[:8]} already, or is the same")
        following = ledger.get(following.merged_into or "")
    return _edit(root, theme, replace(theme, merged_into=target.theme_id), now), target


def find(ledger: dict[str, Theme], prefix: str) -> Theme:
    """The theme whose identity starts so; `UsageError` where it is none or several."""
    matches = [theme for key, theme in ledger.items() if prefix and key.startswith(prefix)]
    if len(matches) != 1:
        found = "no theme" if not matches else f"{len(matches)} themes"
        raise UsageError(f"{found} with an identity starting {prefix!r}; `tribometer themes list` shows them")
    return matches[0]


def _edit(root: str, before: Theme, after: Theme, now: datetime) -> Theme:
    edited = replace(after, recorded_at=max(now, before.recorded_at + timedelta(microseconds=1)))
    record(root, [edited], now)
    return edited
