"""Queries: the report's SQL files, and how their rows come back."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

Row = dict[str, Any]
"""One row, column name to value."""


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def rows(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Row]:
    """Run `sql/<name>.sql`. Parameters that the file does not name are left out."""
    text = statement(name)
    cursor = connection.execute(text, {key: value for key, value in parameters.items() if f"${key}" in text})
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def hold(connection: duckdb.DuckDBPyConnection, table: str, columns: str, values: list[tuple[Any, ...]]) -> None:
    """Make the temporary table `table` with these rows; `columns` as in CREATE TABLE."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")
    if values:
        marks = ", ".join("?" for _ in values[0])
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
