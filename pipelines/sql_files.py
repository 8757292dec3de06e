"""A package's queries as SQL files below `sql/`, and how their rows come back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

Row = dict[str, Any]
"""One row, column name to value."""


@dataclass(frozen=True)
class SqlFiles:
    """The files `sql/<name>.sql` of a package."""

    package: str

    def text(self, name: str) -> str:
        """What a file says."""
        return _text(self.package, name)

    def rows(self, connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Row]:
        """Run a file. Parameters that it does not name are left out."""
        text = _text(self.package, name)
        cursor = connection.execute(text, {key: value for key, value in parameters.items() if f"${key}" in text})
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


@cache
def _text(package: str, name: str) -> str:
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
