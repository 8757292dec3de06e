"""The two models of a comparison, as a person names them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from models.scorer import Scorer, load_scorer
from schemas.errors import UsageError

SHOWN: Final = "shown"
"""Stands for the scores that readers see now."""

SHIPPED: Final = "shipped"
"""Stands for the model that came with this program."""


@dataclass(frozen=True)
class Side:
    """One model: `scorer` scores the sample, else the tables have its scores: of `version`, or if None those shown."""

    name: str
    version: str | None = None
    scorer: Scorer | None = None


def find_side(connection: duckdb.DuckDBPyConnection, name: str) -> Side:
    """The model that `name` stands for: `shown`, `shipped`, a version with stored scores, or a folder with a model.

    Raises `UsageError` where it is none of them.
    """
    if name == SHOWN:
        return Side(name)
    if name == SHIPPED:
        return _loaded(name, None)
    versions = [
        str(row[0])
        for row in connection.execute(
            "SELECT DISTINCT model_version FROM scores WHERE model_version IS NOT NULL ORDER BY 1"
        ).fetchall()
    ]
    if name in versions:
        return Side(name, name)
    if Path(name).is_dir():
        return _loaded(name, name)
    raise UsageError(
        f"{name}: is neither a folder with a model nor a model with scores here; there are those of "
        f"{', '.join(versions) or 'no model'}; `{SHOWN}` stands for what readers see, `{SHIPPED}` for the model that "
        "came with Tribometer"
    )


def _loaded(name: str, folder: str | None) -> Side:
    scorer = load_scorer(folder)
    return Side(name, scorer.version, scorer)
